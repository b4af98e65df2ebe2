import { createServer, type Server } from 'node:http'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportSchema } from '../../src/core/contract/report.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider, startOutrider } from '../support/processes.ts'

const env = { LANG: 'C.UTF-8' }
const servers: Server[] = []
const arms: Record<'well' | 'broken', string> = { well: '', broken: '' }

/** @param stallsAfter answers so many requests, then none any more */
async function serve(isBroken: boolean, stallsAfter = Infinity): Promise<string> {
  let answers = 0
  const server = createServer((request, response) => {
    answers += 1
    if (answers > stallsAfter) return
    if (isBroken) response.statusCode = 500
    else if (request.url === '/gone') response.statusCode = 404
    response.end(`{"path":"${request.url}","auth":"${request.headers.authorization ?? ''}"}`)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  return `http://127.0.0.1:${address.port}`
}

beforeAll(async () => {
  arms.well = await serve(false)
  arms.broken = await serve(true)
})
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

const EXIT_OF = { healthy: 0, regressed: 1, inconclusive: 3, invalid: 4 } as const

// A canary that always fails is called critical, however busy the machine that runs the tests is.
describe('outrider probe', () => {
  const short = ['--paths', '/', '--phases', 'load', '--warmup', '2s', '--duration', '8s']

  it('with --json prints one report on stdout and all else on stderr', async () => {
    const args = ['probe', '--baseline', arms.well, '--canary', arms.broken, ...short, '--json']
    const { code, stdout, stderr } = await runOutrider(args, { cwd: temporaryFolder(), env })
    const report = reportSchema.parse(JSON.parse(stdout))
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(EXIT_OF[report.verdict])
    expect(report.verdict, report.summary).toBe('regressed')
    expect(stderr).toMatch(/^\d\d:\d\d:\d\d p1 warm-up: /)
    expect(stderr).toMatch(/✖ regressed {2}\S/)
  })

  it('ends its table with the sentence, and keeps every sample where it was asked to', async () => {
    const cwd = temporaryFolder()
    const args = ['probe', '--baseline', arms.well, '--canary', arms.broken, ...short]
    const { code, stdout } = await runOutrider([...args, '--samples', 's.ndjson'], { cwd, env })
    expect(code, stdout).toBe(1)
    expect(stdout).toMatch(/^ {2}verdict +action +canary ÷ baseline +pairs {2}why\n/)
    expect(stdout).toMatch(/\n✖ regressed {2}\S/)
    expect(readFileSync(join(cwd, 's.ndjson'), 'utf8')).toMatch(/^\{"kind":"run"/)
  })

  it('ends with a partial report at the first Ctrl-C', async () => {
    const args = ['probe', '--baseline', arms.well, '--canary', arms.well, '--paths', '/', '--json']
    const running = startOutrider(args, { cwd: temporaryFolder(), env })
    await running.saw(/p1 warm-up: /)
    running.signal('SIGINT')
    const { code, stdout, stderr } = await running.ended
    expect(stderr).toContain('Ctrl-C again ends at once')
    expect(reportSchema.parse(JSON.parse(stdout)).verdict).not.toBe('healthy')
    expect(code).toBe(130)
  })
})

describe('outrider probe with a canary that stalls', () => {
  it('ends at once at the second Ctrl-C', async () => {
    const stalling = await serve(false, 40)
    const args = ['probe', '--baseline', arms.well, '--canary', stalling, '--paths', '/']
    const flags = ['--timeout', '60s', '--concurrency', '5']
    const running = startOutrider([...args, ...flags], { cwd: temporaryFolder(), env })
    await running.saw(/p1 warm-up: /)
    running.signal('SIGINT')
    await running.saw(/Ctrl-C again ends at once/)
    running.signal('SIGINT')
    expect((await running.ended).code).toBe(130)
  })
})

describe('outrider generate', () => {
  it('sums up what came back: exit 0 when it was delivered', async () => {
    const args = [
      'generate',
      '--target-url',
      arms.well,
      '--paths',
      '/,/a,/gone',
      '--duration',
      '1s',
    ]
    const cwd = temporaryFolder()
    const { code, stdout } = await runOutrider([...args, '--concurrency', '2'], { cwd, env })
    expect(stdout).toMatch(/^ {2}action +requests +failed +p50 +p95 +p99\n/)
    expect(stdout).toMatch(/\n✔ delivered {2}[\d ]+ requests in 1 s, [1-9][\d ]* failed/)
    expect(code).toBe(0)
  })

  it('needs an address', async () => {
    const { code, stderr } = await runOutrider(['generate'], { cwd: temporaryFolder(), env })
    expect([code, stderr]).toEqual([2, expect.stringContaining('--target-url is missing')])
  })
})

const ACTIONS = `version: 1
actions:
  home: { request: { path: /, headers: { authorization: "Bearer {{secret.SHOP}}" } }, capture: { p: { json: "$.path" } } }
  gone: { request: { path: /gone } }
  next: { request: { path: "/next", query: { from: "{{captured.p}}" } } }
  item: { request: { path: "/items/{{data.sku}}" } }
  order: { kind: create, shared_state: ok, request: { method: POST, path: /orders } }
`

describe('outrider actions check', () => {
  it('names file and line of a fault', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.yaml'), 'version: 1\nactions:\n  home:\n    requst: { path: / }\n')
    const { code, stderr } = await runOutrider(['actions', 'check', 'a.yaml'], { cwd, env })
    expect(stderr).toContain('a.yaml:')
    expect(stderr).toContain('Did you mean "request"?')
    expect(code).toBe(2)
  })

  it('with --try shows each exchange, never a secret, and never sends what mutates', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.yaml'), ACTIONS)
    const { code, stdout } = await runOutrider(
      ['actions', 'check', 'a.yaml', '--try', '--target', arms.well],
      { cwd, env: { ...env, OUTRIDER_SECRET_SHOP: 'hunter2' } },
    )
    expect(stdout).toContain('> authorization: Bearer {{secret.SHOP}}')
    expect(stdout).not.toContain('hunter2')
    expect(stdout).toContain('> GET /next?from=%2F')
    expect(stdout).toContain('item  not sent: data.sku has no value')
    expect(stdout).toContain('order  not sent: it changes data')
    expect(stdout).toContain('gone  ✖ http_error: status 404')
    expect(stdout).toMatch(/✖ a\.yaml: 5 actions, .*1 of 3 tried did not answer as expected\n$/)
    expect(code).toBe(4)
  })
})

describe('outrider profiles', () => {
  it('imports, lists and draws users, and says what is wrong where', async () => {
    const cwd = temporaryFolder()
    const profiles = (...args: string[]): ReturnType<typeof runOutrider> =>
      runOutrider(['profiles', ...args], { cwd, env })
    const user = '{"user_id":"u1","behavioral_patterns":[{"timestamp":0,"action":"home"}]}'
    writeFileSync(join(cwd, 'good.ndjson'), `${user}\n`)
    writeFileSync(join(cwd, 'bad.ndjson'), `${user.replace('u1', 'u2')}\n{"user_id":"u3"}\n`)
    expect(await profiles('import', 'bad.ndjson', '--format', 'profiles')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('bad.ndjson:2'),
    })
    expect((await profiles('list')).stdout).toBe('')
    expect(await profiles('import', 'good.ndjson', '--format', 'profiles')).toMatchObject({
      code: 0,
      stdout: '1 profiles imported\n',
    })
    const drawn = await profiles('synthesize', '--population', 'shop', '--count', '9', '--json')
    expect(JSON.parse(drawn.stdout)).toEqual({ population: 'shop', profiles: 9, total: 10 })
    const listed = (await profiles('list', '--criteria', '{"user_id":"u1"}')).stdout
    expect(JSON.parse(listed)).toMatchObject({ user_id: 'u1', source: expect.any(String) })
    expect((await profiles('list')).stdout.trim().split('\n')).toHaveLength(10)
  })
})

describe('outrider serve', () => {
  it('says where it listens, answers there, and ends with Ctrl-C', async () => {
    const args = ['serve', '--listen', '127.0.0.1:0']
    const running = startOutrider(args, { cwd: temporaryFolder(), env })
    const [, url] = await running.saw(/Listening on (http:\S+)/)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    running.signal('SIGINT')
    expect((await running.ended).code).toBe(0)
  })
})
