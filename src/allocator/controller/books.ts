/**
 * The books of one controller: what goes into the journal, and what waits for it.
 *
 * A raise that cannot be written down does not happen. What protects users, and facts that have
 * happened, are kept here in their order until the database takes them again; until then nothing
 * else is decided. A writer that was fenced off by a later one writes nothing any more.
 */

import { readLastLines, type NewLine } from '../../../profiles-db/journal.ts'
import type { Database } from '../../../profiles-db/open.ts'
import { recordRollout, type RolloutChanges } from '../../../profiles-db/rollouts.ts'
import type { Clock } from '../../core/clock.ts'
import { StoreError } from '../../core/errors.ts'

export interface BooksParts {
  readonly database: Database
  readonly rollout: { readonly id: string; readonly epoch: number }
  readonly clock: Clock
  readonly written: () => void
  readonly log: (line: string) => void
}

/** An intent as the journal has it. */
interface WrittenIntent {
  readonly seq: number
  readonly reason: unknown
}

/** More than a rollout can decide while a database is gone. */
const MOST_WAITING = 200

export class Books {
  readonly #parts: BooksParts
  #waiting: { readonly lines: readonly NewLine[]; readonly changes: RolloutChanges }[] = []
  #trouble = ''
  #isFenced = false
  #lastIntent: WrittenIntent | undefined

  constructor(parts: BooksParts) {
    this.#parts = parts
  }

  /** Another controller took the rollout over. */
  get isFenced(): boolean {
    return this.#isFenced
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /**
   * @param mayWait it protects, or it happened already: it is kept if it cannot be written now
   * @returns false where it is lost, and so must not be acted on
   */
  write(lines: readonly NewLine[], changes: RolloutChanges, mayWait: boolean): boolean {
    if (!this.hasWaiting && this.#record(lines, changes)) return true
    if (this.#isFenced || !mayWait || this.#waiting.length >= MOST_WAITING) return false
    this.#waiting.push({ lines, changes })
    return true
  }

  /** What waits is written first, in its order; true if nothing waits any more. */
  flush(): boolean {
    for (;;) {
      const first = this.#waiting[0]
      if (first === undefined) return true
      if (!this.#record(first.lines, first.changes)) return false
      this.#waiting.shift()
    }
  }

  /** False where the database did not take it; said once for each kind of trouble. */
  attempt(work: () => void): boolean {
    try {
      work()
      this.#trouble = ''
      return true
    } catch (thrown) {
      if (!(thrown instanceof StoreError)) throw thrown
      if (thrown.code === 'rollout-fenced') this.#isFenced = true
      if (this.#trouble !== thrown.code) {
        this.#parts.log(`rollout ${this.#parts.rollout.id}: ${thrown.message}`)
      }
      this.#trouble = thrown.code
      return false
    }
  }

  #record(lines: readonly NewLine[], changes: RolloutChanges): boolean {
    const { database, rollout, clock, written } = this.#parts
    const at = new Date(clock.wallMs()).toISOString()
    let seqs: readonly number[] = []
    const isWritten = this.attempt(() => {
      const told = lines.map((line) => this.#withIntent(line))
      seqs = recordRollout(database, rollout, at, told, changes)
    })
    if (!isWritten) return false
    const index = lines.findLastIndex(({ kind }) => kind === 'intent')
    const intent = lines[index]
    if (intent !== undefined) {
      this.#lastIntent = { seq: seqs[index] ?? 0, reason: intent.document['reason'] }
    }
    written()
    return true
  }

  /** What was read back names the intent it comes from, which may have been an earlier process's. */
  #withIntent(line: NewLine): NewLine {
    if (line.kind !== 'applied') return line
    this.#lastIntent ??= this.#readLastIntent()
    if (this.#lastIntent === undefined) return line
    const { seq, reason } = this.#lastIntent
    return { ...line, document: { ...line.document, intent: seq, reason } }
  }

  #readLastIntent(): WrittenIntent | undefined {
    const { database, rollout } = this.#parts
    const [line] = readLastLines(database, rollout.id, ['intent'], 1)
    return line === undefined ? undefined : { seq: line.seq, reason: line.document['reason'] }
  }
}
