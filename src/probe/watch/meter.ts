/** What is asked for the CPU and memory of an arm, and what it says. */

import type { Arm } from '../../core/arm.ts'

/** What one process has used up to now. Counters grow; a smaller one means another process. */
export interface Usage {
  /** The name of the process: its address, its label `instance`, or its pid. */
  readonly instance: string
  readonly cpuSeconds?: number
  readonly rssBytes?: number
  readonly requests?: number
  /** When the process began, in seconds since 1970, where that is told. */
  readonly startedAt?: number
  /** Which CPU counters were added up; others cannot be subtracted from these. */
  readonly members?: string
}

export interface Said {
  readonly usages: readonly Usage[]
  /**
   * Whether somebody in between may say the same measurement twice; then equal values mean that
   * nothing was measured anew.
   */
  readonly mayRepeat: boolean
  /** Whether requests are asked for; a usage without them was not counted, or not yet. */
  readonly countsRequests: boolean
  /** What a person should know, such as a warning of Prometheus. */
  readonly remarks: readonly string[]
}

/** One place that is asked. */
export interface Meter {
  readonly arm: Arm
  /** How people are told of it: an address without its query, or `pid 4711`. */
  readonly place: string
  /** @throws MeterFault; anything else is a bug */
  read(signal: AbortSignal): Promise<Said>
  /** What can be told about this place before a run; too slow for every second. */
  lookAround?(): Promise<readonly string[]>
  close(): void
}

/** What a fault is about: who must act, and how. */
export type FaultKind =
  /** Nobody answers. */
  | 'unreachable'
  /** What answers says no. */
  | 'refused'
  /** Something answers that is not understood. */
  | 'garbage'
  /** What is understood lacks CPU and memory. */
  | 'nothing-measured'
  /** The process is not there, and will not come back. */
  | 'no-process'

/** A place could not be read. The message completes the sentence "http://… <message>". */
export class MeterFault extends Error {
  override name = 'MeterFault'
  readonly kind: FaultKind
  readonly mend: string

  constructor(kind: FaultKind, message: string, mend: string) {
    super(message)
    this.kind = kind
    this.mend = mend
  }
}

/** The same for the same series in any order. */
export function membersOf(labels: readonly ReadonlyMap<string, string>[]): string {
  return labels
    .map((pairs) => JSON.stringify([...pairs].map((pair) => pair.join('=')).toSorted()))
    .toSorted()
    .join()
}

const SHOWN = 200

/** What a stranger said, short and on one line, for a message of ours. */
export function quoted(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line
}
