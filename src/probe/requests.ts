/** What a probe or a generation is asked for, and what one gets back while it runs. */

import type { Ontology } from '../actions/ontology.ts'
import type { SelfTestHooks, SelfTestSizes } from '../analysis/self-test/self-test.ts'
import type { Arm } from '../core/arm.ts'
import type { Arrivals, Config } from '../core/contract/config.ts'
import type { Plan } from '../core/contract/plan.ts'
import type { Report } from '../core/contract/report.ts'
import type { Metric } from '../core/verdict.ts'
import type { GenerationSummary } from '../generator/generation.ts'
import type { CapacityRequest } from './capacity/capacity.ts'
import type { ProfileChoice, ReachChoice, TargetChoice } from './choose.ts'
import type { ProbeEvent } from './events.ts'
import type { Series } from './series.ts'

/** What a request or a flag says beside the configuration; left out = as configured. */
export interface ProbeOverrides {
  readonly duration?: 'auto' | number
  readonly minDurationSeconds?: number
  readonly maxDurationSeconds?: number
  readonly warmup?: 'auto' | number
  readonly phases?: Config['probe']['phases']
  readonly rate?: number
  readonly maxRps?: number
  readonly concurrency?: number
  readonly arrivals?: Config['probe']['arrivals']
  readonly timeScale?: Config['probe']['time_scale']
  readonly rampSeconds?: number
  readonly workers?: Config['probe']['workers']
  readonly seed?: number
  readonly alpha?: number
  readonly margins?: Config['analysis']['margins']
  readonly healthyMargins?: Config['analysis']['healthy_margins']
  readonly require?: readonly string[]
  readonly allowMutations?: boolean
  readonly timeoutMs?: number
  /** Sessions tilt towards required actions that are still undecided. */
  readonly focus?: boolean
}

export interface ProbeRequest extends ReachChoice {
  readonly target: TargetChoice
  /** Left out = the configured one (or that of the population). */
  readonly ontology?: Ontology
  /** Left out = the database's profiles by the configured criteria. */
  readonly profiles?: ProfileChoice
  readonly overrides?: ProbeOverrides
  /** NDJSON file that gets every sample. */
  readonly samplesFile?: string
  readonly iOwnThis?: boolean
  /** What people call the run; default: the target. */
  readonly name?: string
  /** Both arms are the baseline: how far apart are equal arms here? */
  readonly aa?: boolean
  /** Plants regressions of these sizes into a copy of the canary's samples at the end. */
  readonly selfTest?: {
    readonly sizes: SelfTestSizes
    readonly starting?: SelfTestHooks['starting']
  }
  /** Measures the highest rate that each arm sustains, after the run. */
  readonly capacity?: CapacityRequest
}

export interface RunningProbe {
  readonly id: string
  readonly plan: Plan
  readonly name: string
  readonly addresses: Readonly<Partial<Record<Arm, string>>>
  readonly seed: number
  /** Past events from `afterSeq` on (bounded: the oldest are forgotten), then each new one. */
  watch(afterSeq: number, listener: (event: ProbeEvent) => void): () => void
  /** The oldest `seq` that `watch` can still tell. */
  oldestSeq(): number
  /** Undefined for an action the plan does not have. */
  series(action: string, metric: Metric): Series | undefined
  /** Ends the run early; `done` then resolves with a partial report. */
  stop(): void
  /** Rejects with an OutriderError when the run could not be carried out. */
  readonly done: Promise<Report>
}

export interface GenerationRequest extends ReachChoice {
  readonly target:
    | { readonly kind: 'configured'; readonly url: string }
    | { readonly kind: 'address'; readonly url: string }
  readonly ontology?: Ontology
  readonly profiles?: ProfileChoice
  readonly durationSeconds: number
  readonly concurrency: number
  readonly seed?: number
  readonly rate?: number
  readonly maxRps?: number
  readonly arrivals?: Arrivals
  readonly timeScale?: Config['probe']['time_scale']
  readonly rampSeconds?: number
  readonly workers?: Config['probe']['workers']
  readonly allowMutations?: boolean
  readonly timeoutMs?: number
  readonly samplesFile?: string
  readonly iOwnThis?: boolean
}

export interface RunningGeneration {
  readonly id: string
  status(): 'running' | 'done' | 'failed'
  progress(): GenerationSummary
  stop(): void
  readonly done: Promise<GenerationSummary & { readonly delivered: boolean }>
}
