/**
 * A simulated service, second by second: synthetic pairs of both arms and the requests of real users.
 * Seeded; the noise of a pair that both arms share cancels, as in a real run of twins.
 */

import { createRandom, type Random } from '../../src/core/random.ts'

/** Share of steps and median latency of each action. */
export const ACTIONS = [
  { name: 'search', share: 0.6, medianMs: 30 },
  { name: 'view', share: 0.3, medianMs: 12 },
  { name: 'checkout', share: 0.1, medianMs: 45 },
] as const
const CHECKOUT = 2

const LIVE_PER_SECOND = 100
const SHARED_NOISE = 0.3
const OWN_NOISE = 0.3
const ERRORS = 0.001

/** What is wrong at a moment. */
export interface Trouble {
  /** Additional share of failures, canary only and in both arms. */
  readonly canaryErrors?: number
  readonly sharedErrors?: number
  /** Factors on latency: of the canary's checkout, of everything in both arms. */
  readonly checkout?: number
  readonly shared?: number
}

export interface Scenario {
  readonly name: string
  /** Whether the canary should not get through. */
  readonly bad: boolean
  /** Minutes from the first weight, and the share of real users on the canary. */
  readonly trouble: (minute: number, weight: number) => Trouble
  /** From this minute on, users on the canary are harmed. */
  readonly harmFrom?: number
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'equal arms', bad: false, trouble: () => ({}) },
  {
    name: 'bad hour of both arms (min 20-30)',
    bad: false,
    trouble: (minute) => (minute >= 20 && minute < 30 ? { sharedErrors: 0.02, shared: 1.5 } : {}),
  },
  {
    name: 'canary hiccup, 15 % errors for 20 s',
    bad: false,
    trouble: (minute) => (minute >= 30 && minute < 30 + 1 / 3 ? { canaryErrors: 0.15 } : {}),
  },
  { name: 'checkout 1.31x slower', bad: true, trouble: () => ({ checkout: 1.31 }) },
  { name: 'errors +1 pp', bad: true, trouble: () => ({ canaryErrors: 0.01 }) },
  { name: 'errors +5 pp', bad: true, trouble: () => ({ canaryErrors: 0.05 }) },
  { name: '60 % fail', bad: true, trouble: () => ({ canaryErrors: 0.6 }) },
  {
    name: 'errors +2 pp from minute 40',
    bad: true,
    harmFrom: 40,
    trouble: (minute) => (minute >= 40 ? { canaryErrors: 0.02 } : {}),
  },
  {
    name: 'errors +5 pp, 2 of 10 minutes',
    bad: true,
    trouble: (minute) => (minute % 10 >= 8 ? { canaryErrors: 0.05 } : {}),
  },
]

export interface Pair {
  readonly id: string
  readonly action: number
  readonly baselineMs: number
  readonly canaryMs: number
  readonly baselineFailed: boolean
  readonly canaryFailed: boolean
}

export interface LiveCounts {
  readonly canary: number
  readonly canaryFailed: number
  readonly baseline: number
  readonly baselineFailed: number
}

export interface World {
  pairs(minute: number, weight: number, count: number): Pair[]
  /** Real users of one second. */
  live(minute: number, weight: number): LiveCounts
}

export function createWorld(scenario: Scenario, seed: number): World {
  const random = createRandom(seed, scenario.name)
  let sent = 0
  return {
    pairs(minute, weight, count) {
      const trouble = scenario.trouble(minute, weight)
      const pairs = Array.from({ length: count }, () => pairOf(random, trouble, (sent += 1)))
      return pairs
    },
    live(minute, weight) {
      const { canaryErrors = 0, sharedErrors = 0 } = scenario.trouble(minute, weight)
      const canary = Math.round(LIVE_PER_SECOND * weight)
      const baseline = LIVE_PER_SECOND - canary
      return {
        canary,
        canaryFailed: binomial(random, canary, ERRORS + sharedErrors + canaryErrors),
        baseline,
        baselineFailed: binomial(random, baseline, ERRORS + sharedErrors),
      }
    },
  }
}

function pairOf(random: Random, trouble: Trouble, sent: number): Pair {
  const { canaryErrors = 0, sharedErrors = 0, checkout = 1, shared = 1 } = trouble
  const draw = random.next()
  const action = draw < 0.6 ? 0 : draw < 0.9 ? 1 : CHECKOUT
  const base = (ACTIONS[action]?.medianMs ?? 0) * shared * Math.exp(SHARED_NOISE * random.normal())
  const errors = ERRORS + sharedErrors
  return {
    id: String(sent),
    action,
    baselineMs: base * Math.exp(OWN_NOISE * random.normal()),
    canaryMs: base * Math.exp(OWN_NOISE * random.normal()) * (action === CHECKOUT ? checkout : 1),
    baselineFailed: random.next() < errors,
    canaryFailed: random.next() < errors + canaryErrors,
  }
}

function binomial(random: Random, count: number, share: number): number {
  let hits = 0
  for (let index = 0; index < count; index += 1) hits += Number(random.next() < share)
  return hits
}
