/**
 * Seeded randomness: a stream that forks by name, and one hash that turns a seed and a text into
 * 53 bits. A fork depends on the names alone, never on how much was drawn before, so sessions and
 * coins are the same whatever the number of workers or the timing.
 *
 * The stream is sfc32 (Chris Doty-Humphrey, PractRand, 2010): 128 bits of state, four adds and a
 * rotate a draw. The hash runs two 32-bit lanes of multiply-xorshift over the text and finishes
 * each with MurmurHash3's finaliser (Austin Appleby, 2011).
 */

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, bound); `bound` ≥ 1. */
  int(bound: number): number
  /** Exponential with mean 1. */
  exponential(): number
  /** Standard normal. */
  normal(): number
  /** An independent stream, fixed by this stream's name and `name`. */
  fork(name: string): Random
}

/** 53 uniform bits of (seed, text) as an integer in [0, 2^53): order and coin of a pair use it. */
export function hash53(seed: number, text: string): number {
  const [high, low] = lanes(seed, text)
  return (high & 0x1fffff) * 4294967296 + low
}

/** A stream that is fixed by `seed` (any safe integer) and the name. */
export function createRandom(seed: number, name = ''): Random {
  const [a0, b0] = lanes(seed, `a:${name}`)
  const [c0] = lanes(seed, `c:${name}`)
  let a = a0 | 0
  let b = b0 | 0
  let c = c0 | 0
  let counter = 1

  function next32(): number {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let warmUp = 0; warmUp < 12; warmUp += 1) next32()

  const next = (): number => ((next32() >>> 5) * 67108864 + (next32() >>> 6)) / 9007199254740992
  return {
    next,
    int: (bound) => Math.floor(next() * bound),
    exponential: () => -Math.log1p(-next()),
    // Box and Muller (1958); the second value is dropped so that a draw has no hidden state.
    normal: () => Math.sqrt(-2 * Math.log1p(-next())) * Math.cos(2 * Math.PI * next()),
    fork: (child) => createRandom(seed, `${name}/${child}`),
  }
}

function lanes(seed: number, text: string): [number, number] {
  let high = (0x9e3779b9 ^ Math.trunc(seed / 4294967296)) | 0
  let low = (0x85ebca6b ^ seed) | 0
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    high = Math.imul(high ^ unit, 0x9e3779b1)
    low = Math.imul(low ^ unit, 0x5f356495)
    high ^= high >>> 15
    low ^= low >>> 13
  }
  return [finalise(high ^ Math.imul(low, 0x27d4eb2f)), finalise(low ^ Math.imul(high, 0x165667b1))]
}

function finalise(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
