/** Where things stand: blocks of positions, and places of what belongs to a block. */

/** Positions are integers in [0, POSITIONS). */
export const POSITIONS = 2 ** 53

/** Equal stretches of positions, as the fifth migration says. */
export const BLOCKS = 64

/** Of a slot that no profile has. */
export const FREE = -1

/** By the number of its place; the order must stay. */
export const AMOUNTS = ['cpu_ms', 'memory_mb', 'network_kb', 'period_s'] as const

export type Amount = (typeof AMOUNTS)[number]

export function blockOf(position: number): number {
  return Math.floor(position / (POSITIONS / BLOCKS))
}

/** @param number of a term, or of an amount */
export function placeOf(number: number, block: number): number {
  return number * BLOCKS + block
}

/** Exponents below -20 share one code, and those above 43. */
const LEAST_CODE = (1023 - 20) << 10
const MOST_CODE = 0xffff

/**
 * The code of an amount in sixteen bits, with a resolution of a thousandth: what is more has the same
 * code or a greater one. Amounts are not negative.
 */
export function codeOf(amount: number): number {
  SCRATCH[0] = amount
  const code = ((HALVES[1] ?? 0) >>> 10) - LEAST_CODE
  return code < 0 ? 0 : code > MOST_CODE ? MOST_CODE : code
}

const SCRATCH = new Float64Array(1)
const HALVES = new Uint32Array(SCRATCH.buffer)

/** A view of what the database gave, or a copy where it lies crooked in memory. */
export function wordsOf(blob: unknown): Uint32Array {
  if (!(blob instanceof Uint8Array)) return new Uint32Array()
  if (blob.byteOffset % 4 === 0) {
    return new Uint32Array(blob.buffer, blob.byteOffset, blob.byteLength >> 2)
  }
  return new Uint32Array(blob.slice().buffer, 0, blob.byteLength >> 2)
}

/** As `wordsOf`, of codes. */
export function codesOf(blob: unknown): Uint16Array {
  if (!(blob instanceof Uint8Array)) return new Uint16Array()
  if (blob.byteOffset % 2 === 0) {
    return new Uint16Array(blob.buffer, blob.byteOffset, blob.byteLength >> 1)
  }
  return new Uint16Array(blob.slice().buffer, 0, blob.byteLength >> 1)
}

/** As `wordsOf`, of doubles. */
export function numbersOf(blob: unknown): Float64Array {
  if (!(blob instanceof Uint8Array)) return new Float64Array()
  if (blob.byteOffset % 8 === 0) {
    return new Float64Array(blob.buffer, blob.byteOffset, blob.byteLength >> 3)
  }
  return new Float64Array(blob.slice().buffer, 0, blob.byteLength >> 3)
}

export function bytesOf(words: Uint16Array | Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}
