/**
 * One measurement of capacity: unloaded, then the climb of both arms level by level, then the rounds
 * in which the ratio is measured. One arm at a time, so that neither takes the machine from the
 * other, and turn by turn, so that both meet the same minutes.
 */

import type { Clock } from '../../core/clock.ts'
import type { Capacity, Reason } from '../../core/contract/report.ts'
import { messageOf } from '../../core/errors.ts'
import { createCrew, type Crew } from '../../generator/capacity/crew.ts'
import type { LevelCounts } from '../../generator/capacity/level.ts'
import { pinned } from '../../generator/capacity/pin.ts'
import { createRandom, type Random } from '../../core/random.ts'
import { createClimb, type Climb } from './climb.ts'
import {
  judgeLevel,
  lateMsOf,
  limitsOf,
  type Level,
  type LimitGroup,
  type LimitedAction,
} from './limits.ts'
import { withoutActions, type Mix } from './mix.ts'
import { capacityOf, type Measured } from './outcome.ts'
import { firstLevels, laterLevels, roundSeconds, windowOf, type RoundWindow } from './plan.ts'
import type { Round, TwoArms } from './sustain.ts'

const TWO = ['baseline', 'canary'] as const

export interface CapacityProgress {
  readonly arm: TwoArms
  readonly connections: number
  readonly requestsPerSecond: number
  /** Left out while the level is searched. */
  readonly round?: number
}

export interface MeasurementOptions {
  readonly mix: Mix
  readonly limits: (action: string) => Omit<LimitedAction, 'action'>
  /** All of it ends within this. */
  readonly seconds: number
  /** Of a request; held between 1 s, which is autocannon's least, and 10 s. */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Says which arm comes first. */
  readonly seed: number
  readonly progress?: (progress: CapacityProgress) => void
  /** Default: threads of our own. */
  readonly crew?: Crew
}

export interface Outcome {
  /** Left out where nothing was measured. */
  readonly capacity?: Capacity
  /** What stood in the way, in words. */
  readonly reasons: readonly Reason[]
}

/** Shares of the whole time. */
const SEARCH_SHARE = 0.6
const ROUNDS_UNTIL = 0.94
const WINDOWS_PER_TIME = 100
const LONGEST_SEARCH_SECONDS = 1.2
const SHORTEST_SECONDS = 0.2
const WARM_SHARE = 1 / 3
const MOST_ROUNDS = 40
/** So often the rounds may say that the levels of the search were wrong, and when they are asked. */
const MOST_REVISIONS = 4
const REVISED_AFTER: ReadonlySet<number> = new Set([2, 4])
/** Others are only worth it if as many rounds fit then. */
const ROUNDS_AFTER_REVISION = 5
const ENOUGH_ANSWERS = 40
/** On the baseline alone, at one connection: an action of which half fails needs more than itself. */
const FAILS_ALONE = 0.5

export async function measureCapacity(options: MeasurementOptions): Promise<Outcome> {
  const crew = options.crew ?? createCrew()
  const measurement = new Measurement(options, crew)
  const reasons: Reason[] = []
  try {
    await measurement.run()
  } catch (thrown) {
    if (!(thrown instanceof Ended)) throw thrown
    reasons.push({ code: 'capacity', message: thrown.message })
  } finally {
    await crew.close()
  }
  const measured = measurement.measured()
  if (measured === undefined) return { reasons }
  const outcome = capacityOf(measured)
  return { ...outcome, reasons: [...reasons, ...outcome.reasons] }
}

/** Why it is over before its time; a sentence for the report. */
class Ended extends Error {
  override name = 'Ended'
}

interface Window {
  readonly warmSeconds: number
  readonly seconds: number
  readonly enoughAnswers: number
}

class Measurement {
  readonly #options: MeasurementOptions
  readonly #crew: Crew
  readonly #startedMs: number
  readonly #signal: AbortSignal
  readonly #climbs: Readonly<Record<TwoArms, Climb>>
  readonly #random: Random
  /** The fewest connections at which half of the arm's answers failed. */
  readonly #refused: Record<TwoArms, number> = { baseline: Infinity, canary: Infinity }
  readonly #held: Record<TwoArms, number> = { baseline: 0, canary: 0 }
  #rounds: Round[] = []
  #coin = 0
  #mix: Mix
  #groups: readonly LimitGroup[] = []

  constructor(options: MeasurementOptions, crew: Crew) {
    this.#options = options
    this.#crew = crew
    this.#mix = options.mix
    this.#startedMs = options.clock.nowMs()
    this.#random = createRandom(options.seed, 'capacity')
    const deadline = AbortSignal.timeout(Math.round(options.seconds * 1000))
    this.#signal = AbortSignal.any([options.signal, deadline])
    this.#climbs = { baseline: createClimb(), canary: createClimb() }
  }

  async run(): Promise<void> {
    await this.#unloaded()
    await this.#climb()
    await this.#measureRounds()
  }

  measured(): Measured | undefined {
    if (this.#groups.length === 0) return undefined
    return {
      mix: this.#mix,
      groups: this.#groups,
      seconds: this.#seconds(),
      climbs: this.#climbs,
      rounds: this.#rounds,
    }
  }

  /** What the baseline needs where nobody else asks; the limits come from it. */
  async #unloaded(): Promise<void> {
    await this.#aim()
    let counts = await this.#count('baseline', 1, this.#searchWindow())
    const failing = this.#failingAlone(counts)
    if (failing.size > 0) {
      const mix = withoutActions(this.#mix, failing, 'fails-alone')
      if (mix === undefined) {
        throw new Ended(`the baseline answers none of the actions by themselves: ${list(failing)}`)
      }
      this.#mix = mix
      await this.#aim()
      counts = await this.#count('baseline', 1, this.#searchWindow())
    }
    if (counts.actions.every(({ answers }) => answers === 0)) {
      throw new Ended('the baseline did not answer while its unloaded latency was measured')
    }
    const limited = this.#mix.actions.map(({ action }) => ({
      action,
      ...this.#options.limits(action),
    }))
    this.#groups = limitsOf(limited, counts)
    this.#climbs.baseline.add(this.#judged('baseline', counts, 1))
    this.#climbs.canary.add(await this.#measure('canary', 1, this.#searchWindow()))
  }

  #failingAlone({ actions }: LevelCounts): Set<string> {
    return new Set(
      this.#mix.actions.flatMap(({ action }, index) => {
        const { answers = 0, failures = 0 } = actions[index] ?? {}
        return failures > 0 && failures >= FAILS_ALONE * (answers + failures) ? [action] : []
      }),
    )
  }

  async #climb(): Promise<void> {
    for (let rung = 0; ; rung += 1) {
      const due = inTurn(rung).filter((arm) => this.#climbs[arm].next() !== undefined)
      if (due.length === 0) return
      for (const arm of due) {
        const climb = this.#climbs[arm]
        const connections = climb.next()
        if (connections === undefined) continue
        if (this.#seconds() > SEARCH_SHARE * this.#options.seconds) climb.stop('time')
        else climb.add(await this.#measure(arm, connections, this.#searchWindow()))
      }
    }
  }

  async #measureRounds(): Promise<void> {
    const searched = [this.#climbs.baseline.levels(), this.#climbs.canary.levels()] as const
    const first = firstLevels(...searched, this.#leftSeconds())
    let levels = first
    // Without both there is no ratio, and what the search has seen is told as it is.
    if (levels.length === 0) return
    let revisions = 0
    let window = windowOf(levels, this.#leftSeconds(), searched.flat())
    for (let round = 1; round <= MOST_ROUNDS; round += 1) {
      if (this.#leftSeconds() < roundSeconds(levels, window)) return
      this.#rounds.push(await this.#measureRound(levels, window, round))
      if (revisions >= MOST_REVISIONS || !REVISED_AFTER.has(this.#rounds.length)) continue
      const later = laterLevels(first, levels, this.#rounds, this.#refused)
      const laterWindow = windowOf(later, this.#leftSeconds(), searched.flat())
      const needed = ROUNDS_AFTER_REVISION * roundSeconds(later, laterWindow)
      if (later === levels || needed > this.#leftSeconds()) continue
      revisions += 1
      levels = later
      window = laterWindow
      this.#rounds = []
    }
  }

  /** Both arms at each level, one right after the other; who is first a coin says, and both in turn. */
  async #measureRound(
    levels: readonly number[],
    { warmSeconds, seconds }: RoundWindow,
    round: number,
  ): Promise<Round> {
    const measured: Record<TwoArms, Level[]> = { baseline: [], canary: [] }
    if (this.#rounds.length % 2 === 0) this.#coin = this.#random.int(2)
    for (const [index, connections] of levels.entries()) {
      for (const arm of inTurn(this.#coin + this.#rounds.length + index)) {
        if (connections >= this.#refused[arm]) continue
        const window = { warmSeconds, seconds, enoughAnswers: 0 }
        measured[arm].push(await this.#measure(arm, connections, window, round))
      }
    }
    return measured
  }

  #leftSeconds(): number {
    return ROUNDS_UNTIL * this.#options.seconds - this.#seconds()
  }

  async #measure(
    arm: TwoArms,
    connections: number,
    window: Window,
    round?: number,
  ): Promise<Level> {
    const counts = await this.#count(arm, connections, window)
    const level = this.#judged(arm, counts, connections, round)
    if (level.gaveWay === true) {
      this.#refused[arm] = Math.min(this.#refused[arm], connections)
      if (connections <= this.#held[arm]) {
        throw new Ended(
          `half of the ${arm}'s answers failed at ${connections} connections, where it had held before`,
        )
      }
    }
    if (level.broke === undefined) this.#held[arm] = Math.max(this.#held[arm], connections)
    return level
  }

  #judged(arm: TwoArms, counts: LevelCounts, connections: number, round?: number): Level {
    const level = judgeLevel(counts, connections, this.#groups)
    const { requestsPerSecond } = level
    this.#options.progress?.({
      arm,
      connections,
      requestsPerSecond,
      ...(round === undefined ? {} : { round }),
    })
    return level
  }

  async #count(arm: TwoArms, connections: number, window: Window): Promise<LevelCounts> {
    this.#refuseMore()
    const timeoutMs = Math.max(1000, Math.min(10_000, this.#options.timeoutMs))
    const lateMs = lateMsOf(this.#groups, this.#mix.actions.length)
    const task = { connections, ...window, timeoutMs, lateMs }
    const counts = await this.#crew.measure(arm, task, this.#signal)
    switch (counts.end) {
      case 'stopped':
        this.#refuseMore()
        throw new Ended(`the threads that sent to the ${arm} stopped by themselves`)
      case 'asked':
        throw new Ended(
          `the ${arm} asked for a pause (Retry-After: ${(counts.pause ?? '').slice(0, 40)}) ` +
            `at ${connections} connections`,
        )
      case 'unfit':
        throw new Ended(`the ${arm} ${UNFIT_WORDS[counts.unfit ?? 'early-hints']}`)
      case 'breaker':
      case 'time':
        return counts
    }
  }

  /** Called between levels and when one was stopped: says who ended it. */
  #refuseMore(): void {
    if (this.#options.signal.aborted) throw new Ended('it was stopped by a person')
    if (this.#signal.aborted) throw new Ended('its time was over')
  }

  async #aim(): Promise<void> {
    for (const arm of TWO) {
      try {
        this.#crew.aim(await pinned(this.#mix.targets[arm]))
      } catch (thrown) {
        throw new Ended(`the ${arm} cannot be connected to: ${messageOf(thrown)}`)
      }
    }
  }

  #searchWindow(): Window {
    const seconds = Math.max(
      SHORTEST_SECONDS,
      Math.min(LONGEST_SEARCH_SECONDS, this.#options.seconds / WINDOWS_PER_TIME),
    )
    return { warmSeconds: seconds * WARM_SHARE, seconds, enoughAnswers: ENOUGH_ANSWERS }
  }

  #seconds(): number {
    return (this.#options.clock.nowMs() - this.#startedMs) / 1000
  }
}

const UNFIT_WORDS = {
  'early-hints':
    'sends informational answers (1xx), which autocannon takes for the answers themselves',
  'close-delimited': 'ends its answers with the connection, which autocannon never sees the end of',
  certificate: 'showed a certificate that is not its own',
} as const

function inTurn(round: number): readonly TwoArms[] {
  return round % 2 === 0 ? TWO : TWO.toReversed()
}

function list(names: ReadonlySet<string>): string {
  return [...names].slice(0, 5).join(', ')
}
