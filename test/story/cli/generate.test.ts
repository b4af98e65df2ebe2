import { createServer, type Server } from 'node:http'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generationSchema } from '../../../src/core/contract/http.ts'
import { createFolder, temporaryFolder } from '../../support/folders.ts'
import { runOutrider, startOutrider, type Program } from '../../support/processes.ts'

const env = { LANG: 'C.UTF-8' }
const targets: Server[] = []
let folder: ReturnType<typeof createFolder>
let server: Program
let url = ''
const arms = { well: '', other: '', broken: '', hangs: '' }

/** Resolves when ten requests wait for an answer that never comes. */
const { promise: allHang, resolve: tellAllHang } = Promise.withResolvers<void>()
let hanging = 0

/** @param status undefined = it never answers */
async function startTarget(status: number | undefined): Promise<string> {
  const target = createServer((_request, response) => {
    if (status !== undefined) return void response.writeHead(status).end('{}')
    hanging += 1
    if (hanging === 10) tellAllHang()
  })
  targets.push(target)
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  const address = target.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  return `http://127.0.0.1:${address.port}`
}

beforeAll(async () => {
  arms.well = await startTarget(200)
  arms.other = await startTarget(200)
  arms.broken = await startTarget(500)
  arms.hangs = await startTarget(undefined)
  folder = createFolder()
  writeFileSync(
    join(folder.path, 'actions.yaml'),
    'version: 1\nactions:\n  home: { request: { path: / } }\n',
  )
  writeFileSync(
    join(folder.path, 'outrider.yaml'),
    `version: 1
targets:
  shop: { baseline: "${arms.well}", canary: "${arms.broken}" }
  other: { baseline: "${arms.other}", canary: "${arms.hangs}" }
server: { listen: "127.0.0.1:0" }
`,
  )
  server = startOutrider(['serve'], { cwd: folder.path, env })
  url = (await server.saw(/http:\/\/127\.0\.0\.1:\d+/))[0]
  const user = { user_id: 'u1', behavioral_patterns: [{ timestamp: 0, action: 'home' }] }
  const inserted = await fetch(`${url}/profiles`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  })
  expect(inserted.status).toBe(201)
})

afterAll(async () => {
  await server.stop()
  for (const target of targets) {
    target.closeAllConnections()
    target.close()
  }
  folder.remove()
})

function generate(line: string, cwd = temporaryFolder()) {
  return runOutrider(['generate', ...line.split(' ')], { cwd, env })
}

describe('outrider generate', () => {
  it('sends in threads of its own, with a ramp, and writes every sample', async () => {
    const cwd = temporaryFolder()
    const load = '--arrivals partly-open --rate 60 --ramp 1s --workers 2 --time-scale 0.5'
    const line = `--target-url ${arms.well} --paths /,/a --duration 2s ${load}`
    const { code, stdout } = await generate(`${line} --samples s.ndjson --json`, cwd)
    const { requests, workers, delivered } = generationSchema
      .omit({ id: true, status: true })
      .parse(JSON.parse(stdout))
    expect([workers, delivered]).toEqual([2, code === 0])
    expect(requests).toBeGreaterThan(10)
    expect(readFileSync(join(cwd, 's.ndjson'), 'utf8').trimEnd().split('\n')).toHaveLength(requests)
  })
  it('stops by itself when the target fails, says so and exits 4', async () => {
    const line = `--target-url ${arms.broken} --paths / --duration 10m --rate 100 --timeout 5s`
    const { code, stdout } = await generate(line)
    expect(stdout).toMatch(/ {2}! the traffic was stopped after [\d.]+ s: half of the requests/)
    expect(stdout).toMatch(/! not delivered {2}/)
    expect(code).toBe(4)
  })
  it('ends within the timeout of what is in flight when it is told to', async () => {
    const line = `--target-url ${arms.hangs} --paths / --duration 10m --timeout 4s`
    const running = startOutrider(['generate', ...line.split(' ')], { cwd: temporaryFolder(), env })
    await allHang
    const stoppedMs = performance.now()
    running.signal('SIGTERM')
    const { code, stdout } = await running.ended
    // Its timeout, a second, and the end of a process on a busy machine.
    expect(performance.now() - stoppedMs).toBeLessThan(4_000 + 1_000 + 1_000)
    expect(stdout).toMatch(/10 requests in/)
    expect(code).toBe(130)
  })
  it.each([
    ['--target-url http://127.0.0.1:9 --paths / --workers 0', '--workers'],
    ['--target-url http://127.0.0.1:9 --paths / --time-scale fast', '--time-scale'],
    ['--target-url http://127.0.0.1:9 --paths / --ramp 3', '--ramp'],
    ['--target-url http://127.0.0.1:9 --paths / --arrivals open', '--arrivals'],
  ])('refuses %s by name', async (line, flag) => {
    const { code, stderr } = await generate(line)
    expect([code, stderr]).toEqual([2, expect.stringContaining(flag)])
  })
})

describe('outrider generate --server', () => {
  const at = (line: string): string => `--server ${url} ${line}`

  it('lets the server send, and shows the same table and exit code', async () => {
    const load = '--duration 1s --concurrency 2 --rate 40 --ramp 0s --profile-id u1'
    const { code, stdout, stderr } = await generate(at(`--target-url ${arms.well} ${load}`))
    expect(stderr).toMatch(/Generation (\w+) runs at http:\/\/127\.0\.0\.1:\d+\/generations\/\1\n/)
    expect(stdout).toMatch(/^ {2}action +requests +failed +p50 +p95 +p99\n {2}home +[1-9]/)
    expect(code).toBe(/✔ delivered/.test(stdout) ? 0 : 4)
  })
  it('ends it there with Ctrl-C, and prints what was sent', async () => {
    const args = `generate --server ${url} --target-url ${arms.other} --duration 10m --rate 20`
    const running = startOutrider(args.split(' '), { cwd: temporaryFolder(), env })
    const [, id = ''] = await running.saw(/Generation (\w+) runs at/)
    const described = async () =>
      generationSchema.parse(await (await fetch(`${url}/generations/${id}`)).json())
    // Not at once again: the server has a limit for requests, too.
    await expect
      .poll(async () => (await described()).requests, { interval: 200, timeout: 20_000 })
      .toBeGreaterThan(0)
    running.signal('SIGINT')
    const { code, stdout } = await running.ended
    expect(stdout).toMatch(/[1-9]\d* requests in/)
    expect(code).toBe(130)
    expect(await described()).toMatchObject({ status: 'done' })
    const again = await fetch(`${url}/generations/${id}/stop`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect([again.status, await again.json()]).toMatchObject([409, { code: 'generation-ended' }])
  })
  it('sends only to what the server has configured, by the ontology it has', async () => {
    const far = await generate(at('--target-url http://127.0.0.1:9'))
    expect([far.code, far.stderr]).toEqual([2, expect.stringMatching(/--target-url/)])
    for (const flag of ['--paths /', '--population shop', '--workers 2', '--samples s.ndjson']) {
      const { code, stderr } = await generate(at(`--target-url ${arms.well} ${flag}`))
      expect(stderr).toContain(`${flag.split(' ')[0]} cannot be given with --server`)
      expect(code).toBe(2)
    }
  })
})
