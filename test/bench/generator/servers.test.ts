import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RESULTS } from '../../../bench/generator/clients/results.ts'
import { measuredRun, takeNoisyRuns } from '../../../bench/generator/machine/run.ts'
import { startDelay, type Server } from '../../../bench/generator/servers/start.ts'

describe('the delay server', () => {
  let server: Server
  beforeAll(async () => {
    server = await startDelay()
    takeNoisyRuns()
  })
  afterAll(() => server.stop())

  async function delayMs(): Promise<number> {
    const startedMs = performance.now()
    const response = await fetch(`${server.url}/plain`)
    await response.text()
    const said = Number(response.headers.get('x-delay-ms'))
    expect(said).toBeLessThanOrEqual(performance.now() - startedMs)
    return said
  }

  it('says of each answer how long it really took, and in sum', async () => {
    await (await fetch(`${server.url}/begin?mode=fixed`)).text()
    const said = [await delayMs(), await delayMs(), await delayMs()]
    expect(Math.min(...said)).toBeGreaterThan(4.9)
    const truth = RESULTS.truth.parse(await (await fetch(`${server.url}/truth`)).json())
    expect(truth.count).toBe(3)
    expect(truth.meanMs).toBeCloseTo(said.reduce((sum, ms) => sum + ms, 0) / 3, 1)
  })
  it('answers nothing in the last tenth of a period', async () => {
    await (await fetch(`${server.url}/begin?mode=stall&period=300`)).text()
    const asked: Promise<number>[] = []
    for (let turn = 0; turn < 40; turn += 1) {
      asked.push(delayMs())
      await new Promise((resolve) => {
        setTimeout(resolve, 8)
      })
    }
    const said = await Promise.all(asked)
    expect(Math.max(...said)).toBeGreaterThan(15)
  })
  it('measuredRun() adds up the CPU of the whole process tree', async () => {
    const busy =
      'let n = 0; const end = performance.now() + 150; while (performance.now() < end) n += 1'
    const program = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(busy)}])`
    const options = { serverPid: server.pid, timeoutMs: 20_000 }
    const run = await measuredRun(
      [process.execPath, '-e', `${program}; console.log('done')`],
      options,
    )
    expect(run.stdout).toBe('done\n')
    expect(run.cpuMicros).toBeGreaterThan(40_000)
    await expect(measuredRun([process.execPath, '-e', 'process.exit(3)'], options)).rejects.toThrow(
      'ended with 3',
    )
  })
})
