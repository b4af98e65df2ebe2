/** A bounded copy of what streams by: it keeps references to chunks and never holds up the stream. */

import { decompress } from '../../actions/response/received.ts'

/** Longer bodies pass through, but nothing is learned from them. */
const MOST_BODY_BYTES = 256 * 1024

/** What all bodies of one recording may hold in memory together. */
export class BodyBudget {
  #left: number

  constructor(bytes: number) {
    this.#left = bytes
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#left += bytes
  }
}

export class Tap {
  readonly #budget: BodyBudget
  #chunks: Buffer[] = []
  #bytes = 0
  #isWhole = true

  constructor(budget: BodyBudget) {
    this.#budget = budget
  }

  add(chunk: Buffer): void {
    if (!this.#isWhole) return
    const fits = this.#bytes + chunk.length <= MOST_BODY_BYTES && this.#budget.take(chunk.length)
    if (!fits) return this.drop()
    this.#bytes += chunk.length
    // A chunk is a slice of a larger buffer of the socket; a copy of a small one frees that.
    this.#chunks.push(chunk.length < 8192 ? Buffer.from(chunk) : chunk)
  }

  /** Forgets what was copied; what comes later is not copied either. */
  drop(): void {
    this.#budget.giveBack(this.#bytes)
    this.#chunks = []
    this.#bytes = 0
    this.#isWhole = false
  }

  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Undefined where the body was too long, or is compressed in a way that cannot be read. */
  text(encoding: string | undefined): string | undefined {
    if (!this.#isWhole) return undefined
    const bytes = Buffer.concat(this.#chunks)
    const coding = encoding?.trim().toLowerCase() ?? 'identity'
    const plain = decompress(bytes, encoding)
    if (plain === bytes && bytes.length > 0 && coding !== 'identity' && coding !== '') {
      return undefined
    }
    return plain.length > MOST_BODY_BYTES * 8 ? undefined : plain.toString('utf8')
  }
}
