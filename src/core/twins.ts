/**
 * The twins beside a rollout, as the allocator sees them: it asks for judgements and never knows how
 * they are made. The probe keeps to this; `outrider.ts` brings the two together.
 */

import type { Inquiry } from './contract/investigation.ts'
import type { ActionReport, Finding, Report } from './contract/report.ts'
import type { Metric } from './verdict.ts'

/** What the evidence says at this moment. */
export interface Judgement {
  /** Evidence of an earlier episode does not count any more. */
  readonly episode: number
  /** ln of the run's evidence in this phase, and ln(1/α) of this phase. */
  readonly lnRun: number
  readonly lnThreshold: number
  readonly alarm: boolean
  /** Every required stream is proven to be within its margin, now and all together. */
  readonly requiredHealthy: boolean
  /** The fixed rule: the canary fails outright while the baseline is well. */
  readonly critical: boolean
  /** The finding in words: `checkout is 1.31× slower (1.22–1.41)`. */
  readonly finding?: string
}

export interface GateResult {
  /** Which probe of the gate: 1 for the first. */
  readonly run: number
  readonly verdict: 'running' | 'healthy' | 'regressed' | 'inconclusive' | 'invalid'
  readonly finding?: string
}

/** What the twins measured since the last tick. */
export interface TwinFacts {
  /** Pairs sent ÷ pairs planned; 0 while they are down. */
  readonly deliveredShare: number
  /** Pairs of each required action. */
  readonly requiredPairs: Readonly<Record<string, number>>
  readonly generatorStrained: boolean
  /** The baseline fails by itself, in words; nothing can be said of the canary then. */
  readonly baselineIll?: string
  /** At least half of the blocks had no latency evidence, because the live load was unequal. */
  readonly unequalLoad: boolean
}

/** What the twins' canary did since `resetFigures`. */
export interface CanaryFigures {
  readonly requests: number
  readonly failures: number
  readonly p95Ms?: number
}

/** The state of the twins for those who watch. */
export interface TwinProgress {
  readonly phase: 'warm-up' | 'quiet' | 'load' | 'down'
  readonly plannedRate: number
  readonly deliveredRate: number
  readonly pairs: number
  readonly baselineFailureShare: number
  readonly generatorLagP99Ms: number
  /** Mean service time of the baseline's answers of late, in milliseconds. */
  readonly baselineMeanMs?: number
  readonly unequalLoad: boolean
  readonly actions: readonly ActionReport[]
  readonly findings: readonly Finding[]
  readonly lnRun: number
  readonly lnThreshold: number
  /** Of the gate: `Nothing found so far: 3 of 6 actions proven`. */
  readonly sentence: string
  /** Expected seconds to the end of the gate; left out while nothing is known. */
  readonly remainingSeconds?: number
  /** Why they are down, and when they start again. */
  readonly message?: string
}

export interface TwinSeriesPoint {
  /** Seconds from the end of the warm-up. */
  readonly at: number
  readonly phase: 'quiet' | 'load'
  readonly episode: number
  readonly lnEvidence: number
  readonly lnHealthyEvidence?: number
  readonly lnRun: number
  /** Current estimate of canary ÷ baseline, for a latency metric. */
  readonly ratio?: number
  readonly pairs: number
  /** Lowest and highest lnEvidence where blocks were joined into one point. */
  readonly minLnEvidence?: number
  readonly maxLnEvidence?: number
}

export interface TwinSeries {
  readonly action: string
  readonly metric: Metric
  readonly blockSeconds: number
  readonly lnThreshold: number
  readonly lnHealthyThreshold: number
  readonly points: readonly TwinSeriesPoint[]
  /** [quantile, ms] of each arm. */
  readonly quantiles: {
    readonly baseline: readonly (readonly [number, number])[]
    readonly canary: readonly (readonly [number, number])[]
  }
}

export interface TwinsOptions {
  /** Name of a configured target. */
  readonly target: string
  /** What people call the rollout. */
  readonly name: string
  /** The gate comes first; left out = straight to the climb. */
  readonly gate?: { readonly run: number; readonly maxSeconds: number }
  /** α of the quiet phase and of the load phase of episode 0, then of each later episode. */
  readonly alphas: {
    readonly quiet: number
    readonly load: number
    readonly later: readonly number[]
  }
  /** The episode that the rollout is in; above 0 only after a restart. */
  readonly episode: number
  /** Pairs per second while ramping; the gate has the rate of a probe. */
  readonly rate: number
  /** The longest that the rollout may last, for the planned length of the streams. */
  readonly maxSeconds: number
  readonly critical: {
    readonly failures: number
    readonly windowSeconds: number
    readonly minPairs: number
  }
  /** What `snapshot` gave before a restart: evidence goes on instead of beginning anew. */
  readonly snapshot?: string
}

/** Running twins. Nothing here throws once they run: trouble is told by facts and progress. */
export interface Twins {
  /** The run whose report is stored at the end. */
  readonly runId: string
  /** Undefined while there is no gate. */
  gate(): GateResult | undefined
  /** The gate is over or was skipped: on at the rate of the climb, with the same evidence. */
  ramp(): void
  /** Fresh evidence with the share of α of this episode, from the next block on. */
  beginEpisode(episode: number): void
  /** Whether latencies of the arms can be compared from now on; decided before a block begins. */
  compareLatencies(comparable: boolean): void
  /** Undefined before the first block of the present episode. */
  judgement(): Judgement | undefined
  /** Facts since the last call. */
  takeFacts(): TwinFacts
  figures(): CanaryFigures
  /** At a change of weight. */
  resetFigures(): void
  progress(): TwinProgress
  /** Undefined for an action the plan does not have. */
  series(action: string, metric: Metric): TwinSeries | undefined
  /** Calls at each new finding, once for each. */
  onFinding(listener: (finding: Finding) => void): void
  /** Calls after each closed block. */
  onBlock(listener: () => void): void
  /** What is known of a finding: segments, example exchanges, a curl line. Never rejects. */
  inquire(finding: Finding): Promise<Inquiry>
  /** Everything that is needed to go on after a restart. */
  snapshot(): string
  /** Ends the traffic; resolves with the report, which is stored. */
  stop(): Promise<Report>
}

/** The way to twins; each rejects with an OutriderError that names the mend. */
export interface TwinMaker {
  /** Looks whether a rollout on this target could be probed: actions, profiles, addresses answer. */
  check(target: string): Promise<void>
  /**
   * Resolves once the arms answered and the traffic has begun.
   * @throws CapacityError `target-busy` while another run uses the target
   */
  start(options: TwinsOptions): Promise<Twins>
}
