/**
 * The last pairs of one action as columns: a ring of numbers, so that remembering a pair allocates
 * nothing and handing thousands of them over copies a few arrays.
 */

import { OUTCOMES, type Outcome, type Segment } from '../../core/contract/sample.ts'

/** Dimensions of a segment that are remembered; `action` only where the pairs are of several. */
export const DIMENSIONS = ['action', 'device', 'geo', 'label', 'prev', 'size', 'load'] as const

/** Different values of all dimensions together; a pair with a later one goes without it. */
const MOST_WORDS = 4096
const FIRST_CAPACITY = 64

/** One pair, as its rows are read again. */
export interface Row {
  readonly pair: string
  /** Seconds from the start of the run. */
  readonly at: number
  readonly baselineMs: number
  readonly canaryMs: number
  readonly baseline: Outcome
  readonly canary: Outcome
  readonly segment: Segment
  /** The block that it belongs to; 0 for none. */
  readonly block: number
}

/** Oldest first; all columns have the same length. */
export interface RowColumns {
  readonly pairs: readonly string[]
  readonly at: Float64Array
  readonly baselineMs: Float64Array
  readonly canaryMs: Float64Array
  readonly blocks: Uint32Array
  /** Indices into `OUTCOMES`. */
  readonly baseline: Uint8Array
  readonly canary: Uint8Array
  /** For each of `DIMENSIONS` indices into `words`; 0 = the pair has no such value. */
  readonly segments: readonly Uint16Array[]
  readonly words: readonly string[]
}

/** Values of segments, numbered from 1; shared by the rings of a worker. */
export class Words {
  readonly #words = ['']
  readonly #numbers = new Map<string, number>()

  numberOf(word: string | undefined): number {
    if (word === undefined) return 0
    const known = this.#numbers.get(word)
    if (known !== undefined) return known
    if (this.#words.length > MOST_WORDS) return 0
    this.#numbers.set(word, this.#words.length)
    return this.#words.push(word) - 1
  }

  all(): string[] {
    return [...this.#words]
  }
}

export class RowRing {
  readonly #words: Words
  readonly #most: number
  #columns = emptyColumns(0)
  #pairs: string[] = []
  /** How many pairs were ever added since the last `clear`. */
  #added = 0

  /** @param most pairs that are kept */
  constructor(words: Words, most: number) {
    this.#words = words
    this.#most = most
  }

  add(row: Row): void {
    const place = this.#added % this.#most
    if (place >= this.#columns.at.length) this.#grow()
    const { at, baselineMs, canaryMs, blocks, baseline, canary, segments } = this.#columns
    this.#pairs[place] = row.pair
    at[place] = row.at
    baselineMs[place] = row.baselineMs
    canaryMs[place] = row.canaryMs
    blocks[place] = row.block
    baseline[place] = OUTCOMES.indexOf(row.baseline)
    canary[place] = OUTCOMES.indexOf(row.canary)
    for (const [index, values] of segments.entries()) {
      values[place] = this.#words.numberOf(row.segment[DIMENSIONS[index] ?? ''])
    }
    this.#added += 1
  }

  /** Its rows belong to no block any more. */
  forget(block: number): void {
    const { blocks } = this.#columns
    for (let place = 0; place < blocks.length; place += 1) {
      if (blocks[place] === block) blocks[place] = 0
    }
  }

  clear(): void {
    this.#added = 0
    this.#pairs = []
    this.#columns = emptyColumns(0)
  }

  /** A copy. */
  columns(): RowColumns {
    const length = Math.min(this.#added, this.#most)
    const first = this.#added > this.#most ? this.#added % this.#most : 0
    const copied = emptyColumns(length)
    const parts = columnsOf(copied)
    for (const [index, column] of columnsOf(this.#columns).entries()) {
      const part = parts[index]
      part?.set(column.subarray(first, length))
      part?.set(column.subarray(0, first), length - first)
    }
    const pairs = [...this.#pairs.slice(first, length), ...this.#pairs.slice(0, first)]
    return { ...copied, pairs, words: this.#words.all() }
  }

  /** Twice as long, up to the most: an action that is rare needs little. */
  #grow(): void {
    const length = Math.max(FIRST_CAPACITY, 2 * this.#columns.at.length)
    const grown = emptyColumns(Math.min(this.#most, length))
    const parts = columnsOf(grown)
    for (const [index, column] of columnsOf(this.#columns).entries()) parts[index]?.set(column)
    this.#columns = grown
  }
}

export function noRows(): RowColumns {
  return { ...emptyColumns(0), pairs: [], words: [''] }
}

/** The rows of several rings in the order of time, as one ring would have them. */
export function joinRows(parts: readonly RowColumns[]): RowColumns {
  const rows = parts.flatMap(rowsOf).toSorted((left, right) => left.at - right.at)
  const ring = new RowRing(new Words(), Math.max(1, rows.length))
  for (const row of rows) ring.add(row)
  return ring.columns()
}

export function rowsOf(columns: RowColumns): Row[] {
  const { pairs, at, baselineMs, canaryMs, blocks, baseline, canary } = columns
  return pairs.map((pair, index) => ({
    pair,
    at: at[index] ?? 0,
    baselineMs: baselineMs[index] ?? 0,
    canaryMs: canaryMs[index] ?? 0,
    baseline: OUTCOMES[baseline[index] ?? 0] ?? 'ok',
    canary: OUTCOMES[canary[index] ?? 0] ?? 'ok',
    segment: segmentAt(columns, index),
    block: blocks[index] ?? 0,
  }))
}

function segmentAt({ segments, words }: RowColumns, index: number): Segment {
  const segment: Record<string, string> = {}
  for (const [place, values] of segments.entries()) {
    const name = DIMENSIONS[place]
    const number = values[index] ?? 0
    if (number !== 0 && name !== undefined) segment[name] = words[number] ?? ''
  }
  return segment
}

type Columns = Omit<RowColumns, 'pairs' | 'words'>

function emptyColumns(length: number): Columns {
  return {
    at: new Float64Array(length),
    baselineMs: new Float64Array(length),
    canaryMs: new Float64Array(length),
    blocks: new Uint32Array(length),
    baseline: new Uint8Array(length),
    canary: new Uint8Array(length),
    segments: DIMENSIONS.map(() => new Uint16Array(length)),
  }
}

function columnsOf(columns: Columns): (Float64Array | Uint8Array | Uint16Array | Uint32Array)[] {
  const { at, baselineMs, canaryMs, blocks, baseline, canary, segments } = columns
  return [at, baselineMs, canaryMs, blocks, baseline, canary, ...segments]
}
