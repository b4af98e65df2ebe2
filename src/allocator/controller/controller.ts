/**
 * The controller of one rollout: looks, decides, writes down, then acts.
 *
 * Everything it knows goes into one observation, `decide` makes of it a decision, and nothing is done
 * before the decision is in the journal. A raise that cannot be written down does not happen; a
 * reduction does, and is written down as soon as that works again, because users come before books.
 * The loop is serial: there is never a second decision while an act is under way.
 */

import { beat, letGo } from '../../../profiles-db/rollouts.ts'
import {
  answerWord,
  forgetEvidence,
  saveEvidence,
  saveReading,
  waitingWords,
  type StoredWord,
} from '../../../profiles-db/rollout-notes.ts'
import type { NewLine } from '../../../profiles-db/journal.ts'
import type { Database } from '../../../profiles-db/open.ts'
import type { Clock } from '../../core/clock.ts'
import type { Policy } from '../../core/contract/policy-rules.ts'
import type { ReadingPoint } from '../../core/contract/rollout.ts'
import { messageOf } from '../../core/errors.ts'
import { decide } from '../decide.ts'
import { isEnd } from '../machine.ts'
import type { Observation } from '../observation.ts'
import type { Router } from '../routers/router.ts'
import type { Decision, RolloutState } from '../state.ts'
import { Books } from './books.ts'
import { createCompany, type Company } from './company.ts'
import type { Herald } from './herald.ts'
import { isNotable, isRepeated, linesOf, type Decided } from './lines.ts'
import { tellPipeline, type PromotionAnswer, type PromotionParts } from './promotion.ts'
import { isTick, latestMs, observationOf } from './observe.ts'
import { howTo, isGoingToZero, readingPoint } from './readings.ts'
import { createRouterWatch, type RouterWatch } from './router-watch.ts'
import { tickFactsOf } from './tick-facts.ts'

export interface ControlledRollout {
  readonly id: string
  readonly epoch: number
  readonly name: string
  readonly version?: string
  readonly target: string
  readonly policy: Policy
  /** Wall time in milliseconds. */
  readonly startedMs: number
  readonly state: RolloutState
  /** It was taken over: the first reading decides what is certain. */
  readonly isTakenOver: boolean
}

export interface ControllerParts {
  readonly rollout: ControlledRollout
  readonly database: Database
  readonly router: Router
  readonly clock: Clock
  readonly promotion: PromotionParts
  readonly herald: Herald
  /** What starts the twins, and what they start from. */
  readonly company: Parameters<typeof createCompany>[0]
  /** Called after each turn that changed something that people see. */
  readonly changed: (what: 'journal' | 'reading' | 'block') => void
  readonly log: (line: string) => void
}

export interface Controller {
  readonly id: string
  state(): RolloutState
  watch(): RouterWatch
  company(): Company
  lastReading(): ReadingPoint | undefined
  /** Something that happened beside the decisions, for the journal. */
  note(line: NewLine): void
  /** There is something new: a word, a finding. */
  wake(): void
  /** Lets go of the rollout as it is; the weight stays. */
  close(): Promise<void>
  /** Resolves when the rollout is over, was let go of, or was taken over by another. */
  readonly done: Promise<void>
}

const TURN_MS = 250
const BEAT_MS = 2_000
const WORDS_MS = 1_000
/** Of readings and of evidence. */
const KEEP_MS = 10_000
/** Decisions of one turn that lead on to the next, such as asked, read back, over. */
const MOST_ROUNDS = 4

export const startController = (parts: ControllerParts): Controller => new RunningController(parts)

class RunningController implements Controller {
  readonly id: string
  readonly done: Promise<void>
  readonly #parts: ControllerParts
  readonly #watch: RouterWatch
  readonly #company: Company
  readonly #books: Books
  readonly #closing = new AbortController()
  readonly #originMs: number
  #state: RolloutState
  #isFirst: boolean
  #word: StoredWord | undefined
  #promotion: PromotionAnswer | undefined
  #tick: Observation['tick']
  #lastReading: ReadingPoint | undefined
  #due = { beatMs: 0, wordsMs: 0, readingMs: 0, evidenceMs: 0 }
  #seenSplit: unknown
  #isOver = false
  #stumbled = ''
  #wake: () => void = () => {}

  constructor(parts: ControllerParts) {
    const { rollout, clock, router } = parts
    this.#parts = parts
    this.id = rollout.id
    this.#state = rollout.state
    this.#isFirst = rollout.isTakenOver
    this.#watch = createRouterWatch(router, clock, rollout.policy)
    this.#company = createCompany(parts.company)
    const { database, changed, log } = parts
    this.#books = new Books({ database, rollout, clock, log, written: () => changed('journal') })
    // Time goes on over restarts, and never back.
    const passed = Math.max(clock.wallMs() - rollout.startedMs, latestMs(rollout.state))
    this.#originMs = clock.nowMs() - passed
    const isWaiting = rollout.state.state === 'promoting' && !rollout.state.finalizing
    if (rollout.isTakenOver && isWaiting) this.#tellPipeline()
    this.done = this.#run()
  }

  state(): RolloutState {
    return this.#state
  }

  watch(): RouterWatch {
    return this.#watch
  }

  company(): Company {
    return this.#company
  }

  lastReading(): ReadingPoint | undefined {
    return this.#lastReading
  }

  note({ kind, actor, document }: NewLine): void {
    const state = this.#state
    this.#write(
      [{ kind, actor, document: { ...document, state: state.state } }],
      state,
      state,
      true,
    )
  }

  wake(): void {
    this.#due.wordsMs = 0
    this.#wake()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#wake()
    await this.done
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted && !this.#isOver && !this.#books.isFenced) {
      try {
        await this.#turn()
      } catch (thrown) {
        this.#stumble(thrown)
      }
      if (!this.#isOver) await this.#pause()
    }
    await this.#leave()
  }

  /** A fault of our own must not leave a canary alone with its weight: the next turn tries again. */
  #stumble(thrown: unknown): void {
    const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    if (what !== this.#stumbled) this.#parts.log(`rollout ${this.id}: ${what}`)
    this.#stumbled = what
  }

  async #leave(): Promise<void> {
    const { database, rollout, log } = this.#parts
    try {
      if (!isEnd(this.#state.state)) this.#keepEvidence()
      await this.#company.stop()
      if (isEnd(this.#state.state)) forgetEvidence(database, this.id)
      letGo(database, rollout)
    } catch (thrown) {
      log(`rollout ${this.id}: ${messageOf(thrown)}`)
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), TURN_MS)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve()
      }
    })
  }

  async #turn(): Promise<void> {
    const { clock } = this.#parts
    if (!this.#hold()) return
    const isWritten = this.#books.flush()
    if (isWritten && isEnd(this.#state.state)) {
      this.#isOver = true
      return
    }
    if (await this.#watch.look(this.#isFirst)) this.#noteReading()
    const load = this.#watch.loadFigures()
    this.#company.keep(this.#state, this.#watch.answer().kind === 'read', load)
    this.#listen()
    // Several things may be said by one moment: as long as a decision leads on, another is made.
    for (let rounds = 0; rounds < MOST_ROUNDS && !this.#isOver; rounds += 1) {
      if (!(await this.#carryOut(this.#decide()))) break
    }
    if (clock.nowMs() >= this.#due.evidenceMs) {
      this.#due.evidenceMs = clock.nowMs() + KEEP_MS
      this.#keepEvidence()
    }
  }

  /** Says that this controller lives. False where another one took the rollout over. */
  #hold(): boolean {
    const { database, clock, rollout } = this.#parts
    if (clock.nowMs() < this.#due.beatMs) return true
    this.#due.beatMs = clock.nowMs() + BEAT_MS
    this.#books.attempt(() => beat(database, rollout, clock.wallMs()))
    return !this.#books.isFenced
  }

  #decide(): Decided {
    const { policy } = this.#parts.rollout
    const observation = this.#observe()
    const before = this.#state
    const decision = decide(policy, before, observation)
    return { before, observation, decision }
  }

  #observe(): Observation {
    const split = this.#watch.split()
    const isNewSplit = split !== this.#seenSplit
    this.#seenSplit = split
    const atMs = this.#parts.clock.nowMs() - this.#originMs
    if (isTick(this.#state, atMs)) this.#tick ??= tickFactsOf(this.#company, this.#watch)
    return observationOf({
      atMs,
      originMs: this.#originMs,
      policy: this.#parts.rollout.policy,
      state: this.#state,
      watch: this.#watch,
      company: this.#company,
      isNewSplit,
      tick: this.#tick,
      word: this.#word,
      promotion: this.#promotion?.kind,
      isFirst: this.#isFirst,
    })
  }

  /** False where nothing more can be decided in this turn. */
  async #carryOut(decided: Decided): Promise<boolean> {
    const { decision, before } = decided
    const { intent, state } = decision
    // What reads as it was asked for is a fact, written down before what follows from it.
    if (state.appliedBp !== before.appliedBp) return this.#confirm(state.appliedBp)
    if (intent.kind === 'weight' && isRepeated(decided)) {
      this.#state = state
      return this.#watch.mayRetry() ? await this.#move(intent.toBp, state) : false
    }
    if (!isNotable(decided)) {
      this.#state = state
      this.#isFirst &&= decided.observation.reading.kind !== 'read'
      return false
    }
    if (!this.#write(linesOf(decided), before, state)) return false
    this.#state = state
    this.#isFirst &&= decided.observation.reading.kind !== 'read'
    this.#answerWord(decision)
    this.#tick = undefined
    this.#parts.herald.decided(decided)
    this.#company.follow(before, decision)
    if (intent.kind === 'promote') this.#tellPipeline()
    if (intent.kind === 'weight') return await this.#move(intent.toBp, state)
    // One whose end is not written down yet stays until it is.
    if (isEnd(state.state)) this.#isOver = !this.#books.hasWaiting
    return !isEnd(state.state)
  }

  /** Asks the router, and writes down what it then reads. */
  async #move(toBp: number, state: RolloutState): Promise<boolean> {
    const answer = this.#watch.answer()
    const readBp = answer.kind === 'read' ? answer.state.configuredBp : undefined
    const isTaken = await this.#watch.set(toBp, howTo(toBp, state, readBp))
    this.#noteReading(isTaken)
    if (!isTaken) return false
    this.#company.weightChanged()
    return this.#confirm(toBp)
  }

  /** The router reads what it was asked for: that is a fact, and kept as one. */
  #confirm(weightBp: number): boolean {
    const answer = this.#watch.answer()
    if (answer.kind !== 'read') return false
    const { configuredBp, incarnation } = answer.state
    const before = this.#state
    const state = {
      ...before,
      appliedBp: weightBp,
      lastReadAtMs: Math.max(before.lastReadAtMs, answer.atMs - this.#originMs),
      incarnation,
    }
    const document = {
      fromBp: before.appliedBp,
      toBp: weightBp,
      state: state.state,
      reason: before.reason,
      reading: { configuredBp, incarnation },
    }
    this.#state = state
    return this.#write([{ kind: 'applied', actor: 'router', document }], before, state, true)
  }

  /** Into the journal; false where it did not happen and nothing may be done. */
  #write(
    lines: readonly NewLine[],
    before: RolloutState,
    state: RolloutState,
    isFact = false,
  ): boolean {
    const runId = this.#company.runId()
    const changes = {
      state: state.state,
      document: state,
      ...(isEnd(state.state)
        ? { endedAt: new Date(this.#parts.clock.wallMs()).toISOString() }
        : {}),
      ...(runId === undefined ? {} : { run: runId }),
    }
    const lowers = state.intendedBp < before.intendedBp || isGoingToZero(state)
    return this.#books.write(lines, changes, isFact || lowers)
  }

  #listen(): void {
    const { database, clock } = this.#parts
    if (this.#word !== undefined || clock.nowMs() < this.#due.wordsMs) return
    this.#due.wordsMs = clock.nowMs() + WORDS_MS
    this.#books.attempt(() => {
      this.#word = waitingWords(database, this.id)[0]
    })
  }

  #answerWord({ actor, sentence, reason }: Decision): void {
    const word = this.#word
    if (word === undefined || actor !== word.by) return
    const answer = reason.code === 'act-refused' ? `refused: ${reason.message}` : sentence
    if (!this.#books.attempt(() => answerWord(this.#parts.database, word.number, answer))) return
    this.#word = undefined
    this.#due.wordsMs = 0
  }

  #tellPipeline(): void {
    const { rollout, promotion } = this.#parts
    const { id, name, version, target, policy } = rollout
    const promoted = { rollout: id, name, target, ...(version === undefined ? {} : { version }) }
    void tellPipeline(policy, promoted, promotion, this.#closing.signal).then((answer) => {
      if (!this.#closing.signal.aborted) this.#promotion = answer
      this.#wake()
    })
  }

  #noteReading(force = false): void {
    const { clock, database, changed, herald } = this.#parts
    const at = new Date(clock.wallMs()).toISOString()
    const reading = readingPoint(this.#watch, this.#state.intendedBp, at)
    this.#lastReading = reading
    herald.read(this.#watch.answer())
    changed('reading')
    if (!force && clock.nowMs() < this.#due.readingMs) return
    this.#due.readingMs = clock.nowMs() + KEEP_MS
    this.#books.attempt(() => saveReading(database, this.id, clock.wallMs(), reading))
  }

  #keepEvidence(): void {
    const snapshot = this.#company.snapshot()
    if (snapshot === undefined) return
    this.#books.attempt(() => saveEvidence(this.#parts.database, this.id, snapshot))
  }
}
