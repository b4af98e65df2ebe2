/**
 * The plan of a run, frozen before the first block: which streams are declared, what raises an
 * alarm and what must be proven. Nothing here may look at evidence.
 */

import { createHash } from 'node:crypto'
import type { Config } from '../core/contract/config.ts'
import type { ActionDocument } from '../core/contract/ontology.ts'
import {
  planToDocument,
  type AlarmMargins,
  type HealthMargins,
  type Plan,
  type PlannedAction,
  type Tier,
} from '../core/contract/plan.ts'
import { UsageError } from '../core/errors.ts'
import { suggest } from '../core/suggest.ts'
import type { Phase, ResourceMetric } from '../core/verdict.ts'

type ExplicitMargins = Config['analysis']['margins']
type ExplicitHealthyMargins = Config['analysis']['healthy_margins']
/** As the ontology and the configuration write them. */
type MarginsOf<Margins> = { readonly [Metric in keyof Margins]?: Margins[Metric] | undefined }

export interface PlanSettings {
  /** Pairs per second. */
  readonly rate: number
  readonly concurrency: number
  readonly alpha: number
  readonly alphaHealthy: number
  /** Seconds. */
  readonly block: 'auto' | number
  readonly maxStallSeconds: number
  readonly floorMs: number
  readonly timeoutMs: number
  readonly duration: 'auto' | number
  readonly minDurationSeconds: number
  readonly maxDurationSeconds: number
  readonly warmup: 'auto' | number
  readonly phases: readonly Phase[]
  /** Second answers a second that may be asked for to learn the noise; 0 with a control arm. */
  readonly repeatsPerSecond?: number
  /** What is measured of the processes of both arms; default nothing. */
  readonly resources?: readonly ResourceMetric[]
  readonly focus?: boolean
  /** Left out = the actions of the first two tiers. */
  readonly require?: readonly string[]
  /** Those given here replace the defaults of every stream. */
  readonly margins: ExplicitMargins
  readonly healthyMargins: ExplicitHealthyMargins
}

export interface PlanAction {
  readonly action: string
  /** Natural share of the steps, 0 to 1. */
  readonly share: number
  /** Its answers are compared; default no. */
  readonly comparesAnswers?: boolean
  readonly document?: ActionDocument
}

/** The smallest block at which the false alarms kept their level in every simulated regime. */
const PROBE_BLOCK_SECONDS = 0.5
/** A shorter fixed run has no time for two phases. */
const SHORTEST_TWO_PHASES_SECONDS = 60
const QUIET_SECONDS = 45
const WARM_UP_SECONDS = { least: 10, most: 60 }

const ACTION_ALARM: AlarmMargins = {
  latencyTypical: 0.1,
  latencyTail: 0.2,
  errors: 0.001,
  responses: 0.001,
}
const SERVICE_ALARM: AlarmMargins = {
  ...ACTION_ALARM,
  latencyTypical: 0.05,
  cpu: 0.1,
  memory: 0.25,
}
const SERVICE_PROOF: HealthMargins = {
  latencyTypical: 0.05,
  latencyTailShare: 0.025,
  errors: 0.005,
  responses: 0.005,
  cpu: 0.1,
  memory: 0.25,
}
const PROOFS: Readonly<Record<Tier, HealthMargins>> = {
  frequent: { latencyTypical: 0.1, latencyTailShare: 0.05, errors: 0.02, responses: 0.02 },
  occasional: { latencyTypical: 0.2, errors: 0.05, responses: 0.05 },
  rare: { latencyTypical: 0.2, errors: 0.05, responses: 0.05 },
}
/** Tiers by nominal pairs: rate × share × 60 s (STATISTICS 5). */
const NOMINAL_SECONDS = 60
const FREQUENT_PAIRS = 1000
const OCCASIONAL_PAIRS = 250

/**
 * The frozen plan.
 * @throws UsageError if there is no action, or `require` names one that the plan does not have
 */
export function freezePlan(settings: PlanSettings, actions: readonly PlanAction[]): Plan {
  checkActions(settings, actions)
  const planned = actions.map((action) => planAction(settings, action))
  const pooled = planned.filter(({ tier }) => tier === 'rare')
  const poolPairs = pooled.reduce((sum, { share }) => sum + nominalPairs(settings, share), 0)
  const blockSeconds = settings.block === 'auto' ? PROBE_BLOCK_SECONDS : settings.block
  const phases = phasesOf(settings)
  return {
    rate: settings.rate,
    concurrency: settings.concurrency,
    alpha: settings.alpha,
    alphaHealthy: settings.alphaHealthy,
    blockSeconds,
    maxStallSeconds: settings.maxStallSeconds,
    floorMs: settings.floorMs,
    timeoutMs: settings.timeoutMs,
    duration: settings.duration,
    minDurationSeconds: settings.minDurationSeconds,
    maxDurationSeconds: settings.maxDurationSeconds,
    warmup: settings.warmup,
    phases,
    repeatShare: Math.min(1, (settings.repeatsPerSecond ?? 0) / settings.rate),
    resources: settings.resources ?? [],
    focus: settings.focus ?? false,
    horizonBlocks: horizonOf(settings, phases, blockSeconds),
    actions: planned,
    service: {
      margin: alarmMargins(SERVICE_ALARM, settings.margins),
      healthyMargin: claimed(
        healthMargins(SERVICE_PROOF, settings.healthyMargins),
        planned.some(({ comparesAnswers }) => comparesAnswers),
        settings.resources ?? [],
      ),
    },
    rare: {
      judged: poolPairs >= OCCASIONAL_PAIRS,
      healthyMargin: claimed(
        healthMargins(PROOFS.rare, settings.healthyMargins),
        pooled.some(({ comparesAnswers }) => comparesAnswers),
      ),
    },
  }
}

/** Without the claims about what nobody measures. */
function claimed(
  { responses, cpu, memory, ...kept }: HealthMargins,
  comparesAnswers: boolean,
  resources: readonly ResourceMetric[] = [],
): HealthMargins {
  return {
    ...kept,
    ...(responses === undefined || !comparesAnswers ? {} : { responses }),
    ...(cpu === undefined || !resources.includes('cpu') ? {} : { cpu }),
    ...(memory === undefined || !resources.includes('memory') ? {} : { memory }),
  }
}

/** The hash that binds a report to its plan. */
export function planHashOf(plan: Plan): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(planToDocument(plan)))
    .digest('hex')
  return `sha256:${hash}`
}

/** The plan with other margins or another α: explicit ones replace those of every stream. */
export function replaceInPlan(
  plan: Plan,
  replace: {
    readonly alpha?: number
    readonly margins?: ExplicitMargins
    readonly healthyMargins?: ExplicitHealthyMargins
    readonly phases?: readonly Phase[]
  },
): Plan {
  const { alpha = plan.alpha, margins = {}, healthyMargins = {}, phases = plan.phases } = replace
  return {
    ...plan,
    alpha,
    phases,
    actions: plan.actions.map((planned) => ({
      ...planned,
      margin: alarmMargins(planned.margin, margins),
      healthyMargin: healthMargins(planned.healthyMargin, healthyMargins),
    })),
    service: {
      margin: alarmMargins(plan.service.margin, margins),
      healthyMargin: healthMargins(plan.service.healthyMargin, healthyMargins),
    },
    rare: {
      judged: plan.rare.judged,
      healthyMargin: healthMargins(plan.rare.healthyMargin, healthyMargins),
    },
  }
}

/** Least and most seconds of the warm-up; equal where its length is fixed. */
export function warmUpLimits(plan: Pick<Plan, 'warmup' | 'duration'>): {
  readonly minSeconds: number
  readonly maxSeconds: number
} {
  if (plan.warmup !== 'auto') return { minSeconds: plan.warmup, maxSeconds: plan.warmup }
  const most = plan.duration === 'auto' ? Infinity : plan.duration / 4
  return {
    minSeconds: Math.min(WARM_UP_SECONDS.least, most),
    maxSeconds: Math.min(WARM_UP_SECONDS.most, most),
  }
}

/** The longest quiet phase; Infinity where no other phase follows. */
export function quietLimitSeconds(
  plan: Pick<Plan, 'duration' | 'phases'>,
  warmupSeconds: number,
): number {
  if (plan.phases.length === 1) return Infinity
  if (plan.duration === 'auto') return QUIET_SECONDS
  return Math.min(QUIET_SECONDS, (plan.duration - warmupSeconds) / 3)
}

/** Where the run ends at the latest, in seconds from its start. */
export function endSecondsOf(plan: Pick<Plan, 'duration' | 'maxDurationSeconds'>): number {
  return plan.duration === 'auto' ? plan.maxDurationSeconds : plan.duration
}

function checkActions(settings: PlanSettings, actions: readonly PlanAction[]): void {
  if (actions.length === 0) {
    throw new UsageError('Cannot plan the run: it has no action', {
      code: 'no-actions',
      mend: 'give profiles whose actions are in the ontology',
    })
  }
  const names = actions.map(({ action }) => action)
  for (const name of settings.require ?? []) {
    if (names.includes(name)) continue
    throw new UsageError(`Cannot plan the run: required action "${name}" is not sent`, {
      code: 'unknown-action',
      where: '--require',
      mend: suggest(name, names),
    })
  }
}

function planAction(
  settings: PlanSettings,
  { action, share, document, comparesAnswers = false }: PlanAction,
): PlannedAction {
  const tier = tierOf(settings, action, share, document)
  const proof = tier === 'rare' ? {} : healthMargins(PROOFS[tier], settings.healthyMargins)
  const margin = document?.margin ?? {}
  const healthy = document?.healthy_margin ?? {}
  const slo = document?.slo.error_rate
  return {
    action,
    share,
    tier,
    required: tier !== 'rare',
    comparesAnswers,
    ...(slo === undefined ? {} : { sloErrorRate: slo }),
    margin: alarmMargins(alarmMargins(ACTION_ALARM, settings.margins), margin),
    healthyMargin:
      tier === 'rare' ? {} : claimed({ ...proof, ...explicitHealth(healthy) }, comparesAnswers),
  }
}

/** `--require` replaces the first two tiers, `require: true` adds to them. */
function tierOf(
  settings: PlanSettings,
  action: string,
  share: number,
  document: ActionDocument | undefined,
): Tier {
  if (document?.require === true || settings.require?.includes(action) === true) return 'frequent'
  if (settings.require !== undefined) return 'rare'
  const pairs = nominalPairs(settings, share)
  if (pairs >= FREQUENT_PAIRS) return 'frequent'
  return pairs >= OCCASIONAL_PAIRS ? 'occasional' : 'rare'
}

function nominalPairs(settings: PlanSettings, share: number): number {
  // Three equal shares at 50 pairs/s are 1000 pairs each, not 999.999….
  return Math.round(settings.rate * share * NOMINAL_SECONDS)
}

function phasesOf(settings: PlanSettings): readonly Phase[] {
  const short = settings.duration !== 'auto' && settings.duration < SHORTEST_TWO_PHASES_SECONDS
  if (short) return ['load']
  // The order is the house's: quiet first, whatever the order they were asked in.
  return (['quiet', 'load'] as const).filter((phase) => settings.phases.includes(phase))
}

function horizonOf(
  settings: PlanSettings,
  phases: readonly Phase[],
  blockSeconds: number,
): Plan['horizonBlocks'] {
  const seconds = endSecondsOf(settings)
  const warmup = warmUpLimits(settings).minSeconds
  const quiet = Math.min(quietLimitSeconds({ ...settings, phases }, warmup), seconds - warmup)
  const load = seconds - warmup - (phases.length === 2 ? quiet : 0)
  const blocks = (phaseSeconds: number): number =>
    Math.max(1, Math.round(phaseSeconds / blockSeconds))
  return { quiet: blocks(quiet), load: blocks(load) }
}

function alarmMargins(defaults: AlarmMargins, explicit: MarginsOf<ExplicitMargins>): AlarmMargins {
  return {
    latencyTypical: explicit.latency_typical ?? defaults.latencyTypical,
    latencyTail: explicit.latency_tail ?? defaults.latencyTail,
    errors: explicit.errors ?? defaults.errors,
    responses: explicit.responses ?? defaults.responses,
    ...withoutGaps({
      cpu: explicit.cpu ?? defaults.cpu,
      memory: explicit.memory ?? defaults.memory,
    }),
  }
}

/** Explicit margins replace those that a tier has; they do not add claims to it. */
function healthMargins(
  defaults: HealthMargins,
  explicit: MarginsOf<ExplicitHealthyMargins>,
): HealthMargins {
  const given = explicitHealth(explicit)
  const kept = Object.keys(defaults).map((metric) => [metric, Reflect.get(given, metric)] as const)
  return { ...defaults, ...Object.fromEntries(kept.filter(([, margin]) => margin !== undefined)) }
}

function explicitHealth(explicit: MarginsOf<ExplicitHealthyMargins>): HealthMargins {
  const { latency_typical: latencyTypical, latency_tail_share: latencyTailShare } = explicit
  const { errors, responses, cpu, memory } = explicit
  return withoutGaps({ latencyTypical, latencyTailShare, errors, responses, cpu, memory })
}

type Gapless<Values> = { [Key in keyof Values]?: NonNullable<Values[Key]> }

function withoutGaps<Values extends Record<string, number | undefined>>(
  values: Values,
): Gapless<Values> {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept) as Gapless<Values>
}
