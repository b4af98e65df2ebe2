/**
 * Draw: which profile each session plays.
 *
 * By nature every profile is equally likely. With a focus (actions that a run still has to learn
 * about) half of the sessions are drawn from the profiles weighted by how many steps of these
 * actions their session has, so that a session without any is never among them. The others stay as
 * they were: at least half of the sessions are natural at every moment, and the same ones that
 * they would be without a focus. Seed, number and focus decide, never the timing; so a focus that
 * is chosen from closed blocks keeps the next sessions predictable.
 *
 * Which half: not every second number, because one of two threads would then play all of them. The
 * Thue–Morse sequence has as many of both kinds in any start, and nearly so in every k-th place of
 * it (Allouche and Shallit 1999, The Ubiquitous Prouhet–Thue–Morse Sequence).
 */

import { createRandom } from '../../core/random.ts'

export interface ProfileDraw {
  /** Index of the profile that session `number`, counted from 1, plays. */
  profile(number: number): number
  /** From the next session on; an action that no profile has weighs nothing, none is natural. */
  focus(actions: readonly string[]): void
}

/** Profile of a session by nature: uniform, by seed and number alone. */
export function drawProfile(seed: number, number: number, profiles: number): number {
  return createRandom(seed).fork(`session:${number}`).int(profiles)
}

/** Whether session `number`, counted from 1, is drawn by nature even if there is a focus. */
export function isNatural(number: number): boolean {
  if (number === 1) return true
  let bits = number - 2
  let isEven = true
  for (; bits > 0; bits = Math.floor(bits / 2)) if (bits % 2 === 1) isEven = !isEven
  return isEven
}

/** @param sessions for each profile, the actions of its session in order; at least one profile */
export function createDraw(seed: number, sessions: readonly (readonly string[])[]): ProfileDraw {
  const { actions, starts, ids, counts } = countSteps(sessions)
  const cumulative = new Float64Array(sessions.length)
  let total = 0

  return {
    profile(number) {
      if (total === 0 || isNatural(number)) return drawProfile(seed, number, sessions.length)
      const random = createRandom(seed).fork(`focus:${number}`)
      return firstAbove(cumulative, random.next() * total)
    },
    focus(focused) {
      const isFocused = new Uint8Array(actions.size)
      for (const action of focused) {
        const id = actions.get(action)
        if (id !== undefined) isFocused[id] = 1
      }
      total = 0
      for (let profile = 0; profile < sessions.length; profile += 1) {
        const end = starts[profile + 1] ?? 0
        for (let at = starts[profile] ?? 0; at < end; at += 1) {
          if (isFocused[ids[at] ?? 0] === 1) total += counts[at] ?? 0
        }
        cumulative[profile] = total
      }
    },
  }
}

interface StepCounts {
  readonly actions: ReadonlyMap<string, number>
  /** Where the entries of each profile begin, and where the last one's end. */
  readonly starts: Uint32Array
  /** Of each entry the action, and how many steps of it the profile has. */
  readonly ids: Uint32Array
  readonly counts: Uint32Array
}

/** Flat, because a focus changes in the middle of a measurement: 5000 profiles take 0.3 ms. */
function countSteps(sessions: readonly (readonly string[])[]): StepCounts {
  const actions = new Map<string, number>()
  const starts = new Uint32Array(sessions.length + 1)
  const ids: number[] = []
  const counts: number[] = []
  for (const [profile, names] of sessions.entries()) {
    const own = new Map<number, number>()
    for (const name of names) {
      const id = actions.get(name) ?? actions.size
      actions.set(name, id)
      own.set(id, (own.get(id) ?? 0) + 1)
    }
    for (const [id, count] of own) {
      ids.push(id)
      counts.push(count)
    }
    starts[profile + 1] = ids.length
  }
  return { actions, starts, ids: Uint32Array.from(ids), counts: Uint32Array.from(counts) }
}

/** The first index whose cumulative weight is above `value`, which is below the last one. */
function firstAbove(cumulative: Float64Array, value: number): number {
  let low = 0
  let high = cumulative.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((cumulative[middle] ?? 0) > value) high = middle
    else low = middle + 1
  }
  return low
}
