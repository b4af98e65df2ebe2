/**
 * Blocks for a file that has none: a virtual clock goes over the sends and ends, and the same rule
 * as in a live run closes the blocks. One phase, `load`.
 */

import type { Arm } from '../../core/arm.ts'
import type { Sample } from '../../core/contract/sample.ts'
import type { PairRecord } from '../fold.ts'
import { createBlockCloser, type BlockCloser } from '../quiescence.ts'
import { createWarmUp } from '../warm-up.ts'
import { warmUpLimits } from '../plan.ts'
import type { Recording } from './numbered.ts'
import {
  addToTwins,
  createWatermark,
  findWhole,
  indexActions,
  type Twins,
  type WholeTwins,
} from './pairing.ts'
import type { RecordedRun } from './recorded-run.ts'

const TICK_MS = 20
/** The virtual clock jumps over silence that is longer than this. */
const SILENCE_MS = 60_000
/** How much of the file is gathered before it is put in order. */
const BATCH_SECONDS = 10
type Twin = 'baseline' | 'canary'

interface Event {
  readonly ms: number
  readonly kind: 'start' | 'end'
  readonly arm: Twin
  readonly twins: WholeTwins
}

export interface RebuildOptions {
  /** Seconds of the first send. */
  readonly firstSent: number
  readonly longestSeconds: number
  /** The last send of a sample that is marked as warm-up; −1 where none is marked. */
  readonly lastWarmUp: number
  /** Replaces marks and the adaptive rule. */
  readonly warmupSeconds?: number
}

export function createRebuild(run: RecordedRun, options: RebuildOptions): Recording {
  const actions = indexActions(run.plan)
  const watermark = createWatermark()
  const timeline = new Timeline(run, options)
  let twins = new Map<string, Twins>()
  let gathered = -Infinity

  function advance(upTo: number): void {
    gathered = upTo
    const later = new Map<string, Twins>()
    const whole: WholeTwins[] = []
    for (const [pair, one] of twins) {
      const found = findWhole(one)
      if (one.at > upTo || (found !== undefined && found.start > upTo)) later.set(pair, one)
      else if (found !== undefined) whole.push(found)
    }
    twins = later
    timeline.advance(whole, upTo)
  }

  return {
    sample(sample: Sample, where: string) {
      const action = actions.get(sample.action)
      const { pair } = sample
      if (pair === undefined || action === undefined) return
      watermark.see(sample, where)
      addToTwins(twins, { ...sample, pair }, action, where)
      const settled = watermark.settledSeconds(options.longestSeconds)
      if (settled > gathered + BATCH_SECONDS) advance(settled)
    },
    block: () => {},
    finish() {
      advance(Infinity)
      timeline.finish()
    },
  }
}

/** The virtual clock with the block that is open. */
class Timeline {
  readonly #run: RecordedRun
  readonly #warmUpEnd: WarmUpEnd
  #events: Event[] = []
  #nowMs: number
  #closer: BlockCloser | undefined
  #blockStartMs: number
  #pairs: WholeTwins[] = []

  constructor(run: RecordedRun, options: RebuildOptions) {
    this.#run = run
    this.#warmUpEnd = createWarmUpEnd(run, options)
    this.#nowMs = options.firstSent * 1000
    this.#blockStartMs = this.#nowMs
  }

  /** Takes pairs in and lets the clock run to this second. */
  advance(whole: readonly WholeTwins[], upToSeconds: number): void {
    this.#events = [...this.#events, ...whole.flatMap(eventsOf)].toSorted(
      (left, right) =>
        left.ms - right.ms || Number(left.kind === 'end') - Number(right.kind === 'end'),
    )
    let index = 0
    for (; index < this.#events.length; index += 1) {
      const event = this.#events[index]
      if (event === undefined || event.ms > upToSeconds * 1000) break
      if (event.ms > this.#nowMs + SILENCE_MS) this.#nowMs = event.ms - TICK_MS
      while (this.#nowMs + TICK_MS <= event.ms) {
        this.#nowMs += TICK_MS
        this.#tick()
      }
      this.#happen(event)
    }
    this.#events = this.#events.slice(index)
  }

  /** The last block ends with the file, whatever was still open. */
  finish(): void {
    this.#nowMs += TICK_MS
    if (this.#closer === undefined) this.#run.warmUp(recordsOf(this.#pairs), this.#nowMs / 1000)
    else if (this.#pairs.length > 0) this.#close([])
  }

  #tick(): void {
    if (this.#closer === undefined) {
      if (this.#warmUpEnd.isOver(this.#nowMs)) this.#begin()
      return
    }
    const limMs = this.#run.limMs()
    const answer = this.#closer.ask(this.#nowMs, (action) => limMs[action] ?? 0)
    if (answer.kind === 'close') this.#close(answer.capped)
  }

  #begin(): void {
    const { blockSeconds, maxStallSeconds } = this.#run.plan
    this.#run.warmUp(recordsOf(this.#pairs), this.#nowMs / 1000)
    this.#pairs = []
    this.#blockStartMs = this.#nowMs
    this.#closer = createBlockCloser({
      startMs: this.#nowMs,
      blockMs: blockSeconds * 1000,
      maxStallMs: maxStallSeconds * 1000,
    })
  }

  #close(capped: readonly Arm[]): void {
    const pairs = this.#pairs
    this.#pairs = []
    this.#run.addBlock({
      phase: 'load',
      startSeconds: this.#blockStartMs / 1000,
      endSeconds: this.#nowMs / 1000,
      capped,
      pairs,
    })
    this.#blockStartMs = this.#nowMs
  }

  #happen({ kind, arm, twins, ms }: Event): void {
    const { pair, action } = twins.record
    if (kind === 'end') {
      this.#closer?.ended(arm, pair, ms)
      this.#warmUpEnd.ended(arm, twins, ms)
      return
    }
    this.#closer?.started(arm, pair, action, ms)
    if (isFirst(arm, twins)) this.#pairs.push(twins)
  }
}

function recordsOf(pairs: readonly WholeTwins[]): PairRecord[] {
  return pairs.map(({ record }) => record)
}

/** Both arms sent in the same instant count once, at the baseline. */
function isFirst(arm: Twin, { baseline, canary }: WholeTwins): boolean {
  return arm === 'baseline' ? baseline.sent <= canary.sent : canary.sent < baseline.sent
}

function eventsOf(twins: WholeTwins): Event[] {
  return (['baseline', 'canary'] as const).flatMap((arm): Event[] => [
    { ms: twins[arm].sent * 1000, kind: 'start', arm, twins },
    { ms: twins[arm].end * 1000, kind: 'end', arm, twins },
  ])
}

interface WarmUpEnd {
  isOver(nowMs: number): boolean
  ended(arm: Twin, twins: WholeTwins, ms: number): void
}

/** What was asked for; else the marks of the file; else the adaptive rule. */
function createWarmUpEnd(run: RecordedRun, options: RebuildOptions): WarmUpEnd {
  const { firstSent, lastWarmUp, warmupSeconds } = options
  if (warmupSeconds !== undefined || lastWarmUp >= 0) {
    const endSeconds = warmupSeconds === undefined ? lastWarmUp : firstSent + warmupSeconds
    const passed = (nowMs: number): boolean =>
      warmupSeconds === undefined ? nowMs / 1000 > endSeconds : nowMs / 1000 >= endSeconds
    return { isOver: passed, ended: () => {} }
  }
  const warmUp = createWarmUp(warmUpLimits(run.plan))
  const seconds = (ms: number): number => ms / 1000 - firstSent
  return {
    isOver: (nowMs) => warmUp.over(seconds(nowMs)),
    ended(arm, twins, ms) {
      const { outcome, latencyMs } = twins[arm]
      if (outcome === 'ok') warmUp.add(arm, twins.record.action, latencyMs, seconds(ms))
    },
  }
}
