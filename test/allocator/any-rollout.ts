/** Policies and courses of events as fast-check draws them. */

import fc from 'fast-check'
import {
  completePolicy,
  type GivenPolicy,
  type Policy,
} from '../../src/core/contract/policy-rules.ts'
import { drive, type Drive, type Seen } from './driving.ts'

const weight = fc.integer({ min: 1, max: 10_000 })
const terms = {
  intervalSeconds: fc.constantFrom(1, 5, 60),
  holdTicks: fc.integer({ min: 0, max: 4 }),
  clearTicks: fc.integer({ min: 1, max: 6 }),
  maxReversals: fc.integer({ min: 0, max: 4 }),
  alpha: fc.double({ min: 1e-6, max: 0.5, noNaN: true }),
  gate: fc.constantFrom({ need: 'none' as const }, { need: 'healthy' as const }),
  promoteOn: fc.constantFrom('healthy' as const, 'manual' as const),
  giveUpAfterSeconds: fc.constantFrom(120, 21_600),
}
const linear = fc.record({
  ...terms,
  kind: fc.constant('linear' as const),
  startBp: weight,
  upBp: weight,
  downBp: weight,
  minBp: fc.oneof(fc.constant(0), weight),
  maxBp: weight,
})
const multiplicative = fc.record({
  ...terms,
  kind: fc.constant('multiplicative' as const),
  startBp: weight,
  factor: fc.double({ min: 1.01, max: 10, noNaN: true }),
  downFactor: fc.double({ min: 1.01, max: 10, noNaN: true }),
  minBp: fc.oneof(fc.constant(0), weight),
  maxBp: weight,
})
const stages = fc
  .tuple(
    fc.record(terms),
    fc.uniqueArray(weight, { minLength: 1, maxLength: 6 }),
    fc.constantFrom(1, 60, 150),
    fc.boolean(),
  )
  .map(([given, weights, forSeconds, gated]): GivenPolicy => ({
    ...given,
    kind: 'stages',
    stages: weights
      .toSorted((one, other) => one - other)
      .map((weightBp, index) => ({
        weightBp,
        forSeconds,
        limits: { successRate: 0.99 },
        ...(gated && index === 1 ? { gate: 'manual' as const } : {}),
      })),
  }))
const fixed = fc.record({ ...terms, kind: fc.constantFrom('blue_green' as const, 'ab' as const) })

/** Any policy that is possible. */
export function anyPolicy(): fc.Arbitrary<Policy> {
  return fc
    .oneof<fc.Arbitrary<GivenPolicy>[]>(linear, multiplicative, stages, fixed)
    .map((given) => completePolicy(given))
    .filter((completed) => 'policy' in completed)
    .map(({ policy }) => policy)
}

/** One thing that happens: an event or a tick, some time after the last, with what is seen. */
export interface Happening {
  readonly isTick: boolean
  readonly afterSeconds: number
  readonly seen: Seen
  /** Where someone else puts the weight before it. */
  readonly foreignBp?: number
}

const rare = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })

const lnRun = fc.oneof(
  { weight: 5, arbitrary: fc.double({ min: -4, max: 0, noNaN: true }) },
  { weight: 2, arbitrary: fc.double({ min: 0.01, max: 5.6, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ min: 5.71, max: 50, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
)
const judgement = fc.record({
  lnRun,
  requiredHealthy: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
  critical: fc.integer({ min: 0, max: 60 }).map((draw) => draw === 0),
})
const tickFacts = fc.record({
  deliveredShare: fc.constantFrom(1, 1, 1, 0.95, 0.9, Number.NaN),
  requiredPairs: fc.constantFrom({ search: 9 }, { search: 9 }, { search: 9 }, { search: 0 }),
  generatorStrained: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  unequalLoad: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  figures: fc.constantFrom({ successRate: 1 }, { successRate: 1 }, { successRate: 0.5 }, {}),
})
const person = fc.record({
  act: fc.constantFrom(
    'promote' as const,
    'pause' as const,
    'resume' as const,
    'resume' as const,
    'finalize' as const,
    'abort' as const,
  ),
  by: fc.constant('ana'),
})
const liveKind = fc.constantFrom(
  'ok' as const,
  'ok' as const,
  'too-few' as const,
  'anomalous' as const,
)
const noReading = fc.constantFrom(
  { kind: 'unreachable' as const, tries: 2, problem: 'timeout' },
  { kind: 'refused' as const, tries: 5, problem: 'no such server' },
)
const gateVerdict = fc.constantFrom(
  'running' as const,
  'healthy' as const,
  'healthy' as const,
  'invalid' as const,
  'regressed' as const,
)

const happening: fc.Arbitrary<Happening> = fc
  .record({
    isTick: fc.boolean(),
    afterSeconds: fc.constantFrom(0.5, 3, 20, 100),
    judgement: fc.oneof(judgement, judgement, fc.constant(undefined)),
    tick: tickFacts,
    person: rare(person),
    live: rare(liveKind),
    noReading: rare(noReading),
    gate: gateVerdict,
    restarted: rare(fc.constant(true as const)),
    foreignBp: rare(rare(fc.integer({ min: 0, max: 10_000 }))),
    promotion: rare(fc.constantFrom('done' as const, 'failed' as const)),
  })
  .map((drawn) => ({
    isTick: drawn.isTick,
    afterSeconds: drawn.afterSeconds,
    ...(drawn.foreignBp === undefined ? {} : { foreignBp: drawn.foreignBp }),
    seen: {
      ...(drawn.judgement === undefined ? {} : { judgement: drawn.judgement }),
      tick: drawn.tick,
      ...(drawn.person === undefined ? {} : { person: drawn.person }),
      ...(drawn.live === undefined ? {} : { liveGuard: { kind: drawn.live, fromMs: 0 } }),
      ...(drawn.noReading === undefined ? {} : { reading: drawn.noReading }),
      gate: { run: 1, verdict: drawn.gate },
      ...(drawn.restarted === undefined ? {} : { restarted: drawn.restarted }),
      ...(drawn.promotion === undefined ? {} : { promotion: drawn.promotion }),
    },
  }))

/** Ticks in a row at which all is well: drawn one by one they would hardly ever come together. */
const calmStretch: fc.Arbitrary<Happening[]> = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.double({ min: -2, max: 1, noNaN: true }), fc.boolean())
  .map(([length, lnRun, requiredHealthy]) =>
    Array.from({ length }, () => ({
      isTick: true,
      afterSeconds: 0,
      seen: {
        judgement: { lnRun, requiredHealthy },
        gate: { run: 1, verdict: 'healthy' as const },
      },
    })),
  )

export function anyHappenings(): fc.Arbitrary<Happening[]> {
  const stretch = fc.oneof(
    { weight: 4, arbitrary: happening.map((one) => [one]) },
    { weight: 1, arbitrary: calmStretch },
  )
  return fc.array(stretch, { minLength: 10, maxLength: 90 }).map((stretches) => stretches.flat())
}

/** Carries the happenings out, one after the other. */
export function driven(policy: Policy, happenings: readonly Happening[]): Drive {
  const rollout = drive(policy)
  rollout.event({ gate: { run: 1, verdict: 'running' } }, 0)
  for (const { isTick, afterSeconds, seen, foreignBp } of happenings) {
    if (foreignBp !== undefined) rollout.setRouter(foreignBp)
    if (isTick) rollout.tick(seen)
    else {
      const { tick: _, ...event } = seen
      rollout.event(event, afterSeconds)
    }
  }
  return rollout
}
