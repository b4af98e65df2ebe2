import { readdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../profiles-db/open.ts'
import { listRuns } from '../../profiles-db/runs.ts'
import { reportSchema } from '../../src/core/contract/report.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider, startOutrider } from '../support/processes.ts'

const env = { LANG: 'C.UTF-8' }
const EXIT_OF = { healthy: 0, regressed: 1, inconclusive: 3, invalid: 4 } as const
let server: Server
let baseline = ''
let served = 0

beforeAll(async () => {
  server = createServer((_, response) => {
    served += 1
    // Slow beside what a busy machine adds, so that the generator is never the bottleneck.
    setTimeout(() => response.end('{"ok":true}'), 60)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  baseline = `http://127.0.0.1:${address.port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('outrider-samples-'))
}

describe('outrider probe --aa', () => {
  const line = (): string[] => ['probe', '--aa', '--baseline', baseline, '--paths', '/']

  it('sends both twins to the baseline and is stored under its name', async () => {
    const before = leftovers()
    const cwd = temporaryFolder()
    const flags = ['--rate', '20', '--warmup', '2s', '--duration', '24s', '--json']
    const { code, stdout, stderr } = await runOutrider(
      [...line(), ...flags, '--self-test', 'errors=60pp'],
      { cwd, env },
    )
    const report = reportSchema.parse(JSON.parse(stdout))
    expect(code, stderr).toBe(EXIT_OF[report.verdict])
    // The end may cut off a few on their way; both arms and second answers are of one server.
    expect(served).toBeGreaterThanOrEqual(report.requests)
    expect(report.arms.canary?.requests).toBeGreaterThan(100)
    expect(report.phases.map(({ name }) => name)).toEqual(['load'])
    expect(report.verdict).not.toBe('regressed')
    if (report.verdict !== 'invalid') {
      expect(report.aa).toBeDefined()
      expect(report.selfTest?.map(({ found }) => found)).toEqual([true, true])
      expect(stderr).toContain('self-test 1 of 2: home +60 pp errors')
    }
    const database = openDatabase(join(cwd, '.outrider/outrider.db'))
    const [run] = listRuns(database, { limit: 1 }).runs
    database.close()
    expect(run?.name).toBe(`${new URL(baseline).host} against itself`)
    expect(run?.report).toEqual(report)
    expect(leftovers()).toEqual(before)
  })

  it('leaves out the self-test, and nothing behind, at the first Ctrl-C', async () => {
    const before = leftovers()
    const flags = ['--self-test', 'errors=60pp', '--json']
    const running = startOutrider([...line(), ...flags], { cwd: temporaryFolder(), env })
    await running.saw(/p1 warm-up: /)
    running.signal('SIGINT')
    const { code, stdout } = await running.ended
    expect(code).toBe(130)
    expect(reportSchema.parse(JSON.parse(stdout)).selfTest).toBeUndefined()
    expect(leftovers()).toEqual(before)
  })
})
