/**
 * Twins: in which order the arms of one pair are sent. Pure.
 *
 * Of two requests that leave in the same tick the second one is a few per cent slower: its bytes
 * are written later and its answer is read later. A fixed order would blame the arm that always
 * goes second, so a coin per pair decides. The coin is a hash of seed and pair, not a draw from a
 * stream: it can be replayed from the samples, whatever the timing (STATISTICS.md 6).
 */

import type { Arm } from '../core/arm.ts'
import { hash53 } from '../core/random.ts'

/**
 * The arms in the order in which they are sent: an odd hash puts the canary before the baseline;
 * further bits of it choose the place of the control.
 */
export function orderOfArms<Part extends { readonly arm: Arm }>(
  seed: number,
  pair: string,
  arms: readonly Part[],
): Part[] {
  const order = arms.filter(({ arm }) => arm !== 'control')
  const control = arms.find(({ arm }) => arm === 'control')
  const hash = hash53(seed, `order:${pair}`)
  if (hash % 2 === 1) order.reverse()
  if (control !== undefined) order.splice(Math.floor(hash / 2) % (order.length + 1), 0, control)
  return order
}

/**
 * Whether the twins of this pair are asked twice: a coin of its own that says so for `share` of the
 * pairs (0 to 1), whatever the timing.
 */
export function isRepeated(seed: number, pair: string, share: number): boolean {
  return hash53(seed, `repeat:${pair}`) < share * 2 ** 53
}
