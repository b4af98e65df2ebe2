/**
 * Sets of slots as blobs: a mark and bits where that is shorter, else a list of slots. (The choice of
 * Roaring bitmaps: Chambi, Lemire, Kaser, Godin 2016. Slots are dense, so one level is enough.)
 */

import { bytesOf, wordsOf } from './layout.ts'

/** The first word of bits; no slot has this number. */
const BITS = 0xffff_ffff

/** Bits of so many slots. */
export function wordCount(slots: number): number {
  return (slots + 31) >>> 5
}

/** Sets the bits of a stored set in `bits`; those beyond its end are left out. */
export function addTo(bits: Uint32Array, blob: unknown): void {
  const words = wordsOf(blob)
  if (words[0] !== BITS) {
    for (const slot of words) setBit(bits, slot)
    return
  }
  const count = Math.min(bits.length, words.length - 1)
  for (let index = 0; index < count; index += 1) {
    bits[index] = (bits[index] ?? 0) | (words[index + 1] ?? 0)
  }
}

/** Leaves in `bits` what is also in `others`; false where nothing is. */
export function keepIn(bits: Uint32Array, others: Uint32Array): boolean {
  let any = 0
  for (let index = 0; index < bits.length; index += 1) {
    const word = (bits[index] ?? 0) & (others[index] ?? 0)
    bits[index] = word
    any |= word
  }
  return any !== 0
}

export function setBit(bits: Uint32Array, slot: number): void {
  const word = slot >>> 5
  if (word < bits.length) bits[word] = (bits[word] ?? 0) | (1 << (slot & 31))
}

export function clearBit(bits: Uint32Array, slot: number): void {
  const word = slot >>> 5
  if (word < bits.length) bits[word] = (bits[word] ?? 0) & ~(1 << (slot & 31))
}

export function countBits(bits: Uint32Array): number {
  let count = 0
  for (let index = 0; index < bits.length; index += 1) {
    let word = bits[index] ?? 0
    word -= (word >>> 1) & 0x5555_5555
    word = (word & 0x3333_3333) + ((word >>> 2) & 0x3333_3333)
    count += (((word + (word >>> 4)) & 0x0f0f_0f0f) * 0x0101_0101) >>> 24
  }
  return count
}

/** Calls `see` with each slot of the set, ascending. */
export function eachSlot(bits: Uint32Array, see: (slot: number) => void): void {
  for (let index = 0; index < bits.length; index += 1) {
    let word = bits[index] ?? 0
    while (word !== 0) {
      const lowest = word & -word
      see(index * 32 + 31 - Math.clz32(lowest))
      word ^= lowest
    }
  }
}

/** The set as it is stored; undefined where it is empty. */
export function blobOf(bits: Uint32Array): Uint8Array | undefined {
  const count = countBits(bits)
  if (count === 0) return undefined
  if (count > bits.length) {
    const marked = new Uint32Array(bits.length + 1)
    marked[0] = BITS
    marked.set(bits, 1)
    return bytesOf(marked)
  }
  const list = new Uint32Array(count)
  let at = 0
  eachSlot(bits, (slot) => {
    list[at] = slot
    at += 1
  })
  return bytesOf(list)
}

/** As `blobOf`, of slots that ascend; `total` is how many slots the block has. */
export function blobOfList(slots: readonly number[], total: number): Uint8Array | undefined {
  const words = wordCount(total)
  if (slots.length === 0) return undefined
  if (slots.length <= words) return bytesOf(Uint32Array.from(slots))
  const marked = new Uint32Array(words + 1)
  marked[0] = BITS
  const bits = marked.subarray(1)
  for (const slot of slots) setBit(bits, slot)
  return bytesOf(marked)
}
