/** Capacity of servers that can do so much and no more, and of servers that give way. */

import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { ontologyOfPaths } from '../../src/actions/paths.ts'
import { reportSchema } from '../../src/core/contract/report.ts'
import { systemClock } from '../../src/generator/system-clock.ts'
import { measureCapacity, type Outcome } from '../../src/probe/capacity/measurement.ts'
import { createMix } from '../../src/probe/capacity/mix.ts'
import { serve, slotted } from '../generator/capacity/servers.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider, startOutrider } from '../support/processes.ts'

/** With real threads against real servers, without the comparison before it. */
async function measure(
  baseline: RequestListener,
  canary: RequestListener,
  seconds: number,
): Promise<Outcome> {
  const { ontology, profile } = ontologyOfPaths(['/', '/a?q=1'])
  const arms = [
    { arm: 'baseline', url: await serve(baseline) },
    { arm: 'canary', url: await serve(canary) },
  ] as const
  return await measureCapacity({
    mix: createMix({ ontology, profiles: [profile], arms, secrets: {}, seed: 1 }),
    limits: () => ({ p95Ms: 150 }),
    seconds,
    timeoutMs: 1000,
    clock: systemClock,
    seed: 1,
    signal: new AbortController().signal,
  })
}

/** What a busy machine and the search add is more than the rounds can show. */
const BESIDE = 1.1

/** The ratio is right, or there is none and the reasons say why: a machine may be too busy to tell. */
function expectRatio({ capacity, reasons }: Outcome, truth: number): void {
  const said = reasons.map(({ message }) => message).join('; ')
  if (capacity?.ratio === undefined) {
    expect(said).toMatch(/no ratio|at least its rate|does not hold/)
    return
  }
  const { low = 0, high = 0 } = capacity.ratio
  expect(low, said).toBeLessThan(truth * BESIDE)
  expect(high, said).toBeGreaterThan(truth / BESIDE)
  expect(high / low, said).toBeLessThan(1.5 ** 2)
}

describe('measureCapacity()', () => {
  it('gives way to a server that hangs', async () => {
    const { capacity, reasons } = await measure(() => {}, slotted(2, 40), 10)
    expect(capacity).toBeUndefined()
    expect(reasons.map(({ message }) => message)).toEqual([
      'the baseline did not answer while its unloaded latency was measured',
    ])
  })

  it('finds half in half of the slots, one in equal ones, and the level before failures', async () => {
    const failing = failingAbove(5)
    // Side by side: these servers only wait, and the machine is idle most of the time.
    const [half, equal, failed] = await Promise.all([
      measure(slotted(4, 40), slotted(2, 40), 24),
      measure(slotted(3, 40), slotted(3, 40), 24),
      measure(slotted(2, 40), failing.listener, 24),
    ])
    expect(half.capacity?.arms.baseline?.requestsPerSecond).toBeLessThanOrEqual(100 * BESIDE)
    expectRatio(half, 0.5)
    expect(half.capacity?.ratio?.high ?? 0).toBeLessThan(1)
    expectRatio(equal, 1)
    const canary = failed.capacity?.arms.canary
    expect(['errors', 'time']).toContain(canary?.limitedBy)
    expect(canary?.connections).toBeGreaterThanOrEqual(1)
    expect(canary?.connections).toBeLessThanOrEqual(5)
    // It failed at 8; the next level would be 16. Connections of two levels may overlap a little.
    expect(failing.most()).toBeLessThan(16)
  })
})

function failingAbove(allowed: number): { listener: RequestListener; most: () => number } {
  let most = 0
  let underWay = 0
  return {
    most: () => most,
    listener: (_, response) => {
      underWay += 1
      most = Math.max(most, underWay)
      response.statusCode = underWay > allowed ? 500 : 200
      setTimeout(() => {
        underWay -= 1
        response.end()
      }, 20)
    },
  }
}

describe('outrider probe --capacity', () => {
  const env = { LANG: 'C.UTF-8' }
  // The shortest comparison that there is: capacity is what is looked at here.
  const short = '--duration 2s --warmup 500ms --rate 20 --phases load --json --capacity'
  const lineOf = (baseline: string, canary: string): string[] =>
    `probe --baseline ${baseline} --canary ${canary} --paths / ${short}`.split(' ')

  it('refuses a target that is not this machine before anything is sent: exit 2', async () => {
    const { code, stdout, stderr } = await runOutrider(
      lineOf('http://192.0.2.1', 'http://127.0.0.1:9'),
      { cwd: temporaryFolder(), env },
    )
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('http://192.0.2.1')
    expect(stderr).toContain('--i-own-this')
  })

  it('follows the comparison, and tells what it has at the first Ctrl-C', async () => {
    const delayed: RequestListener = (_, response) => void setTimeout(() => response.end('ok'), 200)
    const running = startOutrider(lineOf(await serve(delayed), await serve(delayed)), {
      cwd: temporaryFolder(),
      env,
    })
    const [seen] = await running.saw(/capacity: canary at 1 connection|not judged/)
    running.signal('SIGINT')
    const { code, stdout } = await running.ended
    const report = reportSchema.parse(JSON.parse(stdout))
    const said = report.reasons.map(({ message }) => message)
    if (seen === 'not judged') {
      // A machine that is too busy to compare is too busy to measure.
      expect(said).toContain('capacity: not measured: the run could not be judged')
      return
    }
    expect(code).toBe(130)
    expect(report.capacity?.arms.baseline?.requestsPerSecond).toBeGreaterThan(0)
    expect(report.capacity?.ratio).toBeUndefined()
    expect(said).toContain('capacity: it was stopped by a person')
  })
})
