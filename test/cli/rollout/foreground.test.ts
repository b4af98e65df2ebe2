import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { rolloutListSchema, rolloutSchema } from '../../../src/core/contract/rollout.ts'
import { serveHttp, type ArmServer } from '../../generator/arm-server.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { findFreePort } from '../../support/ports.ts'
import { runOutrider, startOutrider, type Ended, type Program } from '../../support/processes.ts'

const env = { LANG: 'C.UTF-8' }
const arms: ArmServer[] = []
afterEach(async () => {
  for (const arm of arms.splice(0)) await arm.close()
})

/** Two arms that are one server, a router of our own, one user, and a rollout without a gate. */
async function folder(): Promise<string> {
  const arm = await serveHttp((_request, response) => response.end('served'))
  arms.push(arm)
  const cwd = temporaryFolder()
  const port = await findFreePort()
  writeFileSync(
    join(cwd, 'outrider.yaml'),
    `version: 1
targets: { shop: { baseline: "${arm.url}", canary: "${arm.url}" } }
routers: { local: { kind: embedded, listen: "127.0.0.1:${port}", target: shop } }
policy: { gate: { need: none } }
`,
  )
  writeFileSync(
    join(cwd, 'actions.yaml'),
    'version: 1\nactions:\n  home: { request: { path: / } }\n',
  )
  const user = { user_id: 'u1', behavioral_patterns: [{ timestamp: 0, action: 'home' }] }
  writeFileSync(join(cwd, 'users.ndjson'), `${JSON.stringify(user)}\n`)
  const imported = ['profiles', 'import', 'users.ndjson', '--format', 'profiles']
  expect(await runOutrider(imported, { cwd, env })).toMatchObject({ code: 0 })
  return cwd
}

function rollout(cwd: string, ...args: string[]): Promise<Ended> {
  return runOutrider(['rollout', ...args], { cwd, env })
}

function start(cwd: string): Program {
  const args = ['rollout', 'start', 'shop 1', '--target', 'shop', '--router', 'local']
  return startOutrider(args, { cwd, env })
}

describe('outrider rollout, with real processes', () => {
  it('refuses what is not configured before anything is written down: exit 2', async () => {
    const cwd = await folder()
    const target = await rollout(cwd, 'start', 'a', '--target', 'shpo', '--router', 'local')
    expect(target.stderr).toMatch(/^error: .*shpo/)
    const router = await rollout(cwd, 'start', 'a', '--target', 'shop', '--router', 'lokal')
    expect(router.stderr).toMatch(/^error: .*lokal/)
    expect([target.code, router.code]).toEqual([2, 2])
    expect((await rollout(cwd, 'list')).stdout).toMatch(/^No rollouts yet/)
  })

  it('Ctrl-C holds the weight, serve takes it up and lets go of it, abort ends it', async () => {
    const cwd = await folder()
    const running = start(cwd)
    await running.saw(/r1 ramping {4}5 % {2}↗/)
    const elsewhere = await rollout(cwd, 'start', 'b', '--target', 'shop', '--router', 'local')
    expect(elsewhere.stderr).toMatch(/^error: /)
    running.signal('SIGINT')
    const ended = await running.ended
    expect(ended.stdout).toContain('  resume    outrider rollout resume r1\n')
    expect(ended.stdout).toMatch(/! paused {2}at 5 %: paused by .*: "Ctrl-C"\n$/)
    expect([ended.code, elsewhere.code]).toEqual([5, 2])

    const listed = JSON.parse((await rollout(cwd, 'list', '--json')).stdout)
    const [outline] = rolloutListSchema.parse(listed).rollouts
    expect(outline).toMatchObject({ id: 'r1', state: 'paused', intendedBp: 500, controlled: false })

    const server = startOutrider(['serve', '--listen', '127.0.0.1:0'], { cwd, env })
    await server.saw(/Took up rollout r1: Paused at 5 %/)
    server.signal('SIGTERM')
    expect((await server.ended).code).toBe(0)
    const status = await rollout(cwd, 'status', 'r1', '--json')
    expect(rolloutSchema.parse(JSON.parse(status.stdout))).toMatchObject({
      state: 'paused',
      intendedBp: 500,
    })

    const aborted = await rollout(cwd, 'abort', 'r1', '--reason', 'enough')
    expect(aborted.stdout).toMatch(/- aborted {2}aborted by .*: "enough"\n$/)
    expect(aborted.code).toBe(0)
    const again = await rollout(cwd, 'abort', 'r1')
    expect(again.stderr).toMatch(/^error: /)
    expect(again.code).toBe(2)
  }, 60_000)
})
