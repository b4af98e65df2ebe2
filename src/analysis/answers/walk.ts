/**
 * The walk through two JSON documents, side by side, that finds where they differ.
 *
 * Objects are compared by name, arrays by index, with two exceptions that would flood a diff: the
 * same elements in another order are one difference of the array, and so are elements that were put
 * in or taken out. To see that, elements that differ by index are looked up by all they hold.
 *
 * Answers are hostile: nesting is followed to a depth, the work is bounded, and what is left over
 * then is reported as one difference.
 */

import { Elements } from './elements.ts'
import type { IgnoredPlace } from './ignored.ts'
import { isList, isRecord, type Json } from './json.ts'
import type { OwnWords } from './own.ts'
import type { Step } from './path.ts'
import { isSame } from './same.ts'
import { shapeOf } from './shape.ts'

export interface JsonDifference {
  /**
   * `order`: an array's elements moved. `length`: it has another number of them. `missing`: a member
   * is only on one side. `deep`: somewhere below, deeper than is looked. `rest`: there is more to
   * compare than is compared.
   */
  readonly kind: 'value' | 'type' | 'missing' | 'order' | 'length' | 'deep' | 'rest'
  /** Where; holds only until `found` returns. */
  readonly steps: readonly Step[]
  readonly first: Json | undefined
  readonly other: Json | undefined
  /** Whether type, length or format differ too. */
  readonly hasOtherShape: boolean
}

export interface JsonWalk {
  readonly place: IgnoredPlace | undefined
  /** Words of the arm that gave each answer. */
  readonly firstOwn?: OwnWords
  readonly otherOwn?: OwnWords
  /** False ends the walk. */
  found(difference: JsonDifference): boolean
}

const DEEPEST = 60
/** Twice the values of the largest document that is parsed: the same document never needs more. */
const MOST_WORK = 1_200_000

export function walkJson(first: Json, other: Json, walk: JsonWalk): void {
  new Walker(walk).compare(first, other, walk.place)
}

class Walker {
  readonly #walk: JsonWalk
  readonly #steps: Step[] = []
  readonly #work = { left: MOST_WORK }
  #isOver = false

  constructor(walk: JsonWalk) {
    this.#walk = walk
  }

  compare(first: Json, other: Json, place: IgnoredPlace | undefined): void {
    this.#work.left -= 1
    if (this.#isOver || first === other || place?.isIgnored === true) return
    if (this.#work.left < 0) {
      this.#isOver = true
      this.#report('rest', first, other, true)
    } else if (this.#steps.length >= DEEPEST) {
      if (!this.#isSame(first, other, place)) this.#report('deep', first, other, true)
    } else if (isList(first) && isList(other)) {
      this.#lists(first, other, place)
    } else if (isRecord(first) && isRecord(other)) {
      this.#records(first, other, place)
    } else if (!this.#isSame(first, other, place)) {
      const isType = typeOf(first) !== typeOf(other)
      const hasOtherShape = isType || shapeOf(first) !== shapeOf(other)
      this.#report(isType ? 'type' : 'value', first, other, hasOtherShape)
    }
  }

  #records(
    first: Readonly<Record<string, Json>>,
    other: Readonly<Record<string, Json>>,
    place: IgnoredPlace | undefined,
  ): void {
    for (const name of Object.keys(first)) {
      this.#member(name, first[name], Object.hasOwn(other, name) ? other[name] : undefined, place)
    }
    for (const name of Object.keys(other)) {
      if (!Object.hasOwn(first, name)) this.#member(name, undefined, other[name], place)
    }
  }

  #member(
    name: string,
    first: Json | undefined,
    other: Json | undefined,
    place: IgnoredPlace | undefined,
  ): void {
    this.#steps.push(name)
    const below = place?.at(name)
    if (first !== undefined && other !== undefined) this.compare(first, other, below)
    else if (below?.isIgnored !== true) this.#report('missing', first, other, true)
    this.#steps.pop()
  }

  #lists(first: readonly Json[], other: readonly Json[], place: IgnoredPlace | undefined): void {
    const left: number[] = []
    const right: number[] = []
    for (let index = 0; index < Math.max(first.length, other.length); index += 1) {
      const below = place?.at(index)
      if (below?.isIgnored === true) continue
      const [one, two] = [first[index], other[index]]
      if (one !== undefined && two !== undefined && this.#isSame(one, two, below)) continue
      if (one !== undefined) left.push(index)
      if (two !== undefined) right.push(index)
    }
    const [one, two] = [left[0] ?? 0, right[0] ?? 0]
    const { firstOwn, otherOwn } = this.#walk
    const elements = new Elements({ place, firstOwn, otherOwn, work: this.#work })
    const stayed = elements.findStayed(first, left, other, right)
    if (left.length !== right.length) this.#report('length', first, other, true)
    else if (stayed !== undefined) this.#report('order', first[one], other[two], false)
    const facing = stayed ?? { left, right }
    for (let index = 0; index < Math.min(facing.left.length, facing.right.length); index += 1) {
      this.#element(first, facing.left[index] ?? 0, other, facing.right[index] ?? 0, place)
    }
  }

  #element(
    first: readonly Json[],
    left: number,
    other: readonly Json[],
    right: number,
    place: IgnoredPlace | undefined,
  ): void {
    this.#steps.push(left)
    this.compare(first[left] ?? null, other[right] ?? null, place?.at(left))
    this.#steps.pop()
  }

  #isSame(first: Json, other: Json, place: IgnoredPlace | undefined): boolean {
    const { firstOwn, otherOwn } = this.#walk
    return isSame(first, other, { place, firstOwn, otherOwn, work: this.#work })
  }

  #report(
    kind: JsonDifference['kind'],
    first: Json | undefined,
    other: Json | undefined,
    hasOtherShape: boolean,
  ): void {
    if (this.#isOver && kind !== 'rest') return
    const goesOn = this.#walk.found({ kind, steps: this.#steps, first, other, hasOtherShape })
    this.#isOver ||= !goesOn
  }
}

function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (isList(value)) return 'array'
  return typeof value === 'bigint' ? 'number' : typeof value
}
