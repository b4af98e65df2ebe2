/**
 * Long work that is done in slices, so that somebody can look how far it is, and stop it: a generator
 * that yields, now and then, the share that is done.
 */

import { setImmediate } from 'node:timers/promises'

/** Yields shares in [0, 1] that grow; the result is what it returns. */
export type Sliced<Value> = Generator<number, Value, void>

export interface Turns {
  /** Asked between two slices. */
  readonly isStopped: () => boolean
  readonly onShare: (share: number) => void
}

/** How long the event loop waits for a slice, as far as slices are that short. */
const TURN_MS = 50

/** All of it, without a look at anything else. */
export function atOnce<Value>(work: Sliced<Value>): Value {
  for (;;) {
    const next = work.next()
    if (next.done === true) return next.value
  }
}

/** Lets the event loop run between slices; undefined where it was stopped. */
export async function inTurns<Value>(
  work: Sliced<Value>,
  { isStopped, onShare }: Turns,
): Promise<Value | undefined> {
  let turnMs = performance.now()
  for (;;) {
    const next = work.next()
    if (next.done === true) return next.value
    if (performance.now() - turnMs < TURN_MS) continue
    onShare(next.value)
    // eslint-disable-next-line no-await-in-loop -- that is the turn of the others
    await setImmediate()
    if (isStopped()) return undefined
    turnMs = performance.now()
  }
}

/** A part of larger work: from one share of it to another. */
export function* within<Value>(from: number, to: number, work: Sliced<Value>): Sliced<Value> {
  for (;;) {
    const next = work.next()
    if (next.done === true) return next.value
    yield from + (to - from) * next.value
  }
}

/** Items of one slice. */
const SLICE = 4096

/** Calls `see` with each item. */
export function* eachSliced<Item>(
  items: readonly Item[],
  see: (item: Item) => void,
): Sliced<undefined> {
  let index = 0
  for (const item of items) {
    see(item)
    index += 1
    if (index % SLICE === 0) yield index / items.length
  }
  return undefined
}
