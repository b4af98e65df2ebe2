import { afterEach, describe, expect, it } from 'vitest'
import { join } from 'node:path'
import { reportSchema, type Report } from '../../src/core/contract/report.ts'
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

/** Answers after 5 ms, and from its 900th request on as told. */
function changing(late: Listener): Listener {
  let requests = 0
  return (request, response) => {
    requests += 1
    if (requests > 900) return late(request, response)
    return setTimeout(() => response.end('fine'), 5)
  }
}

async function probe(canary: string): Promise<Report> {
  const folder = temporaryFolder()
  const baseline = await start((_request, response) => setTimeout(() => response.end('fine'), 5))
  const flags =
    '--paths /a,/b --phases load --warmup 5s --duration 90s --rate 60 --timeout 2s --json'
  const args = ['probe', '--baseline', baseline, '--canary', canary, ...flags.split(' ')]
  const { stdout } = await runOutrider([...args, '--samples', 's.ndjson'], { cwd: folder })
  const report = reportSchema.parse(JSON.parse(stdout))
  const again = await runOutrider(['analyze', join(folder, 's.ndjson'), '--json'], { cwd: folder })
  const replayed = reportSchema.parse(JSON.parse(again.stdout))
  expect(replayed.verdict).toBe(report.verdict)
  expect(replayed.findings).toEqual(report.findings)
  return report
}

describe('a canary that changes in the middle of a run', () => {
  it('is found when it becomes twenty times slower', async () => {
    const slow: Listener = (_request, response) => setTimeout(() => response.end('fine'), 100)
    const report = await probe(await start(changing(slow)))
    expect(report.verdict, report.summary).toBe('regressed')
    // The run ends with the first name, and the whole latency and its tail are equally sure.
    expect(report.findings[0]?.metric).toMatch(/^latency_/)
    expect(report.findings[0]?.rule).toBe('evidence')
    // 900 requests at 60/s are 15 s, of which 5 are warm-up.
    expect(report.findings[0]?.onset).toBeGreaterThan(5)
  })

  it('is found when it hangs', async () => {
    const report = await probe(await start(changing(() => undefined)))
    expect(report.verdict, report.summary).toBe('regressed')
  })
})
