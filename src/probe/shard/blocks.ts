/**
 * The blocks of a run while they are open: which pair belongs to which block, when a block may
 * close, and when all its pairs have ended so that it can be folded. Time comes in as arguments.
 *
 * A pair belongs to the block in which its first twin was sent. Blocks are folded in order, each
 * with the parameters that the merged state had after the block before the last one, so that the
 * same samples give the same evidence whatever the timing of the messages was.
 */

import { foldPairs, type PairRecord } from '../../analysis/fold.ts'
import type { BlockMarks, ClosedBlock } from '../../analysis/judge.ts'
import type { Parameters } from '../../analysis/parameters.ts'
import {
  createClosingRule,
  createStallWatch,
  type ClosingRule,
  type StallWatch,
} from '../../analysis/quiescence.ts'
import { createOrderTally, type OrderState } from '../../analysis/order/order.ts'
import type { Arm } from '../../core/arm.ts'
import type { Plan } from '../../core/contract/plan.ts'
import {
  formatBlockLine,
  formatSample,
  type BlockWaits,
  type Sample,
} from '../../core/contract/sample.ts'
import type { Phase } from '../../core/verdict.ts'
import type { Exchange } from '../../generator/traffic.ts'
import { addWaits } from './limit/waits.ts'

/** Before anything is known of an action (STATISTICS 2). */
const FIRST_LIM_MS = 200

/** A slice of the run that collects pairs: the warm-up, or a numbered block. */
export interface Slice {
  /** 0 for the warm-up. */
  readonly index: number
  readonly phase: Phase
  readonly startMs: number
  /** Of a rollout. */
  readonly marks?: BlockMarks
  openPairs: number
  /** Left out while no request of it waited for a connection of ours. */
  waits?: BlockWaits
  readonly pairs: PairRecord[]
  /** Kept only when the run records its samples. */
  readonly samples: Sample[]
}

/** A block that is over, with its samples as lines and what its pairs say of their order. */
export interface SettledBlock {
  readonly block: ClosedBlock
  readonly lines: string
  readonly order: OrderState
}

interface Closed {
  readonly slice: Slice
  readonly strained: boolean
  readonly endMs: number
  readonly capped: readonly Arm[]
}

export interface BlocksOptions {
  readonly plan: Plan
  readonly seed: number
  readonly originMs: number
  /** Read when a phase begins: the warm-up may find that the service needs longer blocks. */
  readonly blockMs: () => number
  /** Default 1. */
  readonly firstIndex?: number
  /** In a rollout: what holds for a block that begins now. */
  readonly marks?: () => BlockMarks
  /**
   * Where several threads send: who decides for all of them hears which arms are stalled here, and
   * says `cut`. Left out = a block is closed here.
   */
  /**
   * Whether this thread was late since the last time it was asked; asked at each end of a block.
   * Left out = it never is. @param medianMs of the quickest action; 0 while it is not known
   */
  readonly strained?: (nowMs: number, medianMs: number) => boolean
  readonly tellStalls?: (index: number, stalled: readonly Arm[]) => void
}

export class Blocks {
  readonly #options: BlocksOptions
  readonly #closed: Closed[] = []
  readonly #known = new Map<number, Parameters>()
  readonly #unscored: Sample[] = []
  /** Takes the pairs that are sent while no block is open. */
  readonly #between: Slice
  readonly #dropped: Set<Slice>
  #watch: StallWatch | undefined
  #rule: ClosingRule | undefined
  #slice: Slice | undefined
  #nextIndex: number
  #limits: Parameters | undefined

  constructor(options: BlocksOptions) {
    this.#options = options
    this.#nextIndex = options.firstIndex ?? 1
    this.#between = {
      index: 0,
      phase: 'load',
      startMs: options.originMs,
      openPairs: 0,
      pairs: [],
      samples: [],
    }
    this.#dropped = new Set([this.#between])
  }

  /** The slice that takes pairs now; between phases one that is recorded and never scored. */
  current(): Slice {
    return this.#slice ?? this.#between
  }

  /** Undefined while no block is open. */
  watch(): StallWatch | undefined {
    return this.#watch
  }

  begin(phase: Phase, nowMs: number): void {
    const { plan, blockMs } = this.#options
    this.#slice = this.#open(phase, nowMs)
    this.#watch = createStallWatch()
    this.#rule = createClosingRule({
      startMs: nowMs,
      blockMs: blockMs(),
      maxStallMs: plan.maxStallSeconds * 1000,
    })
  }

  /**
   * Leaves out what the open block holds and opens no other until `begin`, which gets its number.
   * Returns that number, or 0 where no block was open.
   */
  drop(): number {
    if (this.#slice === undefined) return 0
    this.#unscored.push(...this.#slice.samples)
    if (this.#slice.openPairs > 0) this.#dropped.add(this.#slice)
    this.#nextIndex = this.#slice.index
    this.#rest()
    return this.#nextIndex
  }

  /** The number of the block that scores the pairs of a slice; 0 where nothing does. */
  numberOf(slice: Slice): number {
    return this.#dropped.has(slice) ? 0 : slice.index
  }

  /** A pair of this slice has ended: its samples, and its record if it can be scored. */
  ended(
    slice: Slice,
    pair: PairRecord | undefined,
    samples: readonly Sample[],
    exchanges: readonly Pick<Exchange, 'arm' | 'waitedFor'>[] = [],
  ): void {
    slice.openPairs -= 1
    const waits = addWaits(slice.waits, exchanges)
    if (waits !== undefined) slice.waits = waits
    if (this.#dropped.has(slice)) {
      this.#unscored.push(...samples)
      if (slice.openPairs === 0 && slice !== this.#between) this.#dropped.delete(slice)
      return
    }
    if (pair !== undefined) slice.pairs.push(pair)
    slice.samples.push(...samples)
  }

  /** Asked every few milliseconds: closes the block when both arms are quiet or at the cap. */
  tick(nowMs: number): void {
    const { tellStalls, blockMs } = this.#options
    if (this.#slice === undefined || nowMs < this.#slice.startMs + blockMs()) return
    const limits = this.#limits
    const limMs = (action: number): number => limits?.limMs[action] ?? FIRST_LIM_MS
    const stalled = this.#watch?.stalled(nowMs, limMs) ?? []
    if (tellStalls !== undefined) return tellStalls(this.#slice.index, stalled)
    const answer = this.#rule?.ask(nowMs, stalled)
    if (answer?.kind === 'close') this.#shut(this.#slice, nowMs, answer.capped)
  }

  /** The block ends now, by the word of who decides for all threads. */
  cut(nowMs: number, capped: readonly Arm[]): void {
    if (this.#slice !== undefined) this.#shut(this.#slice, nowMs, capped)
  }

  /** Blocks whose pairs have ended and that wait for parameters: the coordinator is behind. */
  behind(): number {
    const isWaiting = ({ slice }: Closed): boolean =>
      slice.openPairs === 0 && !this.#known.has(slice.index)
    return this.#closed.filter(isWaiting).length
  }

  parameters(index: number, parameters: Parameters): void {
    this.#known.set(index, parameters)
    this.#limits = parameters
  }

  /** Hands over every block that is closed, whose pairs have ended and whose parameters are here. */
  settle(hand: (settled: SettledBlock) => void): void {
    for (let head = this.#closed[0]; head !== undefined; head = this.#closed[0]) {
      const parameters = this.#known.get(head.slice.index)
      if (head.slice.openPairs > 0 || parameters === undefined) return
      this.#closed.shift()
      this.#known.delete(head.slice.index)
      const block = this.#score(head, parameters)
      const lines = sampleLines(head.slice.samples, block)
      const order = createOrderTally()
      for (const pair of head.slice.pairs) order.add(this.#options.seed, pair)
      const isAlone = this.#options.tellStalls === undefined
      hand({
        block,
        lines: isAlone ? withBlockLine(lines, block) : lines,
        order: order.state(),
      })
    }
  }

  /** A slice made of pairs that were sent already; used when the warm-up is cut short. */
  adopt(
    phase: Phase,
    startMs: number,
    pairs: readonly PairRecord[],
    samples: readonly Sample[],
  ): void {
    this.#slice = this.#open(phase, startMs)
    this.#slice.pairs.push(...pairs)
    this.#slice.samples.push(...samples)
  }

  /** Closes the open block by force, when nothing more is sent. */
  close(nowMs: number): void {
    if (this.#slice !== undefined) this.#shut(this.#slice, nowMs, [])
    this.#rest()
  }

  /** The samples of pairs that no scored block holds, as lines without a block number. */
  takeUnscored(): string {
    const left = this.#closed.map((entry) => entry.slice)
    if (this.#slice !== undefined) left.push(this.#slice)
    for (const { samples } of left) this.#unscored.push(...samples.splice(0))
    return this.#unscored.splice(0).map(formatSample).join('\n')
  }

  #rest(): void {
    this.#slice = undefined
    this.#watch = undefined
    this.#rule = undefined
  }

  #open(phase: Phase, startMs: number): Slice {
    const index = this.#nextIndex
    this.#nextIndex += 1
    const marks = this.#options.marks?.()
    const marked = marks === undefined ? {} : { marks }
    return { index, phase, startMs, ...marked, openPairs: 0, pairs: [], samples: [] }
  }

  #shut(slice: Slice, endMs: number, capped: readonly Arm[]): void {
    const strained = this.#options.strained?.(endMs, this.#quickestMs()) ?? false
    this.#closed.push({ slice, endMs, capped, strained })
    this.#slice = this.#open(slice.phase, endMs)
  }

  #quickestMs(): number {
    const medians = this.#limits?.actions.map(({ baselineMedianMs }) => baselineMedianMs) ?? []
    const known = medians.filter((median) => median > 0)
    return known.length === 0 ? 0 : Math.min(...known)
  }

  #score({ slice, endMs, capped, strained }: Closed, parameters: Parameters): ClosedBlock {
    const { plan, seed, originMs } = this.#options
    return {
      index: slice.index,
      phase: slice.phase,
      startSeconds: (slice.startMs - originMs) / 1000,
      endSeconds: (endMs - originMs) / 1000,
      capped,
      // How slow the arms would have been without us in their way is unknown.
      ...(strained || slice.waits !== undefined ? { strained: true } : {}),
      ...(slice.waits === undefined ? {} : { waits: slice.waits }),
      sums: foldPairs(plan, seed, parameters, slice.pairs),
      ...(slice.marks === undefined ? {} : { marks: slice.marks }),
    }
  }
}

function sampleLines(samples: readonly Sample[], { index: block, phase }: ClosedBlock): string {
  return samples.map((sample) => formatSample({ ...sample, block, phase })).join('\n')
}

/** The lines of a block with the one that speaks of the block itself. */
export function withBlockLine(lines: string, closed: ClosedBlock): string {
  const { index: block, phase, startSeconds: at, endSeconds: end, capped, strained, waits } = closed
  const marked = {
    ...(strained === true ? { strained } : {}),
    ...(waits === undefined ? {} : { waits }),
  }
  const own = formatBlockLine({ block, phase, at, end, capped, ...marked })
  return lines === '' ? own : `${lines}\n${own}`
}
