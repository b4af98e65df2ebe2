/** Totals of a shard's run: what was sent by arm, and what was judged by action. */

import type { PairRecord } from '../../analysis/fold.ts'
import { createTally } from '../../analysis/tally.ts'
import type { Arm } from '../../core/arm.ts'
import type { Sample } from '../../core/contract/sample.ts'
import type { FromWorker } from './messages.ts'

type Ended = Pick<Extract<FromWorker, { kind: 'ended' }>, 'tally' | 'pairsByAction'>

export class Totals {
  readonly #tally = createTally()
  readonly #pairsByAction: number[]

  /** @param actions how many the plan has */
  constructor(actions: number) {
    this.#pairsByAction = Array.from({ length: actions }, () => 0)
  }

  sent(samples: readonly Sample[]): void {
    for (const sample of samples) this.#tally.add(sample)
  }

  session(completed: ReadonlyMap<Arm, boolean>): void {
    for (const [arm, isWhole] of completed) this.#tally.session(arm, isWhole)
  }

  /** A pair that ended after the warm-up. */
  judged(pair: PairRecord): void {
    this.#pairsByAction[pair.action] = (this.#pairsByAction[pair.action] ?? 0) + 1
  }

  pairsByAction(): number[] {
    return [...this.#pairsByAction]
  }

  state(): Ended {
    return { tally: this.#tally.state(), pairsByAction: this.pairsByAction() }
  }
}
