/**
 * Judges a file whose samples carry their block numbers: the same pairs in the same blocks with the
 * same parameters give the same evidence, bit for bit.
 */

import type { BlockLine, Sample } from '../../core/contract/sample.ts'
import { UsageError } from '../../core/errors.ts'
import type { Phase } from '../../core/verdict.ts'
import {
  addToTwins,
  createWatermark,
  findWhole,
  indexActions,
  type Twins,
  type WholeTwins,
} from './pairing.ts'
import type { RecordedRun } from './recorded-run.ts'

interface Slice {
  readonly twins: Map<string, Twins>
  line?: BlockLine
  phase: Phase
  start: number
  end: number
}

export interface Recording {
  sample(sample: Sample, where: string): void
  block(block: BlockLine, where: string): void
  /** No more lines. */
  finish(): void
}

export class NumberedRecording implements Recording {
  readonly #run: RecordedRun
  readonly #warmupSeconds: number | undefined
  readonly #actions: ReadonlyMap<string, number>
  readonly #warm = new Map<string, Twins>()
  readonly #slices = new Map<number, Slice>()
  readonly #watermark = createWatermark()
  #judged = 0
  #warmedUp = false
  #lastEnd = 0

  /** @param warmupSeconds replaces the marks: blocks that begin before it are warm-up */
  constructor(run: RecordedRun, warmupSeconds: number | undefined) {
    this.#run = run
    this.#warmupSeconds = warmupSeconds
    this.#actions = indexActions(run.plan)
  }

  sample(sample: Sample, where: string): void {
    const action = this.#actions.get(sample.action)
    const { pair, block } = sample
    if (pair === undefined || action === undefined) return
    const paired = { ...sample, pair }
    if (sample.warmup === true) {
      addToTwins(this.#warm, paired, action, where)
      return
    }
    // Sent between two phases, or dropped with an open block: recorded, never scored.
    if (block === undefined) return
    this.#watermark.see(sample, where)
    const slice = this.#sliceOf(block, where)
    addToTwins(slice.twins, paired, action, where)
    if (slice.line === undefined) {
      slice.phase = this.#run.phaseOf(sample.phase)
      slice.start = Math.min(slice.start, sample.at)
      slice.end = Math.max(slice.end, sample.at)
    }
    const end = sample.at + sample.latencyMs / 1000
    if (end > this.#lastEnd + 1) {
      this.#lastEnd = end
      this.#judge(this.#watermark.settledSeconds(this.#run.plan.timeoutMs / 1000))
    }
  }

  block(line: BlockLine, where: string): void {
    const slice = this.#sliceOf(line.block, where)
    slice.line = line
    slice.phase = this.#run.phaseOf(line.phase)
    slice.start = line.at
    slice.end = line.end
  }

  finish(): void {
    this.#judge(Infinity)
  }

  #sliceOf(number: number, where: string): Slice {
    if (number <= this.#judged) {
      throw new UsageError(`Cannot read samples: ${where} belongs to block ${number}, long past`, {
        code: 'samples-out-of-order',
        where,
        mend: 'sort the file by "at"',
      })
    }
    const known = this.#slices.get(number)
    if (known !== undefined) return known
    const fresh: Slice = { twins: new Map(), phase: 'load', start: Infinity, end: 0 }
    this.#slices.set(number, fresh)
    return fresh
  }

  #judge(upTo: number): void {
    for (const number of [...this.#slices.keys()].toSorted((left, right) => left - right)) {
      const slice = this.#slices.get(number)
      if (slice === undefined || slice.end > upTo) return
      this.#slices.delete(number)
      this.#judged = number
      this.#judgeSlice(slice)
    }
  }

  #judgeSlice(slice: Slice): void {
    if (this.#warmupSeconds !== undefined && slice.start < this.#warmupSeconds) {
      for (const [pair, twins] of slice.twins) this.#warm.set(pair, twins)
      return
    }
    const run = this.#run
    if (!this.#warmedUp) {
      this.#warmedUp = true
      run.warmUp(
        wholeOf(this.#warm).map(({ record }) => record),
        slice.start,
      )
      this.#warm.clear()
    }
    const waits = slice.line?.waits
    run.addBlock({
      phase: slice.phase,
      startSeconds: slice.start,
      endSeconds: slice.end,
      capped: slice.line?.capped ?? [],
      strained: slice.line?.strained ?? false,
      ...(waits === undefined ? {} : { waits }),
      pairs: wholeOf(slice.twins),
    })
  }
}

function wholeOf(twins: ReadonlyMap<string, Twins>): WholeTwins[] {
  return [...twins.values()].flatMap((one) => findWhole(one) ?? [])
}
