/** What follows a try to tell an alert: done, once more after a while, or never again. Pure. */

import type { Answer } from './post.ts'

export type NextStep =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly afterMs: number; readonly problem: string }
  | { readonly kind: 'given-up'; readonly problem: string }

const FIRST_DELAY_MS = 1000
const LONGEST_DELAY_MS = 300_000
/** What a receiver may ask for by `Retry-After`. */
const LONGEST_WISH_MS = 3_600_000
/** The part of a delay that chance may take away, so that many senders do not come back at once. */
const JITTER = 0.2

const MOST_REFUSALS = 3
const MOST_TRIES = 40
const LONGEST_AGE_MS = 24 * 3_600_000

/**
 * @param tries so far, the answered one included
 * @param ageMs of the change that is told
 * @param chance in [0, 1)
 */
export function nextStep(
  answer: Answer,
  { tries, ageMs }: { readonly tries: number; readonly ageMs: number },
  chance: number,
): NextStep {
  if (answer.kind === 'delivered') return { kind: 'delivered' }
  const { problem } = answer
  // Taken back by our own end: it counts as no failure of the receiver.
  if (answer.kind === 'stopped') return { kind: 'again', afterMs: 0, problem }
  if (answer.kind === 'refused' && tries >= MOST_REFUSALS) return { kind: 'given-up', problem }
  if (tries >= MOST_TRIES || ageMs >= LONGEST_AGE_MS) return { kind: 'given-up', problem }
  const delayMs = delayAfter(tries) * (1 - JITTER * chance)
  const wishMs = Math.min(LONGEST_WISH_MS, answer.retryAfterMs ?? 0)
  return { kind: 'again', afterMs: Math.ceil(Math.max(delayMs, wishMs)), problem }
}

/** 1 s, 2 s, 4 s … 300 s. */
function delayAfter(tries: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(tries - 1, 20))
}
