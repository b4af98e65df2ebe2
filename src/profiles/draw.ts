/**
 * A random draw that anyone can repeat: the same profiles and seed give the same draw, in whatever
 * order the profiles were stored.
 *
 * Positions are one fixed random order of all users. Of a few thousand matches all positions are
 * read and a seeded sample is taken: every subset is equally likely. Of more, a stretch of that
 * order is read from a seeded place on, and the sample is taken from the stretch: any stretch is a
 * random sample of the users, because their order is. What this costs: draws of two seeds overlap
 * when their places are near.
 */

import { createRandom, type Random } from '../core/random.ts'
import { POSITIONS } from '../../profiles-db/blocks/layout.ts'
import type { Selection } from './query.ts'

/** Up to this many matches are all read. */
const READ_ALL = 10_000
/** The shortest stretch, so that the gap before a user does not decide who is drawn. */
const SHORTEST_STRETCH = 1000

/** Up to `count` different positions of the selection, in random order. */
export function drawPositions(selection: Selection, count: number, seed: number): number[] {
  const random = createRandom(seed, 'draw')
  const stretch =
    selection.count(READ_ALL) <= READ_ALL
      ? selection.walk(0, READ_ALL)
      : readStretch(selection, Math.max(count, SHORTEST_STRETCH), random)
  return sampleOf(stretch, count, random)
}

function readStretch(selection: Selection, length: number, random: Random): number[] {
  const start = random.int(POSITIONS)
  const ahead = selection.walk(start, length)
  if (ahead.length === length) return ahead
  const wrapped = selection.walk(0, length - ahead.length)
  return [...ahead, ...wrapped.filter((position) => position < start)]
}

/** The first steps of the shuffle of Fisher and Yates (Durstenfeld 1964). */
function sampleOf<Item>(items: readonly Item[], count: number, random: Random): Item[] {
  const left = [...items]
  const drawn: Item[] = []
  while (drawn.length < count && left.length > 0) {
    const index = random.int(left.length)
    const [item] = left.slice(index, index + 1)
    const last = left.pop()
    if (item === undefined || last === undefined) break
    if (index < left.length) left[index] = last
    drawn.push(item)
  }
  return drawn
}
