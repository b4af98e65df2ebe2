/** Opener: the next session of the traffic, with the profile that the draw gives it. */

import type { Ontology } from '../../actions/ontology.ts'
import type { Profile } from '../../core/contract/profile.ts'
import { UsageError } from '../../core/errors.ts'
import type { Route } from '../exchange.ts'
import type { Shard } from '../schedule.ts'
import { planSession, Session } from '../session.ts'
import { createDraw, type ProfileDraw } from './draw.ts'

export interface SessionOpenerOptions {
  readonly ontology: Ontology
  readonly profiles: readonly Profile[]
  readonly seed: number
  readonly skipped: ReadonlySet<string>
  /** Whose sessions these are; left out = all. */
  readonly shard?: Shard
}

export class SessionOpener {
  /** Mean of the sessions that are drawn by nature, without clean-ups. */
  readonly stepsPerSession: number
  /** Those that have a step that may be sent. */
  readonly profiles: readonly Profile[]
  readonly #options: SessionOpenerOptions
  readonly #draw: ProfileDraw
  readonly #stride: number
  #number: number

  /** @throws UsageError with code `nothing-to-send` if no profile has a step that may be sent */
  constructor(options: SessionOpenerOptions) {
    const { ontology, profiles, skipped, seed, shard = { index: 0, count: 1 } } = options
    const playable = profiles
      .map((profile) => ({ profile, steps: planSession(ontology, profile, skipped) }))
      .filter(({ steps }) => steps.length > 0)
    if (playable.length === 0) throw nothingToSend(profiles.length)
    this.#options = options
    this.#stride = shard.count
    this.#number = shard.index + 1 - shard.count
    this.stepsPerSession =
      playable.reduce((sum, { steps }) => sum + steps.length, 0) / playable.length
    this.profiles = playable.map(({ profile }) => profile)
    this.#draw = createDraw(
      seed,
      playable.map(({ steps }) => steps.map(({ action }) => action.name)),
    )
  }

  /** Holds for sessions from the next one on. */
  focus(actions: readonly string[]): void {
    this.#draw.focus(actions)
  }

  open(routes: readonly Route[]): Session | undefined {
    this.#number += this.#stride
    const { ontology, skipped } = this.#options
    const profile = this.profiles[this.#draw.profile(this.#number)]
    if (profile === undefined) return undefined
    return new Session(
      `s${this.#number}`,
      profile,
      planSession(ontology, profile, skipped),
      routes,
      ({ document }) =>
        document.cleanup === undefined || skipped.has(document.cleanup)
          ? undefined
          : ontology.actions.get(document.cleanup),
    )
  }
}

function nothingToSend(profiles: number): UsageError {
  return new UsageError(
    `Cannot send traffic: none of ${profiles} profiles has a step that may be sent`,
    {
      code: 'nothing-to-send',
      mend: 'choose other profiles, describe their actions, or allow mutations',
    },
  )
}
