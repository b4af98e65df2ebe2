/** Elements of two arrays that are the same in another place. */

import type { IgnoredPlace } from './ignored.ts'
import { isList, isRecord, type Json } from './json.ts'
import type { OwnWords } from './own.ts'
import { isSame, type Sameness } from './same.ts'

/** What is nested deeper than this is taken for the same. */
const DEEPEST_KEY = 60
const CHARS_PER_VALUE = 16

export class Elements {
  readonly #sameness: Sameness

  /** @param sameness with the place of the arrays */
  constructor(sameness: Sameness) {
    this.#sameness = sameness
  }

  /**
   * What is left of the indexes in `left` and `right`, which are those that differ, without the
   * elements that only moved; undefined where none did. Scalars match by chance, so where there are
   * some, all of one side must be on the other.
   */
  findStayed(
    first: readonly Json[],
    left: readonly number[],
    other: readonly Json[],
    right: readonly number[],
  ): { readonly left: number[]; readonly right: number[] } | undefined {
    if (left.length + right.length <= 2 || left.length === 0 || right.length === 0) return undefined
    if (!this.#mayHaveMoved(first, left, other, right)) return undefined
    const { firstOwn, otherOwn, work } = this.#sameness
    const leftKeys = this.#keysOf(first, left, firstOwn)
    const rightKeys = this.#keysOf(other, right, otherOwn)
    if (work.left < 0) return undefined
    const stayed = {
      left: withoutShared(left, leftKeys, rightKeys),
      right: withoutShared(right, rightKeys, leftKeys),
    }
    const isWhole = stayed.left.length === 0 || stayed.right.length === 0
    const hasScalar =
      left.some((index) => isScalar(first, index)) || right.some((index) => isScalar(other, index))
    const haveMoved = stayed.left.length < left.length && (isWhole || !hasScalar)
    return haveMoved ? stayed : undefined
  }

  #keysOf(list: readonly Json[], indexes: readonly number[], own: OwnWords | undefined): string[] {
    const { place } = this.#sameness
    return indexes.map((index) => this.#keyOf(list[index] ?? null, own, place?.at(index), 0))
  }

  /**
   * Whether one of a few elements of either side stands somewhere on the other. Where every element
   * has a time of its own, which is common, this saves looking up all of them.
   */
  #mayHaveMoved(
    first: readonly Json[],
    left: readonly number[],
    other: readonly Json[],
    right: readonly number[],
  ): boolean {
    // Words of the arms are left to the lookup: they cost more than all the rest here.
    const plain = { ...this.#sameness, firstOwn: undefined, otherOwn: undefined }
    const isAnywhere = (from: number, to: number): boolean => {
      const sameness = { ...plain, place: plain.place?.at(from) }
      return isSame(first[from] ?? null, other[to] ?? null, sameness)
    }
    return (
      someOf(left).some((from) => right.some((to) => isAnywhere(from, to))) ||
      someOf(right).some((to) => left.some((from) => isAnywhere(from, to)))
    )
  }

  /** The same text for the same value, whatever the order of its members. */
  #keyOf(
    value: Json,
    own: OwnWords | undefined,
    place: IgnoredPlace | undefined,
    depth: number,
  ): string {
    if (place?.isIgnored === true) return '?'
    const { work } = this.#sameness
    work.left -= 1
    if (depth > DEEPEST_KEY || work.left < 0) return '…'
    if (isList(value)) {
      const parts = value.map((part, index) => this.#keyOf(part, own, place?.at(index), depth + 1))
      return `[${parts.join(',')}]`
    }
    if (isRecord(value)) {
      const names = Object.keys(value).filter((name) => place?.at(name)?.isIgnored !== true)
      const parts = names.toSorted().map((name) => {
        const part = this.#keyOf(value[name] ?? null, own, place?.at(name), depth + 1)
        return `${JSON.stringify(name)}:${part}`
      })
      return `{${parts.join(',')}}`
    }
    const text = String(value)
    work.left -= text.length / CHARS_PER_VALUE
    const marked = own === undefined || typeof value === 'boolean' ? text : own(text)
    return typeof value === 'string' ? JSON.stringify(marked) : marked
  }
}

const LOOKED_UP = 4

/** A few of them, spread evenly; all of a short list. */
function someOf(indexes: readonly number[]): number[] {
  if (indexes.length <= 2 * LOOKED_UP) return [...indexes]
  const step = indexes.length / LOOKED_UP
  return Array.from({ length: LOOKED_UP }, (_, index) => indexes[Math.floor(index * step)] ?? 0)
}

function isScalar(list: readonly Json[], index: number): boolean {
  return typeof list[index] !== 'object' || list[index] === null
}

/** Without the first of each key, as many as the other side has of it. */
function withoutShared(
  indexes: readonly number[],
  keys: readonly string[],
  others: readonly string[],
): number[] {
  const shared = new Map<string, number>()
  for (const key of others) shared.set(key, (shared.get(key) ?? 0) + 1)
  return indexes.filter((_, at) => {
    const left = shared.get(keys[at] ?? '') ?? 0
    shared.set(keys[at] ?? '', left - 1)
    return left <= 0
  })
}
