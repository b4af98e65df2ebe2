import { afterEach, describe, expect, it } from 'vitest'
import { existsSync } from 'node:fs'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createEmbeddedAdapter } from '../../src/allocator/routers/embedded.ts'
import { createHaproxyAdapter } from '../../src/allocator/routers/haproxy.ts'
import { createRouter, type Router } from '../../src/allocator/routers/router.ts'
import { observeSplit } from '../../src/allocator/verify.ts'
import type { HaproxySettings } from '../../src/core/contract/routers.ts'
import { systemClock } from '../../src/generator/system-clock.ts'
import { describeRouter } from '../contract/router.suite.ts'
import { createUsers, serveTwoArms, userNames, type TwoArms } from '../contract/users.ts'
import { startHaproxy, type Haproxy, type HaproxyOptions } from '../support/haproxy.ts'
import { skipReason } from '../support/parts.ts'
import { runOutrider } from '../support/processes.ts'

const reason = skipReason('haproxy')

function haproxyRouter(settings: HaproxySettings): Router {
  return createRouter('edge', createHaproxyAdapter('edge', settings), systemClock)
}

describeRouter('the embedded proxy', async () => {
  const arms = await serveTwoArms()
  const adapter = createEmbeddedAdapter({
    name: 'local',
    settings: {
      kind: 'embedded',
      listen: '127.0.0.1:0',
      target: 'shop',
      user_key: { cookie: 'uid' },
    },
    clock: systemClock,
    baseline: { url: arms.baseline.url },
    canary: { url: arms.canary.url },
  })
  const router = createRouter('local', adapter, systemClock)
  await router.open()
  const users = createUsers(router.url() ?? '')
  return {
    router,
    users,
    close: async () => {
      users.close()
      await router.close()
      await arms.close()
    },
  }
})

describeRouter(
  'a real HAProxy',
  async () => {
    const arms = await serveTwoArms()
    const haproxy = await startHaproxy({
      baselinePort: arms.baseline.port,
      canaryPort: arms.canary.port,
    })
    const users = createUsers(haproxy.url)
    return {
      router: haproxyRouter(haproxy.settings),
      users,
      close: async () => {
        users.close()
        await haproxy.stop()
        await arms.close()
      },
    }
  },
  reason,
)

describe.skipIf(reason !== undefined)(`a real HAProxy in trouble ${reason ?? ''}`, () => {
  const running: (Haproxy | TwoArms)[] = []
  afterEach(async () => {
    for (const part of running.splice(0).toReversed()) {
      await ('stop' in part ? part.stop() : part.close())
    }
  })

  async function start(
    edit?: HaproxyOptions['edit'],
  ): Promise<{ haproxy: Haproxy; arms: TwoArms }> {
    const arms = await serveTwoArms()
    running.push(arms)
    const haproxy = await startHaproxy({
      baselinePort: arms.baseline.port,
      canaryPort: arms.canary.port,
      ...(edit === undefined ? {} : { edit }),
    })
    running.push(haproxy)
    return { haproxy, arms }
  }

  it('a map that the frontend does not use is named before anything is moved', async () => {
    const { haproxy } = await start((text) =>
      text.replace(/str\(canary\),map_str_int\([^)]*\)/, 'int(0)'),
    )
    const router = haproxyRouter(haproxy.settings)
    const failing = router.set(500)
    await expect(failing).rejects.toMatchObject({ code: 'map-not-loaded' })
    const errors = (await router.preflight()).filter(({ level }) => level === 'error')
    expect(errors).toMatchObject([{ code: 'map-not-loaded' }])
    expect(errors[0]?.mend).toContain('examples/haproxy/haproxy.cfg')
  })

  it('a wrong path of the map, key or backend is named with what is there', async () => {
    const { haproxy } = await start()
    const { settings } = haproxy
    const errorsOf = async (wrong: Partial<HaproxySettings>): Promise<unknown> => {
      const findings = await haproxyRouter({ ...settings, ...wrong }).preflight()
      return findings.filter(({ level }) => level === 'error')
    }
    expect(await errorsOf({ map: settings.map.replace('weights', 'weight') })).toMatchObject([
      { code: 'map-not-loaded', mend: expect.stringContaining(`did you mean "${settings.map}"?`) },
    ])
    expect(await errorsOf({ key: 'canray' })).toMatchObject([{ code: 'map-key-missing' }])
    const backends = { baseline: 'be_baseline', canary: 'be_cnary' }
    expect(await errorsOf({ backends })).toMatchObject([
      { code: 'unknown-backend', mend: 'did you mean "be_canary"?' },
    ])
  })

  it('a canary that is down has a weight and no effect, and the check says so', async () => {
    const { haproxy, arms } = await start((text) =>
      text.replace(/(canary1 .*) check/, '$1 check inter 50 fall 1'),
    )
    const router = haproxyRouter(haproxy.settings)
    await router.set(5000)
    await arms.canary.close()
    await expect
      .poll(() => router.read(), { timeout: 5000 })
      .toMatchObject({
        configuredBp: 5000,
        effectiveBp: 0,
      })
    const findings = await router.preflight()
    expect(findings.filter(({ level }) => level === 'warning')).toMatchObject([
      { code: 'canary-down' },
    ])
  })

  it('a restart loses the weight, changes the incarnation, and makes counts incomparable', async () => {
    const { haproxy } = await start()
    const router = haproxyRouter(haproxy.settings)
    const users = createUsers(haproxy.url)
    const before = await router.set(5000)
    const counts = await router.counts()
    await users.sendAll(userNames(20))
    users.close()
    await haproxy.restart()
    const after = await router.read()
    expect(after).toMatchObject({ kind: 'read', configuredBp: 0 })
    expect(after).not.toMatchObject({ incarnation: before.incarnation })
    expect(observeSplit(counts, await router.counts(), 5000)).toMatchObject({
      kind: 'unknown',
      code: 'router-restarted',
    })
  })

  it('sees what someone else wrote, and refuses what is no weight', async () => {
    const { haproxy } = await start()
    const { settings } = haproxy
    const router = haproxyRouter(settings)
    await router.set(500)
    await tell(settings.socket, `set map ${settings.map} canary 700`)
    expect(await router.read()).toMatchObject({ configuredBp: 700 })
    await expect(router.set(600, { expectBp: 500 })).rejects.toMatchObject({
      code: 'router-conflict',
    })
    await tell(settings.socket, `set map ${settings.map} canary 70000`)
    expect(await router.read()).toMatchObject({
      kind: 'unreachable',
      error: { code: 'map-value-wrong' },
    })
    expect(await router.abort()).toMatchObject({ configuredBp: 0 })
  })

  it('warns of a file that a restart would begin with', async () => {
    const { haproxy } = await start()
    await writeFile(haproxy.settings.map, '# weights\ncanary 2500\n')
    const findings = await haproxyRouter(haproxy.settings).preflight()
    expect(findings.filter(({ level }) => level !== 'ok')).toMatchObject([
      { level: 'warning', code: 'map-file-weight', mend: 'write "canary 0" into it' },
    ])
  })

  it('is moved and read by hand, and not raised while its canary is down', async () => {
    const { haproxy, arms } = await start((text) =>
      text.replace(/(canary1 .*) check/, '$1 check inter 50 fall 1'),
    )
    const router = `  edge: ${JSON.stringify(haproxy.settings)}`
    await writeFile(join(haproxy.folder, 'outrider.yaml'), `version: 1\nrouters:\n${router}\n`)
    const outrider = (...args: string[]): ReturnType<typeof runOutrider> =>
      runOutrider(['router', ...args], { cwd: haproxy.folder, env: { LANG: 'C.UTF-8' } })
    expect(await outrider('set', 'edge', '5%')).toMatchObject({
      code: 0,
      stdout: 'edge: canary 5 %, was 0 %; read back\n',
    })
    expect((await outrider('get', 'edge')).stdout).toMatch(
      /^edge: canary 5 %\n {2}baseline \d+ req/,
    )
    const { stdout } = await outrider('get', 'edge', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ reading: { configuredBp: 500, effectiveBp: 500 } })
    expect(existsSync(join(haproxy.folder, '.outrider'))).toBe(false)
    await arms.canary.close()
    await expect
      .poll(() => haproxyRouter(haproxy.settings).read(), { timeout: 5000 })
      .toMatchObject({ effectiveBp: 0 })
    const raised = await outrider('set', 'edge', '10%')
    expect([raised.code, raised.stderr]).toEqual([2, expect.stringContaining('be_canary is DOWN')])
    expect((await outrider('set', 'edge', '1%')).code).toBe(0)
  })

  it('says so where this user may not open the socket', async () => {
    const { haproxy } = await start()
    const isRoot = process.getuid?.() === 0
    const router = haproxyRouter(haproxy.settings)
    // For root nothing is forbidden, so root asks as "nobody".
    if (isRoot) process.seteuid?.(65_534)
    else await chmod(haproxy.settings.socket, 0)
    try {
      expect(await router.read()).toMatchObject({ error: { code: 'router-denied' } })
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  it('is unreachable, in words, when its socket is gone', async () => {
    const { haproxy } = await start()
    const router = haproxyRouter(haproxy.settings)
    await rm(haproxy.settings.socket)
    const reading = await router.read()
    expect(reading).toMatchObject({ kind: 'unreachable', error: { code: 'router-unreachable' } })
    await expect(router.set(500)).rejects.toThrow('there is no such socket')
  })
})

/** One command, as an operator with socat would send it. */
function tell(socket: string, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = connect({ path: socket })
    connection.once('error', reject)
    connection.once('close', () => resolve())
    connection.resume()
    connection.write(`${command}\n`)
  })
}
