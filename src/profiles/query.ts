/**
 * Criteria → positions, in their order, so that a page is a walk that can be taken up anywhere.
 *
 * Each condition is a set of slots in each block (see profiles-db/blocks): the sets are intersected
 * block by block until the page is full. A condition that left nothing of a block is asked first in
 * the next one, so the others need not be read there. The worst case, conditions that are common
 * each and never meet, costs the bits of all blocks: about 130 kB a term for a million profiles, and
 * 2 MB of codes for a range of an amount. Amounts themselves are read only where a code does not
 * decide and nothing else has.
 */

import type { Criteria } from '../core/contract/criteria.ts'
import {
  AMOUNTS,
  BLOCKS,
  FREE,
  blockOf,
  codeOf,
  type Amount,
} from '../../profiles-db/blocks/layout.ts'
import { addTerm, amountsIn, codesIn, positionsIn, slotsIn } from '../../profiles-db/blocks/read.ts'
import {
  clearBit,
  countBits,
  eachSlot,
  keepIn,
  setBit,
  wordCount,
} from '../../profiles-db/blocks/slots.ts'
import type { Database } from '../../profiles-db/open.ts'
import { findPosition, findTerm, type TermKind } from '../../profiles-db/profiles.ts'

/** A choice of profiles; to be used within one `Database.snapshot`. */
export interface Selection {
  /** Up to `limit` positions from `from` (inclusive) on, ascending. */
  walk(from: number, limit: number): number[]
  /** How many match; more than `enough` need not be exact. */
  count(enough?: number): number
}

interface Block {
  readonly number: number
  /** By slot; read when they are first asked for. */
  readonly positions: () => Float64Array
}

interface Condition {
  /** Leaves in `bits` the slots that fulfil it; false where none does. */
  readonly keep: (bits: Uint32Array, block: Block) => boolean
  /** It may leave free slots. */
  readonly takesFree: boolean
  /** Where `keep` may leave too many: takes the others away, when all conditions have been asked. */
  readonly settle?: (bits: Uint32Array, block: Block) => void
}

export function selectionOf(db: Database, criteria: Criteria): Selection {
  let conditions = conditionsOf(db, criteria)
  const seesFree = conditions.every(({ takesFree }) => takesFree)
  const matchesIn = (block: Block): Uint32Array | undefined => {
    const bits = new Uint32Array(wordCount(slotsIn(db, block.number))).fill(0xffff_ffff)
    const emptying = conditions.find(({ keep }) => !keep(bits, block))
    if (emptying === undefined) {
      for (const { settle } of conditions) settle?.(bits, block)
      return bits
    }
    if (emptying !== conditions[0]) {
      conditions = [emptying, ...conditions.filter((condition) => condition !== emptying)]
    }
    return undefined
  }
  const blockAt = (number: number): Block => {
    let positions: Float64Array | undefined
    return { number, positions: () => (positions ??= positionsIn(db, number)) }
  }
  return {
    walk(from, limit) {
      const found: number[] = []
      for (let number = blockOf(from); number < BLOCKS && found.length < limit; number += 1) {
        const block = blockAt(number)
        const bits = matchesIn(block)
        if (bits === undefined) continue
        const own = positionsOf(bits, block.positions(), from)
        for (const position of own.subarray(0, limit - found.length)) found.push(position)
      }
      return found
    },
    count(enough = Infinity) {
      let count = 0
      for (let number = 0; number < BLOCKS && count <= enough; number += 1) {
        const block = blockAt(number)
        const bits = matchesIn(block)
        if (bits === undefined) continue
        if (seesFree) dropFree(bits, block.positions())
        count += countBits(bits)
      }
      return count
    },
  }
}

function dropFree(bits: Uint32Array, positions: Float64Array): void {
  for (let slot = positions.length; slot < bits.length * 32; slot += 1) clearBit(bits, slot)
  for (let slot = positions.indexOf(FREE); slot !== -1; slot = positions.indexOf(FREE, slot + 1)) {
    clearBit(bits, slot)
  }
}

/** In order, from `from` on: free slots have no place among them. */
function positionsOf(bits: Uint32Array, positions: Float64Array, from: number): Float64Array {
  const found = new Float64Array(countBits(bits))
  let count = 0
  eachSlot(bits, (slot) => {
    const position = positions[slot] ?? FREE
    if (position < from) return
    found[count] = position
    count += 1
  })
  return found.subarray(0, count).toSorted()
}

function conditionsOf(db: Database, criteria: Criteria): Condition[] {
  const conditions: { readonly condition: Condition; readonly cost: number }[] = []
  const anyOf = (
    wanted: string | string[] | undefined,
    kindOf: (value: string) => TermKind,
  ): void => {
    if (wanted === undefined) return
    const terms = [wanted].flat().flatMap((value) => {
      return findTerm(db, { kind: kindOf(value), value }) ?? []
    })
    conditions.push({ condition: ofTerms(db, [...new Set(terms)]), cost: terms.length })
  }
  if (criteria.user_id !== undefined) {
    const positions = [criteria.user_id].flat().flatMap((id) => findPosition(db, id) ?? [])
    conditions.push({ condition: ofPositions(positions), cost: 0 })
  }
  anyOf(criteria.label, () => 'label')
  anyOf(criteria.behavioral_pattern, () => 'label')
  anyOf(criteria.action, () => 'action')
  anyOf(criteria.geo_location, (place) => (place.length === 2 ? 'country' : 'geo_location'))
  anyOf(criteria.device_type, () => 'device_type')
  anyOf(criteria.source, () => 'source')
  for (const amount of AMOUNTS) {
    const wanted = criteria[`resource_intensity.${amount}`]
    if (wanted === undefined) continue
    const { gte = 0, lte = Infinity } =
      typeof wanted === 'number' ? { gte: wanted, lte: wanted } : wanted
    conditions.push({ condition: ofAmounts(db, amount, gte, lte), cost: Infinity })
  }
  return conditions
    .toSorted((left, right) => (left.cost < right.cost ? -1 : left.cost > right.cost ? 1 : 0))
    .map(({ condition }) => condition)
}

function ofTerms(db: Database, terms: readonly number[]): Condition {
  return {
    takesFree: false,
    keep(bits, block) {
      const having = new Uint32Array(bits.length)
      let any = false
      for (const term of terms) any = addTerm(db, having, term, block.number) || any
      return any && keepIn(bits, having)
    },
  }
}

function ofPositions(wanted: readonly number[]): Condition {
  return {
    takesFree: false,
    keep(bits, { number, positions }) {
      const own = wanted.filter((position) => blockOf(position) === number)
      if (own.length === 0) return false
      const having = new Uint32Array(bits.length)
      for (const position of own) {
        const slot = positions().indexOf(position)
        if (slot !== -1) setBit(having, slot)
      }
      return keepIn(bits, having)
    },
  }
}

/** Codes decide but for those that are the codes of the limits. */
function ofAmounts(db: Database, amount: Amount, gte: number, lte: number): Condition {
  if (lte < 0) return { takesFree: false, keep: () => false }
  const [least, most] = [codeOf(Math.max(0, gte)), codeOf(lte)]
  let codes: Uint16Array = new Uint16Array()
  return {
    takesFree: true,
    keep(bits, { number }) {
      codes = codesIn(db, amount, number)
      return keepWithin(bits, codes, least, most)
    },
    settle(bits, { number }) {
      let amounts: Float64Array | undefined
      eachSlot(bits, (slot) => {
        const code = codes[slot]
        if (code !== least && code !== most) return
        amounts ??= amountsIn(db, amount, number)
        const value = amounts[slot] ?? 0
        if (value < gte || value > lte) clearBit(bits, slot)
      })
    },
  }
}

/** Words of which all bits are set have no branch for each slot: there the time of a range goes. */
function keepWithin(bits: Uint32Array, codes: Uint16Array, least: number, most: number): boolean {
  const span = most - least
  let any = 0
  for (let index = 0; index < bits.length; index += 1) {
    let word = bits[index] ?? 0
    if (word === 0) continue
    const start = index * 32
    let within = 0
    if (word === 0xffff_ffff) {
      for (let bit = 0; bit < 32; bit += 1) {
        const above = ((codes[start + bit] ?? 0) - least) >>> 0
        within |= (above <= span ? 1 : 0) << bit
      }
    } else {
      while (word !== 0) {
        const bit = 31 - Math.clz32(word)
        const above = ((codes[start + bit] ?? 0) - least) >>> 0
        if (above <= span) within |= 1 << bit
        word &= ~(1 << bit)
      }
    }
    bits[index] = within
    any |= within
  }
  return any !== 0
}
