/**
 * The time to prove health: of an equal canary by rate and claim, beside what the planner says, and
 * how often a canary exactly at the margin is proven all the same (STATISTICS 8, 9.4).
 */

import { secondsToProof, type HealthClaim } from '../../../src/analysis/power.ts'
import { createEngine, planOf, WARM_UP_SECONDS } from '../simulation/engine.ts'
import { createWorld, REGIMES, type Change } from '../simulation/world.ts'
import { formatShare, formatTimes, quantileOf, seconds, shareOf } from './figures.ts'
import { defineStudy, jobsOf, partOf, type Outcome, type Table } from './study.ts'

const NAME = 'health'
const RATES = [1, 5, 20, 100] as const
const LONGEST_SECONDS = { 1: 1800, 5: 1800, 20: 1800, 100: 600 } as const
const PARTS = { equal: 0.06, boundary: 0.2 }
const BLOCK_SECONDS = 1
const SIGMA = 0.45 * Math.SQRT2
const ERRORS = 0.001
const LEVELS = [0.05, 0.01] as const

/** Claims that one run can make side by side: each set is a plan of its own. */
const MARGINS = [
  { latency_typical: 0.05, latency_tail_share: 0.025, errors: 0.005 },
  { latency_typical: 0.1, latency_tail_share: 0.05, errors: 0.01 },
  { latency_typical: 0.2, latency_tail_share: 0.1, errors: 0.02 },
] as const
type Margins = (typeof MARGINS)[number]

/** A canary that is as bad as the margin of a claim: proving it is a false proof. */
const AT_THE_MARGIN: Readonly<Record<string, Change>> = {
  'typical 10 %': { factor: 1.1 },
  'errors 1 pp': { errors: ERRORS + 0.01 },
}
const BOUNDARY = 'at the margin: '

/** [claim, level, seconds to the proof], those that came. */
type ProofRun = readonly (readonly [string, number, number])[]

export const health = defineStudy<ProofRun>({
  name: NAME,
  jobs: (runs) => [
    ...RATES.flatMap((rate) => jobsOf(NAME, `${rate}/s`, partOf(runs, PARTS.equal))),
    ...Object.keys(AT_THE_MARGIN).flatMap((claim) =>
      jobsOf(NAME, `${BOUNDARY}${claim}`, partOf(runs, PARTS.boundary)),
    ),
  ],
  run: ({ case: name, seed }) => {
    if (name.startsWith(BOUNDARY)) {
      const claim = name.slice(BOUNDARY.length)
      return runClaims(20, AT_THE_MARGIN[claim] ?? {}, 300_000 + seed, MARGINS.slice(1, 2))
    }
    return runClaims(rateOf(name), {}, 300_000 + seed, MARGINS)
  },
  summarise: (outcomes) => ({
    title: 'Time to prove health',
    text:
      'One action, equal arms, stalls std, 1 s blocks: median seconds until the current evidence ' +
      'against "worse than the margin" is 20 / 100; in brackets the share that came in time.',
    tables: [proofTable(outcomes), planTable(outcomes), falseTable(outcomes)],
    charts: [],
  }),
})

function runClaims(
  rate: (typeof RATES)[number],
  change: Change,
  seed: number,
  sets: readonly Margins[],
): ProofRun {
  const actions = [{ action: 'a1', share: 1, medianMs: 20 }]
  const longest = LONGEST_SECONDS[rate]
  const found = new Map<string, readonly [string, number, number]>()
  const engines = sets.map((healthyMargins) => {
    const plan = planOf({
      actions,
      rate,
      seconds: longest,
      blockSeconds: BLOCK_SECONDS,
      alpha: 0.01,
      margin: 0,
      healthyMargins,
    })
    return createEngine(plan, seed, ({ proofs }, at) => {
      for (const { scope, metric, margin, evidence } of proofs) {
        if (scope.kind !== 'service') continue
        const claim = claimName(metric, margin)
        for (const level of LEVELS) {
          const key = `${claim} ${level}`
          if (evidence.lnDown < -Math.log(level) || found.has(key)) continue
          found.set(key, [claim, level, at])
        }
      }
    })
  })
  const world = createWorld({ seed, rate, actions, regime: REGIMES.std, change })
  const all = sets.length * 3 * LEVELS.length
  for (let pair = world.next(); found.size < all; pair = world.next()) {
    if (pair.at > WARM_UP_SECONDS + longest) break
    for (const engine of engines) engine.pair(pair)
  }
  return [...found.values()]
}

function proofTable(outcomes: readonly Outcome<ProofRun>[]): Table {
  return {
    caption: 'Median seconds to the proof, α 0.05 / 0.01',
    columns: ['', ...RATES.map((rate) => `${rate}/s`)],
    rows: CLAIMS.map(({ name }) => [
      name,
      ...RATES.map((rate) =>
        LEVELS.map((level) => formatTimes(timesOf(outcomes, `${rate}/s`, name, level))).join(' / '),
      ),
    ]),
  }
}

function planTable(outcomes: readonly Outcome<ProofRun>[]): Table {
  return {
    caption: 'Planned before the run (α 0.01): simulated 10 / 50 / 90 % in seconds',
    columns: ['', ...RATES.map((rate) => `${rate}/s`)],
    rows: CLAIMS.map(({ name, claim }) => [
      name,
      ...RATES.map((rate) => {
        const times = timesOf(outcomes, `${rate}/s`, name, 0.01)
        if (times.length === 0) return ''
        const planned = secondsToProof(claim, { rate, blockSeconds: BLOCK_SECONDS }, Math.log(100))
        return `${seconds(planned)}: ${[0.1, 0.5, 0.9].map((q) => seconds(quantileOf(times, q))).join(' / ')}`
      }),
    ]),
  }
}

function falseTable(outcomes: readonly Outcome<ProofRun>[]): Table {
  return {
    caption: 'False proofs of a canary that is exactly at the margin, in half an hour at 20/s',
    columns: ['', ...LEVELS.map((level) => `α ${level}`)],
    rows: Object.keys(AT_THE_MARGIN).map((claim) => [
      claim,
      ...LEVELS.map((level) => {
        const times = timesOf(outcomes, `${BOUNDARY}${claim}`, claim, level)
        return formatShare(shareOf(times.filter(Number.isFinite).length, times.length))
      }),
    ]),
  }
}

function timesOf(
  outcomes: readonly Outcome<ProofRun>[],
  name: string,
  claim: string,
  level: number,
): number[] {
  return outcomes
    .filter(({ job }) => job.case === name)
    .map(({ result }) => result.find(([of, at]) => of === claim && at === level)?.[2] ?? Infinity)
}

const CLAIMS: readonly { readonly name: string; readonly claim: HealthClaim }[] = [
  ...MARGINS.map(({ latency_typical: margin }) => ({
    name: claimName('latency_typical', margin),
    claim: { kind: 'typical' as const, margin, sigma: SIGMA },
  })),
  ...MARGINS.map(({ latency_tail_share: margin }) => ({
    name: claimName('latency_tail', margin),
    claim: { kind: 'share' as const, margin },
  })),
  ...MARGINS.map(({ errors: margin }) => ({
    name: claimName('errors', margin),
    claim: { kind: 'errors' as const, margin, baselineShare: ERRORS },
  })),
]

function claimName(metric: string, margin: number): string {
  const size = Number((100 * margin).toFixed(1))
  if (metric === 'latency_typical') return `typical ${size} %`
  return metric === 'errors' ? `errors ${size} pp` : `share above p95 ${size} pp`
}

function rateOf(name: string): (typeof RATES)[number] {
  const found = RATES.find((rate) => `${rate}/s` === name)
  if (found === undefined) throw new RangeError(`No rate "${name}"`)
  return found
}
