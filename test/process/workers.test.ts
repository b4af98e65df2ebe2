import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { reportSchema, type Report } from '../../src/core/contract/report.ts'
import { toSampleLine, type Sample } from '../../src/core/contract/sample.ts'
import { serveHttp, type ArmServer, type Listener } from '../generator/arm-server.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider } from '../support/processes.ts'

const servers: ArmServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function start(listener: Listener): Promise<string> {
  const server = await serveHttp(listener)
  servers.push(server)
  return server.url
}

interface Ran {
  readonly report: Report
  readonly samples: Sample[]
  /** What `analyze` says of them. */
  readonly again: Report
}

async function probe(canary: Listener, flags: string): Promise<Ran> {
  const folder = temporaryFolder()
  const fine: Listener = (_request, response) => setTimeout(() => response.end('fine'), 4)
  const arms = ['--baseline', await start(fine), '--canary', await start(canary)]
  const { stdout } = await runOutrider(
    ['probe', ...arms, ...flags.split(' '), '--json', '--samples', 's.ndjson'],
    { cwd: folder },
  )
  const again = await runOutrider(['analyze', 's.ndjson', '--json'], { cwd: folder })
  const samples = readFileSync(join(folder, 's.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => toSampleLine(JSON.parse(line)))
    .flatMap((line) => (line.kind === 'request' ? [line.sample] : []))
  return {
    report: reportSchema.parse(JSON.parse(stdout)),
    again: reportSchema.parse(JSON.parse(again.stdout)),
    samples,
  }
}

describe('a probe with several generator threads', () => {
  it('judges the merged blocks, and a replay of its samples says the same', async () => {
    const flags =
      '--paths /a,/b --workers 3 --rate 120 --warmup 4s --duration 40s --min-duration 5s'
    const { report, again, samples } = await probe((request, response) => {
      setTimeout(() => response.end('fine'), request.url === '/b' ? 12 : 4)
    }, flags)
    expect(report.verdict, report.summary).toBe('regressed')
    expect(report.findings.map(({ action }) => action)).toContain(actionOf(samples, report))
    expect(again.verdict).toBe(report.verdict)
    expect(again.findings).toEqual(report.findings)
    expect(again.actions).toEqual(report.actions)
    expect(again.phases).toEqual(report.phases)
  })

  it('plays each session in one thread, and all of them without a gap', async () => {
    const flags = '--paths /a,/b --workers 2 --rate 100 --phases load --warmup 2s --duration 8s'
    const { report, samples } = await probe((_request, response) => {
      setTimeout(() => response.end('fine'), 4)
    }, flags)
    const numbers = new Set(samples.map(({ session = '' }) => Number(session.slice(1))))
    const most = Math.max(...numbers)
    // Threads differ in how far they came, by a few sessions of those that are open at the end.
    expect(numbers.size).toBeGreaterThan(0.8 * most)
    const firsts = samples.filter(({ repeat }) => repeat !== true)
    const pairs = Map.groupBy(firsts, ({ pair = '' }) => pair)
    expect([...pairs.values()].every((twins) => twins.length === 2)).toBe(true)
    const { second } = report.generator
    expect(second?.pairs).toBeGreaterThan(200)
    expect(second?.ratio).toBeGreaterThan(0.9)
    expect(second?.ratio).toBeLessThan(1.5)
    const blocks = new Set(samples.flatMap(({ block }) => block ?? []))
    expect(blocks.size).toBeGreaterThan(5)
  })

  it('stops all of them when one sees that an arm fails altogether', async () => {
    const flags = '--paths /a --workers 2 --rate 100 --phases load --warmup 2s --duration 60s'
    const { report } = await probe((_request, response) => {
      response.statusCode = 500
      response.end()
    }, flags)
    expect(report.verdict, report.summary).toBe('regressed')
    expect(report.findings[0]?.rule).toBe('critical')
    expect(report.seconds).toBeLessThan(30)
  })
})

/** The action of /b, which is slow, by its samples: the slowest in the canary. */
function actionOf(samples: readonly Sample[], report: Report): string {
  const medians = report.actions
    .filter(({ action }) => action !== '*')
    .map(({ action }) => {
      const own = samples.filter((one) => one.action === action && one.arm === 'canary')
      const sorted = own.map(({ latencyMs }) => latencyMs).toSorted((left, right) => left - right)
      return { action, median: sorted[Math.floor(sorted.length / 2)] ?? 0 }
    })
  return medians.toSorted((left, right) => right.median - left.median)[0]?.action ?? ''
}
