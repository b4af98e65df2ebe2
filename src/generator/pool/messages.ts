/** What the threads of a generation and the one that started them say to each other. */

import type { OntologyDocument } from '../../core/contract/ontology.ts'
import type { Profile } from '../../core/contract/profile.ts'
import type { GeneratorReading } from '../../core/contract/sample.ts'
import type { Reach } from '../client.ts'
import type { Pace, Shard } from '../schedule.ts'
import type { TrafficCounts } from '../traffic.ts'
import type { TallyDelta } from './tally.ts'

export interface PlayerInput {
  readonly runId: string
  readonly url: string
  readonly reach: Reach
  readonly ontology: { readonly document: OntologyDocument; readonly file: string }
  readonly profiles: readonly Profile[]
  readonly seed: number
  readonly skipped: readonly string[]
  readonly secrets: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  /** Of all threads together. */
  readonly maxRps: number
  /** Of all threads together. */
  readonly pace: Pace
  readonly shard: Shard
  readonly durationSeconds: number
  /** Whether the samples are sent along as NDJSON lines. */
  readonly wantsSamples: boolean
}

export type ToPlayer =
  /** All begin at this moment, by the clock that the threads of a process share. */
  | { readonly kind: 'start'; readonly atMs: number }
  /** One more of the deltas is worked on: its lines are written. */
  | { readonly kind: 'taken'; readonly characters: number }
  /** The target asked another thread for a pause. */
  | { readonly kind: 'pause'; readonly waitMs: number }
  /** What is in flight may end, and sessions cut short clean up. */
  | { readonly kind: 'stop' }
  /** What is in flight ends at once. */
  | { readonly kind: 'abort' }

export interface PlayerDelta {
  readonly tally: TallyDelta
  /** Running totals. */
  readonly counts: TrafficCounts
  /** About once a second. */
  readonly reading?: GeneratorReading
  /** Seconds, in all, for which nothing new was sent because too many lines waited. */
  readonly heldSeconds: number
  /** Samples; empty if nobody wants them. */
  readonly lines: string
}

export type FromPlayer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'delta'; readonly delta: PlayerDelta }
  | { readonly kind: 'paused'; readonly waitMs: number }
  /** Nothing is in flight any more, and no connection is open. */
  | { readonly kind: 'ended'; readonly delta: PlayerDelta }
  | { readonly kind: 'failed'; readonly error: string }
