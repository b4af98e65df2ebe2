/**
 * Waker: calls at a moment, nearer to it than a timer can.
 *
 * A timer of Node fires up to a millisecond and a half late, and that delay is in every latency,
 * because latencies count from the intended moment: a service that answers in two milliseconds would
 * look like one that needs three, in both arms, and a difference of the arms would look smaller than
 * it is. So the timer is set a little early, and the rest is waited for turn by turn of the event
 * loop, which goes on serving what arrives. That takes CPU, so it is done only where the moments lie
 * far apart, as in a probe, and within a budget; where there are hundreds a second a timer has to do.
 */

import type { Clock } from '../../core/clock.ts'

export interface Waker {
  /** Calls once at this moment (clock ms) or shortly after it; an earlier wish is forgotten. */
  wakeAt(atMs: number): void
  /** Forgets what was wished for. */
  rest(): void
}

/** The timer is set so much earlier. */
const EARLY_MS = 2
/** What may be spent on waiting turn by turn, as a share of one core, and saved up of it. */
const SHARE = 0.2
const MOST_SAVED_MS = 20
/** Moments that lie nearer together than this in the mean are left to timers. */
const SPARSE_MS = 6
/** How much of the mean gap the newest one is. */
const NEWEST = 0.1

export function createWaker(clock: Clock, call: () => void): Waker {
  let timer: NodeJS.Timeout | undefined
  let turn: NodeJS.Immediate | undefined
  let wishedMs = 0
  let turningSinceMs: number | undefined
  let savedMs = MOST_SAVED_MS
  let countedMs = clock.nowMs()
  let calledMs = countedMs
  let meanGapMs = SPARSE_MS

  /** The budget as it is now. */
  function account(nowMs: number): void {
    savedMs = Math.min(MOST_SAVED_MS, savedMs + SHARE * (nowMs - countedMs))
    countedMs = nowMs
    if (turningSinceMs === undefined) return
    savedMs -= nowMs - turningSinceMs
    turningSinceMs = undefined
  }

  function rest(): void {
    account(clock.nowMs())
    clearTimeout(timer)
    clearImmediate(turn)
  }

  function arrive(): void {
    const nowMs = clock.nowMs()
    account(nowMs)
    meanGapMs += NEWEST * (nowMs - calledMs - meanGapMs)
    calledMs = nowMs
    call()
  }

  /** Timers count whole milliseconds of a clock of their own, and may ring up to one too early. */
  function ring(): void {
    if (clock.nowMs() < wishedMs) timer = setTimeout(ring, 1)
    else arrive()
  }

  function turnOnce(): void {
    if (clock.nowMs() < wishedMs) turn = setImmediate(turnOnce)
    else arrive()
  }

  function near(): void {
    turningSinceMs = clock.nowMs()
    // Never at once: who is called may wish for a moment that is there already.
    turn = setImmediate(turnOnce)
  }

  return {
    rest,
    wakeAt(atMs) {
      rest()
      wishedMs = atMs
      const waitMs = atMs - clock.nowMs()
      const isDear = savedMs < EARLY_MS || meanGapMs < SPARSE_MS
      if (isDear) timer = setTimeout(ring, Math.max(1, Math.ceil(waitMs)))
      else if (waitMs > EARLY_MS + 1) timer = setTimeout(near, Math.floor(waitMs - EARLY_MS))
      else near()
    },
  }
}
