/**
 * Session: one replay of one profile by one synthetic user, in all arms at once.
 *
 * The arms go in lockstep through the same steps; what they were told (captures, cookies) is kept
 * apart. Which profile a session plays, and everything it sends but what it captured, depends on
 * the seed and the session's number alone, so the same seed gives the same sessions whatever the
 * timing was.
 */

import type { Action, Ontology } from '../actions/ontology.ts'
import type { Arm } from '../core/arm.ts'
import type { JsonValue, Profile } from '../core/contract/profile.ts'
import { isFailure, type Outcome } from '../core/contract/sample.ts'
import { createCookies, type Cookies } from './cookies.ts'
import type { Route } from './exchange.ts'

type Captured = Readonly<Record<string, JsonValue>>

export interface PlannedStep {
  readonly action: Action
  readonly data: Readonly<Record<string, JsonValue>>
  /** Recorded seconds since the step before. */
  readonly gapSeconds: number
}

/**
 * The steps of a profile that are sent. Left out are skipped actions, and steps that need a value
 * which only a left-out step of this session would have captured.
 */
export function planSession(
  ontology: Ontology,
  profile: Profile,
  skipped: ReadonlySet<string>,
): PlannedStep[] {
  const steps: PlannedStep[] = []
  const captured = new Set<string>()
  const lost = new Set<string>()
  let previousSeconds: number | undefined
  for (const { action: name, data, timestamp } of profile.behavioral_patterns) {
    const action = ontology.actions.get(name)
    if (action === undefined) continue
    const lacks = action.needs.some((need) => lost.has(need) && !captured.has(need))
    const target = skipped.has(name) || lacks ? lost : captured
    for (const capture of action.captures) target.add(capture)
    if (target === lost) continue
    steps.push({
      action,
      data,
      gapSeconds: Math.max(0, timestamp - (previousSeconds ?? timestamp)),
    })
    previousSeconds = timestamp
  }
  return steps
}

interface Cleanup {
  readonly action: Action
  readonly data: Readonly<Record<string, JsonValue>>
  /** As it was after the step that is cleaned up: a later one may capture the same name. */
  readonly captured: ReadonlyMap<Arm, Captured>
}

interface ArmState {
  captured: Captured
  readonly cookies: Cookies
  completed: boolean
  /** A step of it was not sent for a reason of our own: what is lacking since is not its fault. */
  isCutOff: boolean
}

/** The step that a session does next. */
export interface NextStep {
  readonly action: Action
  readonly data: Readonly<Record<string, JsonValue>>
  /** Counts from 1 within the session. */
  readonly number: number
  readonly previous: string | undefined
  captured(arm: Arm): Captured
}

export class Session {
  readonly id: string
  readonly profile: Profile
  readonly #plan: readonly PlannedStep[]
  readonly #findCleanup: (action: Action) => Action | undefined
  readonly #arms: ReadonlyMap<Arm, ArmState>
  readonly #cleanups: Cleanup[] = []
  #position = 0
  #number = 0
  #current: PlannedStep | undefined
  #previous: string | undefined
  #closing = false

  constructor(
    id: string,
    profile: Profile,
    plan: readonly PlannedStep[],
    routes: readonly Route[],
    findCleanup: (action: Action) => Action | undefined,
  ) {
    this.id = id
    this.profile = profile
    this.#plan = plan
    this.#findCleanup = findCleanup
    this.#arms = new Map(
      routes.map(({ arm, publicOrigin }) => [
        arm,
        { captured: {}, cookies: createCookies(publicOrigin), completed: true, isCutOff: false },
      ]),
    )
  }

  isOver(): boolean {
    return (this.#closing || this.#position >= this.#plan.length) && this.#cleanups.length === 0
  }

  /** Only what cleans up is left to do. */
  closeEarly(): void {
    this.#closing = true
  }

  /** Recorded seconds between the step that ran last and the next one. */
  gapSeconds(): number {
    return this.#plan[this.#position]?.gapSeconds ?? 0
  }

  /** Undefined when the session is over. */
  next(): NextStep | undefined {
    const planned = this.#closing ? undefined : this.#plan[this.#position]
    this.#current = planned
    if (planned === undefined) return this.#nextCleanup()
    this.#position += 1
    const { action, data } = planned
    return this.#numbered(action, data, (arm) => this.#state(arm).captured)
  }

  cookies(arm: Arm): Cookies {
    return this.#state(arm).cookies
  }

  ended(arm: Arm, outcome: Outcome, captured: Captured): void {
    const state = this.#state(arm)
    if (isFailure(outcome) || outcome === 'aborted') state.completed = false
    if (outcome === 'aborted') state.isCutOff = true
    state.captured = { ...state.captured, ...captured }
  }

  /** Whether a step of this arm was aborted, so that later ones may lack what it would have captured. */
  isCutOff(arm: Arm): boolean {
    return this.#state(arm).isCutOff
  }

  /** All arms ended this step. */
  stepEnded(okSomewhere: boolean): void {
    const planned = this.#current
    if (planned === undefined) return
    this.#previous = planned.action.name
    const cleanup = okSomewhere ? this.#findCleanup(planned.action) : undefined
    if (cleanup === undefined) return
    const captured = new Map([...this.#arms].map(([arm, state]) => [arm, state.captured]))
    this.#cleanups.push({ action: cleanup, data: planned.data, captured })
  }

  /** Per arm, whether every step went well. */
  completed(): ReadonlyMap<Arm, boolean> {
    return new Map([...this.#arms].map(([arm, state]) => [arm, state.completed]))
  }

  /** The newest first: what was made last may depend on what was made before. */
  #nextCleanup(): NextStep | undefined {
    const cleanup = this.#cleanups.pop()
    if (cleanup === undefined) return undefined
    const { action, data, captured } = cleanup
    return this.#numbered(action, data, (arm) => captured.get(arm) ?? {})
  }

  #numbered(
    action: Action,
    data: Readonly<Record<string, JsonValue>>,
    captured: (arm: Arm) => Captured,
  ): NextStep {
    this.#number += 1
    return { action, data, number: this.#number, previous: this.#previous, captured }
  }

  #state(arm: Arm): ArmState {
    const state = this.#arms.get(arm)
    if (state === undefined) throw new RangeError(`The session has no arm "${arm}"`)
    return state
  }
}
