/**
 * The end of a block: only at a moment when neither arm is stalled.
 *
 * Problem: a stall that crosses the end of a block makes the next score predictable from the last,
 * and that is the one real threat to the guarantee (fixed one-second blocks: 44 to 51 % false
 * alarms where stalls last a second). Idea: close only when the last few requests of both arms came
 * back in time, so a stall lies inside one block; the rule treats the arms alike, so a swap of the
 * arms would have closed at the same moment. A lasting slow-down looks like an endless stall, so
 * the wait has a cap that halves each time it is used, and grows back after ten quiet ends.
 * Source: STATISTICS 2. Left: "nothing in flight is older than lim", which one slow request in a
 * hundred keeps open.
 */

import type { Arm } from '../core/arm.ts'

type Twin = 'baseline' | 'canary'

export type CloserAnswer =
  | { readonly kind: 'wait' }
  /** `capped`: the arms that were still stalled; empty for a quiet end. */
  | { readonly kind: 'close'; readonly capped: Arm[] }

/** What one generator thread knows of the stalls of both arms. */
export interface StallWatch {
  /** @param id the same at the end; unique among the requests in flight of the arm */
  started(arm: Twin, id: string, action: number, nowMs: number): void
  ended(arm: Twin, id: string, nowMs: number): void
  /** The arms that are stalled now. @param limMs by action */
  stalled(nowMs: number, limMs: (action: number) => number): Arm[]
}

/** Whether the block ends now, from what all threads say of their stalls. */
export interface ClosingRule {
  /** To be asked about every 20 ms. @param stalled every arm that some thread calls stalled */
  ask(nowMs: number, stalled: readonly Arm[]): CloserAnswer
}

/** The rule and the watch of a run with one generator thread. */
export interface BlockCloser extends Pick<StallWatch, 'started' | 'ended'> {
  /** Whether the block ends now; to be asked about every 20 ms. @param limMs by action */
  ask(nowMs: number, limMs: (action: number) => number): CloserAnswer
}

export interface ClosingOptions {
  readonly startMs: number
  readonly blockMs: number
  /** The longest stall that one block can hold. */
  readonly maxStallMs: number
}

/** The last requests that are asked; a strict majority of them decides. */
const VOTERS = 3
/** They started at most this long before the moment they are judged at. */
const WINDOW_MS = 1000
const QUIET_ENDS_TO_FORGIVE = 10
/** Requests kept in an arm; at 1000 a second these are more than ten seconds. */
const MOST_REQUESTS = 16_384

interface Request {
  readonly action: number
  readonly startedMs: number
  endedMs: number | undefined
}

export function createBlockCloser(options: ClosingOptions): BlockCloser {
  const watch = createStallWatch()
  const rule = createClosingRule(options)
  return {
    started: (arm, id, action, nowMs) => watch.started(arm, id, action, nowMs),
    ended: (arm, id, nowMs) => watch.ended(arm, id, nowMs),
    ask: (nowMs, limMs) => rule.ask(nowMs, watch.stalled(nowMs, limMs)),
  }
}

export function createStallWatch(): StallWatch {
  const arms = { baseline: createWatch(), canary: createWatch() }
  return {
    started: (arm, id, action, nowMs) => arms[arm].started(id, action, nowMs),
    ended: (arm, id, nowMs) => arms[arm].ended(id, nowMs),
    stalled: (nowMs, limMs) =>
      (['baseline', 'canary'] as const).filter((arm) => arms[arm].stalled(nowMs, limMs)),
  }
}

export function createClosingRule(options: ClosingOptions): ClosingRule {
  let blockStartMs = options.startMs
  let capMs = options.maxStallMs
  let quietEnds = 0

  function close(nowMs: number, capped: Arm[]): CloserAnswer {
    blockStartMs = nowMs
    return { kind: 'close', capped }
  }

  return {
    ask(nowMs, stalled) {
      if (nowMs < blockStartMs + options.blockMs) return { kind: 'wait' }
      if (stalled.length === 0) {
        quietEnds += 1
        if (quietEnds >= QUIET_ENDS_TO_FORGIVE) capMs = options.maxStallMs
        return close(nowMs, [])
      }
      if (nowMs < blockStartMs + options.blockMs + capMs) return { kind: 'wait' }
      quietEnds = 0
      capMs /= 2
      if (capMs < options.blockMs / 4) capMs = 0
      return close(nowMs, [...stalled])
    },
  }
}

interface Watch {
  started(id: string, action: number, nowMs: number): void
  ended(id: string, nowMs: number): void
  stalled(nowMs: number, limMs: (action: number) => number): boolean
}

function createWatch(): Watch {
  let requests: Request[] = []
  const inFlight = new Map<string, Request>()

  return {
    started(id, action, nowMs) {
      const request = { action, startedMs: nowMs, endedMs: undefined }
      requests.push(request)
      inFlight.set(id, request)
      if (requests.length > MOST_REQUESTS) requests = requests.slice(-MOST_REQUESTS / 2)
    },
    ended(id, nowMs) {
      const request = inFlight.get(id)
      if (request === undefined) return
      request.endedMs = nowMs
      inFlight.delete(id)
    },
    stalled(nowMs, limMs) {
      let asked = 0
      let slow = 0
      let oldest = requests.length
      for (let index = requests.length - 1; index >= 0 && asked < VOTERS; index -= 1) {
        const request = requests[index]
        if (request === undefined) break
        const lim = limMs(request.action)
        const age = nowMs - request.startedMs
        if (age <= WINDOW_MS + lim) oldest = index
        if (age < lim || age > WINDOW_MS + lim) continue
        asked += 1
        if ((request.endedMs ?? nowMs) - request.startedMs > lim || request.endedMs === undefined) {
          slow += 1
        }
      }
      // Nothing before the oldest that is still in some window can be asked again.
      if (asked < VOTERS && oldest > 0) requests = requests.slice(oldest)
      return 2 * slow > asked
    },
  }
}
