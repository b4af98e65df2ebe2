/** How often the interval is wrong, with servers and a machine whose truth is known. */

import { describe, expect, it } from 'vitest'
import { ontologyOfPaths } from '../../../src/actions/paths.ts'
import { measureCapacity } from '../../../src/probe/capacity/measurement.ts'
import { createMix } from '../../../src/probe/capacity/mix.ts'
import { createNoisyWorld, type Noise } from './noisy.ts'

const RUNS = 50
const BASELINE = { slots: 40, serviceMs: 40 }

const { ontology, profile } = ontologyOfPaths(['/'])
const mix = createMix({
  ontology,
  profiles: [profile],
  arms: [
    { arm: 'baseline', url: 'http://127.0.0.1:1' },
    { arm: 'canary', url: 'http://127.0.0.1:2' },
  ],
  secrets: {},
  seed: 1,
})

const MACHINES = {
  quiet: { shared: 0.01, own: 0.005, memory: [0.5, 5, 40], drift: 0, busy: 0 },
  wandering: { shared: 0.1, own: 0.02, memory: [0.5, 5, 40], drift: 0.1, busy: 0 },
  'shared with bursts': { shared: 0.1, own: 0.03, memory: [0.5, 3], drift: 0.1, busy: 0.2 },
  'unfair for seconds': { shared: 0.1, own: 0.08, memory: [2, 8], drift: 0, busy: 0.1 },
} satisfies Record<string, Noise>

interface Counted {
  /** Of the runs that told a ratio. */
  readonly told: number
  readonly covered: number
  /** Runs whose interval lies beside 1 altogether. */
  readonly claims: number
  readonly middle: number
}

/** @param p95Ms an SLO; default: from the unloaded baseline */
async function count(truth: number, noise: Noise, p95Ms?: number): Promise<Counted> {
  const canary = { ...BASELINE, slots: BASELINE.slots * truth }
  const estimates: number[] = []
  let covered = 0
  let claims = 0
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const { crew, clock } = createNoisyWorld({ baseline: BASELINE, canary }, noise, seed)
    const { capacity } = await measureCapacity({
      mix,
      limits: () => (p95Ms === undefined ? {} : { p95Ms }),
      seconds: 120,
      timeoutMs: 10_000,
      clock,
      signal: new AbortController().signal,
      seed,
      crew,
    })
    const { low, high, estimate = 0 } = capacity?.ratio ?? {}
    if (low === undefined || high === undefined) continue
    estimates.push(estimate)
    if (low <= truth && truth <= high) covered += 1
    if (low > 1 || high < 1) claims += 1
  }
  const middle = estimates.toSorted((left, right) => left - right)[estimates.length >> 1] ?? 0
  return { told: estimates.length, covered, claims, middle }
}

// 5 % of 50 are 2.5; of a true 5 % there are more than 7 in three of a thousand series.
const MOST_WRONG = 7

describe('the interval of the ratio', () => {
  it.each(Object.entries(MACHINES))(
    'of equal arms lies beside 1 in at most 5 % of the runs on a machine that is %s',
    async (_, noise) => {
      const { told, covered, claims } = await count(1, noise)
      expect(claims).toBeLessThanOrEqual(MOST_WRONG)
      expect(covered).toBe(told - claims)
      expect(told).toBeGreaterThan(RUNS / 2)
    },
  )

  it.each(['wandering', 'unfair for seconds'] as const)(
    'holds where two equal arms stand right at their limit, on a machine that is %s',
    async (machine) => {
      const { claims, told } = await count(1, MACHINES[machine], 83)
      expect(claims).toBeLessThanOrEqual(MOST_WRONG)
      expect(told).toBeGreaterThan(0)
    },
  )

  it.each([
    [0.8, 'quiet', 0.95],
    [0.8, 'wandering', 0.85],
    [0.8, 'shared with bursts', 0.4],
    [0.5, 'quiet', 0.95],
    [0.5, 'wandering', 0.9],
    [0.5, 'shared with bursts', 0.6],
  ] as const)('finds %s× on a machine that is %s', async (truth, machine, power) => {
    const { told, covered, claims, middle } = await count(truth, MACHINES[machine])
    expect(told - covered).toBeLessThanOrEqual(MOST_WRONG)
    expect(claims).toBeGreaterThanOrEqual(power * RUNS)
    expect(middle).toBeGreaterThan(truth * 0.95)
    expect(middle).toBeLessThan(truth / 0.95)
  })
})
