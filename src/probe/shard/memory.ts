/**
 * Memory: what a worker keeps of a run beside the sums, so that a regression leaves something to
 * look at: the last pairs of each action as numbers, and a few whole exchanges.
 *
 * Whole exchanges cost time in the generator, so only a few steps hand them over. Which ones is
 * decided before a step is sent, by time alone and for all arms together: about one step a second
 * of each action, and five a second once the canary has failed at it where the baseline did not.
 * Everything is bounded: pairs by number, exchanges by number and by bytes.
 */

import { isFailure, type Segment } from '../../core/contract/sample.ts'
import { WHOLE_SERVICE } from '../../core/verdict.ts'
import type { PairRecord } from '../../analysis/fold.ts'
import type { Exchange } from '../../generator/traffic.ts'
import { Examples, type Budget, type Example } from './examples.ts'
import { noRows, RowRing, Words, type RowColumns } from './rows.ts'

/** Pairs that are kept of one action, and of the whole service. */
export const MOST_ROWS = 3000
/** Pairs of all actions together: what many actions have to share. About 60 bytes each. */
const MOST_ROWS_TOGETHER = 100_000
const LEAST_ROWS = 100
/** Of all examples together. */
export const EXAMPLE_BYTES = 8 * 2 ** 20
/** Examples that one question is answered with. */
export const MOST_EXAMPLES = 5

const CALM_MS = 1000
const ALERT_MS = 200

/** What is known of one action. */
export interface Recollection {
  readonly rows: RowColumns
  readonly examples: readonly Example[]
}

interface ActionMemory {
  readonly rows: RowRing
  readonly examples: Examples
  nextMs: number
  intervalMs: number
}

export class Memory {
  readonly #words = new Words()
  readonly #budget: Budget = { left: EXAMPLE_BYTES }
  readonly #actions: ReadonlyMap<string, ActionMemory>
  readonly #service: RowRing

  /** @param actions names of the plan's actions; no other one is remembered */
  constructor(actions: readonly string[]) {
    const share = Math.floor(MOST_ROWS_TOGETHER / Math.max(1, actions.length))
    const most = Math.min(MOST_ROWS, Math.max(LEAST_ROWS, share))
    this.#service = new RowRing(this.#words, MOST_ROWS)
    this.#actions = new Map(
      actions.map((action) => [
        action,
        {
          rows: new RowRing(this.#words, most),
          examples: new Examples(this.#budget),
          nextMs: Number.NEGATIVE_INFINITY,
          intervalMs: CALM_MS,
        },
      ]),
    )
  }

  /** Whether the step of this action that is about to be sent shall hand over its exchanges. */
  wants(action: string, nowMs: number): boolean {
    const memory = this.#actions.get(action)
    if (memory === undefined || nowMs < memory.nextMs) return false
    memory.nextMs = nowMs + memory.intervalMs
    return true
  }

  add(
    action: string,
    pair: PairRecord,
    segment: Segment | undefined,
    exchanges: readonly Exchange[],
    block = 0,
  ): void {
    const memory = this.#actions.get(action)
    if (memory === undefined) return
    memory.rows.add({ ...pair, block, segment: segment ?? {} })
    this.#service.add({ ...pair, block, segment: { ...segment, action } })
    if (isFailure(pair.canary) && !isFailure(pair.baseline)) memory.intervalMs = ALERT_MS
    const baseline = exchanges.find(({ arm }) => arm === 'baseline')
    const canary = exchanges.find(({ arm }) => arm === 'canary')
    if (baseline === undefined || canary === undefined) return
    memory.examples.offer({ action, pair: pair.pair, at: pair.at, baseline, canary })
  }

  /** Before the first pair that is judged: what the warm-up left is no evidence. */
  clear(): void {
    this.#service.clear()
    for (const { rows, examples } of this.#actions.values()) {
      rows.clear()
      examples.clear()
    }
  }

  /** The pairs of this block were left out after all. */
  forget(block: number): void {
    this.#service.forget(block)
    for (const { rows } of this.#actions.values()) rows.forget(block)
  }

  /** @param action a name of the plan or `*`; nothing is known of any other */
  recall(action: string): Recollection {
    if (action === WHOLE_SERVICE) {
      const all = [...this.#actions.values()].flatMap(({ examples }) => examples.all())
      return { rows: this.#service.columns(), examples: mostTelling(all) }
    }
    const memory = this.#actions.get(action)
    if (memory === undefined) return { rows: noRows(), examples: [] }
    return { rows: memory.rows.columns(), examples: memory.examples.all() }
  }
}

/** Failures, then the slowest; an ordinary pair has a place if there is room. */
export function mostTelling(examples: readonly Example[]): Example[] {
  const rank = { failed: 2, slow: 1, ordinary: 0 }
  return examples
    .toSorted((left, right) => rank[right.kind] - rank[left.kind] || right.ratio - left.ratio)
    .slice(0, MOST_EXAMPLES)
}
