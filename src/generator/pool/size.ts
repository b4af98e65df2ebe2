/** Size: how many threads send a traffic. */

import { availableParallelism } from 'node:os'
import { mostShards } from '../schedule.ts'

/** What one thread sends without its own pacing showing in the latencies (measured: 5 000). */
const RATE_OF_ONE = 4_000
/** Users back to back that saturate one thread. */
const USERS_OF_ONE = 256

export interface LoadToSplit {
  /** Requests per second over all arms; left out = as fast as the users get their answers. */
  readonly rate?: number
  readonly concurrency: number
  /** Of one arm. */
  readonly maxRps: number
}

/**
 * What was asked for, else as many threads as the load needs and one core less than there are. Never
 * more than there are users, nor so many that a cap could not be split between them.
 * @param cores of this machine
 */
export function workersFor(
  asked: 'auto' | number,
  { rate, concurrency, maxRps }: LoadToSplit,
  cores: number = availableParallelism(),
): number {
  const most = mostShards(maxRps, concurrency)
  if (asked !== 'auto') return Math.min(asked, most)
  const wanted = rate === undefined ? concurrency / USERS_OF_ONE : rate / RATE_OF_ONE
  return Math.max(1, Math.min(Math.ceil(wanted), cores - 1, most))
}
