/**
 * When did it begin? A sum of half-sized bets that is reset whenever it falls to zero: the last
 * reset before an alarm is the likely onset (after Page 1954; STATISTICS 5).
 */

import { lnOnePlusTanh } from '../evidence.ts'

export interface Onset {
  sum: number
  /** Seconds at the end of the block of the last reset. */
  resetSeconds: number
}

export function createOnset(startSeconds: number): Onset {
  return { sum: 0, resetSeconds: startSeconds }
}

/** @param z the block's standardised score, from `updateEvidence` */
export function updateOnset(onset: Onset, z: number, endSeconds: number): void {
  onset.sum = Math.max(0, onset.sum + lnOnePlusTanh(z / 2))
  if (onset.sum === 0) onset.resetSeconds = endSeconds
}
