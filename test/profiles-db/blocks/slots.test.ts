import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../../../profiles-db/blocks/layout.ts'
import {
  addTo,
  blobOf,
  blobOfList,
  countBits,
  eachSlot,
  setBit,
  wordCount,
} from '../../../profiles-db/blocks/slots.ts'

function listOf(bits: Uint32Array): number[] {
  const list: number[] = []
  eachSlot(bits, (slot) => list.push(slot))
  return list
}

const sets = fc.integer({ min: 1, max: 3000 }).chain((total) =>
  fc.record({
    total: fc.constant(total),
    slots: fc
      .uniqueArray(fc.nat(total - 1), { maxLength: total })
      .map((slots) => slots.toSorted((left, right) => left - right)),
  }),
)

describe('sets of slots', () => {
  it('are read as they were written, as bits or as a list, whichever is shorter', () => {
    fc.assert(
      fc.property(sets, ({ total, slots }) => {
        const blob = blobOfList(slots, total)
        const bits = new Uint32Array(wordCount(total))
        addTo(bits, blob)
        expect(listOf(bits)).toEqual(slots)
        expect(countBits(bits)).toBe(slots.length)
        expect(blobOf(bits)).toEqual(blob)
        const longest = 4 * Math.min(slots.length, wordCount(total) + 1)
        expect(blob?.byteLength ?? 0).toBeLessThanOrEqual(longest)
      }),
    )
  })
  it('are read also where they lie crooked in memory, and into more or fewer slots', () => {
    const blob = blobOfList([0, 1, 2, 3, 40, 63], 64) ?? new Uint8Array()
    const crooked = new Uint8Array(blob.length + 1).subarray(1)
    crooked.set(blob)
    const bits = new Uint32Array(4)
    addTo(bits, crooked)
    expect(listOf(bits)).toEqual([0, 1, 2, 3, 40, 63])
    const fewer = new Uint32Array(1)
    addTo(fewer, blob)
    setBit(fewer, 77)
    expect(listOf(fewer)).toEqual([0, 1, 2, 3])
  })
})

describe('codeOf', () => {
  it('has the order of the amounts, and sixteen bits', () => {
    const amounts = fc.oneof(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.double({ min: 0, noNaN: true }),
      fc.nat(5000),
    )
    fc.assert(
      fc.property(amounts, amounts, (one, other) => {
        const [less, more] = one < other ? [one, other] : [other, one]
        expect(codeOf(less)).toBeLessThanOrEqual(codeOf(more))
        expect(codeOf(more)).toBeLessThan(2 ** 16)
        expect(codeOf(less)).toBeGreaterThanOrEqual(0)
      }),
    )
    expect(codeOf(64)).not.toBe(codeOf(64.1))
  })
})
