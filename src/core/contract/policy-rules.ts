/** What a policy is when it is complete: kinds, defaults, and which policies cannot be. */

import { FULL_BP } from '../weight.ts'

export const POLICY_KINDS = ['linear', 'stages', 'multiplicative', 'blue_green', 'ab'] as const
export type PolicyKind = (typeof POLICY_KINDS)[number]

export interface StageLimits {
  /** Least share of canary requests that succeed. */
  readonly successRate?: number
  readonly p95Ms?: number
}

export interface Stage {
  readonly weightBp: number
  /** Time of usable ticks at this weight before the next stage. */
  readonly forSeconds: number
  readonly limits: StageLimits
  /** A person has to open the way to what follows this stage. */
  readonly gate?: 'manual'
}

type Shape =
  | {
      readonly kind: 'linear'
      readonly startBp: number
      readonly upBp: number
      readonly downBp: number
      readonly minBp: number
      readonly maxBp: number
    }
  | {
      readonly kind: 'multiplicative'
      readonly startBp: number
      /** A raise multiplies by this. */
      readonly factor: number
      /** A reduction divides by this. */
      readonly downFactor: number
      readonly minBp: number
      readonly maxBp: number
    }
  | { readonly kind: 'stages'; readonly stages: readonly Stage[] }
  | { readonly kind: 'blue_green' }
  | { readonly kind: 'ab'; readonly weightBp: number; readonly forSeconds: number }

export interface Terms {
  readonly intervalSeconds: number
  /** Ticks after a reduction that cannot raise. */
  readonly holdTicks: number
  /** Ticks in a row without evidence that allow a raise after a reduction. */
  readonly clearTicks: number
  /** Reductions that a rollout survives. */
  readonly maxReversals: number
  /** Chance of ever reducing a healthy canary by evidence, for the whole rollout. */
  readonly alpha: number
  readonly gate: { readonly need: 'healthy' | 'none'; readonly maxSeconds?: number }
  readonly promoteOn: 'healthy' | 'manual'
  /** Time from the start, pauses not counted. */
  readonly giveUpAfterSeconds: number
  readonly critical: {
    readonly failures: number
    readonly windowSeconds: number
    readonly minPairs: number
  }
  readonly liveGuard: {
    readonly errors: number
    readonly windowSeconds: number
    readonly minRequests: number
  }
  /** Pairs per second while ramping. */
  readonly rate: number
  readonly onPromoted?: { readonly webhookEnv: string } | { readonly exec: readonly string[] }
}

/** A complete policy; it is its own document form. */
export type Policy = Terms & Shape

type Loose<T> = { readonly [Key in keyof T]?: T[Key] | undefined }

/** What was written of a policy; what is left out has a default. */
export interface GivenPolicy extends Loose<Omit<Terms, 'gate' | 'critical' | 'liveGuard'>> {
  readonly kind?: PolicyKind | undefined
  readonly startBp?: number | undefined
  readonly upBp?: number | undefined
  readonly downBp?: number | undefined
  readonly minBp?: number | undefined
  readonly maxBp?: number | undefined
  readonly factor?: number | undefined
  readonly downFactor?: number | undefined
  readonly weightBp?: number | undefined
  readonly forSeconds?: number | undefined
  readonly stages?:
    | readonly {
        readonly weightBp: number
        readonly forSeconds?: number | undefined
        readonly limits?: Loose<StageLimits> | undefined
        readonly gate?: 'manual' | undefined
      }[]
    | undefined
  readonly gate?:
    | { readonly need: 'healthy' | 'none'; readonly maxSeconds?: number | undefined }
    | undefined
  readonly critical?: Loose<Terms['critical']> | undefined
  readonly liveGuard?: Loose<Terms['liveGuard']> | undefined
}

export interface PolicyFault {
  /** Where it stands, in the names of the document. */
  readonly path: readonly (string | number)[]
  readonly problem: string
  readonly mend: string
}

/** The keys that shape the weight's course, and the kinds that have them. */
export const SHAPE_KEYS = {
  startBp: ['linear', 'multiplicative'],
  upBp: ['linear'],
  downBp: ['linear'],
  minBp: ['linear', 'multiplicative'],
  maxBp: ['linear', 'multiplicative'],
  factor: ['multiplicative'],
  downFactor: ['multiplicative'],
  weightBp: ['ab'],
  forSeconds: ['ab'],
  stages: ['stages'],
} as const satisfies Readonly<Record<string, readonly PolicyKind[]>>

const HOUR = 3600
const DAY = 24 * HOUR

/** The policy with its defaults, or the first thing about it that cannot be. */
export function completePolicy(
  given: GivenPolicy,
): { readonly policy: Policy } | { readonly fault: PolicyFault } {
  const kind = given.kind ?? 'linear'
  const fault = findStrayKey(given, kind) ?? findGivenFault(given, kind)
  if (fault !== undefined) return { fault }
  const policy: Policy = { ...termsOf(given, kind), ...shapeOf(given, kind) }
  const wrong = findShapeFault(policy)
  return wrong === undefined ? { policy } : { fault: wrong }
}

function findStrayKey(given: GivenPolicy, kind: PolicyKind): PolicyFault | undefined {
  for (const [key, kinds] of Object.entries(SHAPE_KEYS)) {
    const isGiven = Reflect.get(given, key) !== undefined
    if (!isGiven || kinds.some((name) => name === kind)) continue
    const owners = kinds.map((name) => `"${name}"`).join(' and ')
    return {
      path: [key],
      problem: `belongs to policies of kind ${owners}, this one is "${kind}"`,
      mend: 'leave it out, or change the kind',
    }
  }
  return undefined
}

function findGivenFault(given: GivenPolicy, kind: PolicyKind): PolicyFault | undefined {
  if (given.gate?.need === 'none' && given.gate.maxSeconds !== undefined) {
    return {
      path: ['gate', 'maxSeconds'],
      problem: 'has no meaning where nothing is needed',
      mend: 'leave it out, or write need: healthy',
    }
  }
  if (kind === 'stages' && (given.stages?.length ?? 0) === 0) {
    return {
      path: ['stages'],
      problem: 'has no stage',
      mend: 'write at least one, such as { weight: 100% }',
    }
  }
  return undefined
}

function termsOf(given: GivenPolicy, kind: PolicyKind): Terms {
  const { gate, critical, liveGuard, onPromoted } = given
  return {
    intervalSeconds: given.intervalSeconds ?? 60,
    holdTicks: given.holdTicks ?? 3,
    clearTicks: given.clearTicks ?? 5,
    maxReversals: given.maxReversals ?? 2,
    alpha: given.alpha ?? 0.01,
    gate:
      gate?.need === 'none'
        ? { need: 'none' }
        : { need: 'healthy', maxSeconds: gate?.maxSeconds ?? 900 },
    // Which side of an A/B test wins is read by a person.
    promoteOn: given.promoteOn ?? (kind === 'ab' ? 'manual' : 'healthy'),
    giveUpAfterSeconds:
      given.giveUpAfterSeconds ?? (kind === 'ab' ? (given.forSeconds ?? DAY) + DAY : 6 * HOUR),
    critical: {
      failures: critical?.failures ?? 0.5,
      windowSeconds: critical?.windowSeconds ?? 3,
      minPairs: critical?.minPairs ?? 20,
    },
    liveGuard: {
      errors: liveGuard?.errors ?? 0.01,
      windowSeconds: liveGuard?.windowSeconds ?? 30,
      minRequests: liveGuard?.minRequests ?? 200,
    },
    rate: given.rate ?? 10,
    ...(onPromoted === undefined ? {} : { onPromoted }),
  }
}

function shapeOf(given: GivenPolicy, kind: PolicyKind): Shape {
  const { minBp = 0, maxBp = FULL_BP } = given
  switch (kind) {
    case 'linear': {
      const { startBp = 500, upBp = 100, downBp = 500 } = given
      return { kind, startBp, upBp, downBp, minBp, maxBp }
    }
    case 'multiplicative': {
      const { startBp = 100, factor = 2, downFactor = 4 } = given
      return { kind, startBp, factor, downFactor, minBp, maxBp }
    }
    case 'stages':
      return { kind, stages: (given.stages ?? []).map(stageOf) }
    case 'blue_green':
      return { kind }
    case 'ab':
      return { kind, weightBp: given.weightBp ?? 5000, forSeconds: given.forSeconds ?? DAY }
  }
}

function stageOf(given: NonNullable<GivenPolicy['stages']>[number]): Stage {
  const { successRate, p95Ms } = given.limits ?? {}
  return {
    weightBp: given.weightBp,
    forSeconds: given.forSeconds ?? 0,
    limits: {
      ...(successRate === undefined ? {} : { successRate }),
      ...(p95Ms === undefined ? {} : { p95Ms }),
    },
    ...(given.gate === undefined ? {} : { gate: given.gate }),
  }
}

function findShapeFault(policy: Policy): PolicyFault | undefined {
  switch (policy.kind) {
    case 'linear':
      return findRangeFault(policy) ?? findStepFault(policy.upBp, policy.downBp)
    case 'multiplicative':
      return findRangeFault(policy)
    case 'stages':
      return findStageFault(policy.stages)
    case 'ab':
      return policy.weightBp > 0 && policy.weightBp < FULL_BP
        ? undefined
        : fault('weightBp', 'leaves one side without users', 'split between 1% and 99%')
    case 'blue_green':
      return undefined
  }
}

function findRangeFault(range: {
  readonly startBp: number
  readonly minBp: number
  readonly maxBp: number
}): PolicyFault | undefined {
  const { startBp, minBp, maxBp } = range
  if (maxBp === 0) return fault('maxBp', 'gives the canary nothing, ever', 'raise it above 0%')
  if (minBp > maxBp) return fault('minBp', 'is above the maximum', 'lower it, or raise the maximum')
  if (startBp === 0) return fault('startBp', 'starts with nobody', 'raise it above 0%')
  if (startBp > maxBp) {
    return fault('startBp', 'is above the maximum', 'lower it, or raise the maximum')
  }
  if (startBp < minBp) {
    return fault('startBp', 'is below the minimum', 'raise it, or lower the minimum')
  }
  return undefined
}

function findStepFault(upBp: number, downBp: number): PolicyFault | undefined {
  if (upBp === 0) return fault('upBp', 'never rises', 'raise it above 0%')
  return downBp === 0
    ? fault('downBp', 'leaves a bad canary where it is', 'raise it above 0%')
    : undefined
}

function findStageFault(stages: readonly Stage[]): PolicyFault | undefined {
  let below = 0
  for (const [index, { weightBp }] of stages.entries()) {
    if (weightBp <= below) {
      return {
        path: ['stages', index, 'weightBp'],
        problem: index === 0 ? 'starts with nobody' : 'is not above that of the stage before',
        mend: 'write the stages with ascending weights above 0%',
      }
    }
    below = weightBp
  }
  return undefined
}

function fault(key: string, problem: string, mend: string): PolicyFault {
  return { path: [key], problem, mend }
}
