/**
 * A persona's session as a semi-Markov chain: the next state depends on the present one alone, the
 * time until then is log-normal with the present state's own median. First order is what page
 * visits support (Singer, Helic, Taraghi, Strohmaier 2014, PLOS ONE 9); where memory matters (a
 * cart that holds something), a state of its own with the same action carries it.
 */

import { EXIT, type PersonaDocument } from '../../core/contract/population.ts'
import type { BehaviorEntry, JsonValue } from '../../core/contract/profile.ts'
import type { Random } from '../../core/random.ts'
import type { DataMaker } from './data.ts'

/** A think time is at most this many medians: one user who fell asleep must not be a session. */
const LONGEST_THINK = 20

/** One of the names, each with a probability in proportion to its weight. */
export function createChoice(
  weights: Readonly<Record<string, number | undefined>>,
): (random: Random) => string {
  const entries = Object.entries(weights).map(([name, weight = 0]) => ({ name, weight }))
  const total = entries.reduce((sum, { weight }) => sum + weight, 0)
  return (random) => {
    let left = random.next() * total
    for (const { name, weight } of entries) {
      left -= weight
      if (left < 0) return name
    }
    return entries.at(-1)?.name ?? ''
  }
}

export type Walk = (random: Random) => BehaviorEntry[]

/**
 * Makes the persona's walk: from its start to `exit`, at most `max_steps` steps.
 * @param spread sigma of the think times of states that name none
 */
export function createWalk(persona: PersonaDocument, spread: number, makeData: DataMaker): Walk {
  const start = createChoice(persona.start)
  const states = new Map(
    Object.entries(persona.states).map(([name, state]) => [
      name,
      {
        action: state.action ?? name,
        thinkSeconds: state.think,
        spread: state.spread ?? spread,
        next: createChoice(state.next),
      },
    ]),
  )
  return (random) => {
    const steps: BehaviorEntry[] = []
    const kept = new Map<string, JsonValue>()
    let seconds = 0
    let name = start(random)
    while (name !== EXIT && steps.length < persona.max_steps) {
      const state = states.get(name)
      if (state === undefined) break
      const data = makeData(state.action, random, kept)
      steps.push({ timestamp: Math.round(seconds * 1000) / 1000, action: state.action, data })
      const stretched = Math.exp(state.spread * random.normal())
      seconds += state.thinkSeconds * Math.min(stretched, LONGEST_THINK)
      name = state.next(random)
    }
    return steps
  }
}
