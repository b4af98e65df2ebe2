/** What the twins of a rollout are made of. */

import type { RolloutJudge } from '../../analysis/rollout/judge.ts'
import type { Clock } from '../../core/clock.ts'
import type { Report, Skipped } from '../../core/contract/report.ts'
import type { TwinsOptions } from '../../core/twins.ts'
import type { WatchSource } from '../watch/sources.ts'
import type { RunInput } from './leg-input.ts'
import type { TwinsSnapshot } from './snapshot.ts'

export interface TwinsParts {
  readonly options: TwinsOptions
  readonly clock: Clock
  readonly runId: string
  readonly startedAt: string
  readonly planHash: string
  readonly input: RunInput
  readonly skipped: readonly Skipped[]
  /** Where CPU and memory of the arms are read. */
  readonly sources: readonly WatchSource[]
  readonly judge: RolloutJudge
  /** Pairs per second of the climb, within the caps. */
  readonly rate: number
  /** What an earlier process wrote down of this run. */
  readonly restored?: TwinsSnapshot
  /** What people should know from the start. */
  readonly note?: string
  readonly restartAfterMs: number
  /** Stores the report. */
  readonly keep: (report: Report) => void
  /** Gives the target free. */
  readonly release: () => void
}
