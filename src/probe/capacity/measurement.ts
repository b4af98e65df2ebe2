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
import { createClimb, operatingPoints, type Climb } from './climb.ts'
import {
  judgeLevel,
  lateMsOf,
  limitsOf,
  type Level,
  type LimitGroup,
  type LimitedAction,
} from './limits.ts'
import { withoutActions, type Mix } from './mix.ts'
import { capacityOf, type Measured, type TwoArms } from './outcome.ts'

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
const SEARCH_SHARE = 0.7
const ROUNDS_UNTIL = 0.94
const WINDOWS_PER_TIME = 80
const LONGEST_SEARCH_SECONDS = 1.5
const SHORTEST_SECONDS = 0.3
const LONGEST_ROUND_SECONDS = 3
const MOST_ROUNDS = 8
const FEWEST_ROUNDS = 4
const WARM_SHARE = 1 / 3
const LONGEST_WARM_SECONDS = 0.5
/** What ending and starting connections takes, about. */
const CHANGE_SECONDS = 0.1
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
  readonly #rounds: Record<TwoArms, Level>[] = []
  #mix: Mix
  #groups: readonly LimitGroup[] = []

  constructor(options: MeasurementOptions, crew: Crew) {
    this.#options = options
    this.#crew = crew
    this.#mix = options.mix
    this.#startedMs = options.clock.nowMs()
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
      points: this.#points(),
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
    const points = this.#points()
    const { baseline, canary } = points
    // Without both there is no ratio, and what the search has seen is told as it is.
    if (baseline === undefined || canary === undefined) return
    const left = ROUNDS_UNTIL * this.#options.seconds - this.#seconds()
    const rounds =
      left / (2 * MOST_ROUNDS) >= 1.5 ? MOST_ROUNDS : left / 12 >= 1 ? 6 : FEWEST_ROUNDS
    const each = left / (2 * rounds) - CHANGE_SECONDS
    const warmSeconds = Math.min(LONGEST_WARM_SECONDS, each * 0.25)
    const seconds = Math.max(SHORTEST_SECONDS, Math.min(LONGEST_ROUND_SECONDS, each - warmSeconds))
    const window = { warmSeconds, seconds, enoughAnswers: 0 }
    for (let round = 0; round < rounds; round += 1) {
      const levels: Partial<Record<TwoArms, Level>> = {}
      for (const arm of inTurn(round)) {
        const { connections } = arm === 'baseline' ? baseline : canary
        levels[arm] = await this.#measure(arm, connections, window, round + 1)
      }
      const { baseline: first, canary: second } = levels
      if (first !== undefined && second !== undefined) {
        this.#rounds.push({ baseline: first, canary: second })
      }
    }
  }

  #points(): ReturnType<typeof operatingPoints> {
    return operatingPoints(this.#climbs.baseline.levels(), this.#climbs.canary.levels())
  }

  async #measure(
    arm: TwoArms,
    connections: number,
    window: Window,
    round?: number,
  ): Promise<Level> {
    const counts = await this.#count(arm, connections, window)
    const level = this.#judged(arm, counts, connections, round)
    if (round !== undefined && counts.end === 'breaker') {
      throw new Ended(
        `half of the ${arm}'s answers failed at ${connections} connections, where it had held before`,
      )
    }
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
