/**
 * A persona's session as a semi-Markov chain: the next state depends on the present one alone, and
 * the time until then on the present state, or on both. First order is what page visits support
 * (Singer, Helic, Taraghi, Strohmaier 2014, PLOS ONE 9); where memory matters (a cart that holds
 * something), a state of its own with the same action carries it.
 */

import { EXIT, type PersonaDocument } from '../../core/contract/population.ts'
import type { BehaviorEntry } from '../../core/contract/profile.ts'
import { invariant } from '../../core/invariant.ts'
import type { Random } from '../../core/random.ts'
import { createSessionData, type DataMaker } from './data.ts'
import { createThink, type Think } from './think.ts'
import { createChoice, createWeighted } from './weighted.ts'

/** The steps of one session. */
export type Walk = (random: Random, fakerSeed: number) => BehaviorEntry[]

interface State {
  readonly action: string
  /** The state that follows and the seconds until then. */
  readonly next: (random: Random) => { readonly name: string; readonly seconds: number }
}

/**
 * Makes the persona's walk: from its start to `exit`, at most `max_steps` steps.
 * @param spread sigma of the think times of states that name none
 */
export function createWalk(persona: PersonaDocument, spread: number, makeData: DataMaker): Walk {
  const start = createChoice(persona.start)
  const states = new Map(
    Object.entries(persona.states).map(([name, state]) => [
      name,
      { action: state.action ?? name, next: createNext(state, spread) },
    ]),
  )
  return (random, fakerSeed) => {
    const steps: BehaviorEntry[] = []
    const session = createSessionData(fakerSeed)
    let seconds = 0
    let name = start(random)
    while (name !== EXIT && steps.length < persona.max_steps) {
      const state = states.get(name)
      invariant(state !== undefined, 'a state that is drawn is one of those described')
      const data = makeData(state.action, random, session)
      steps.push({ timestamp: Math.round(seconds * 1000) / 1000, action: state.action, data })
      const next = state.next(random)
      seconds += next.seconds
      name = next.name
    }
    return steps
  }
}

function createNext(
  state: PersonaDocument['states'][string],
  populationSpread: number,
): State['next'] {
  const spread = state.spread ?? populationSpread
  const ownThink = createThink(state.think, spread, state.longest)
  const ways = Object.entries(state.next).map(([name, way]) =>
    typeof way === 'number'
      ? { name, weight: way, think: undefined }
      : {
          name,
          weight: way.weight,
          think: createThink(way.think, way.spread ?? spread, way.longest),
        },
  )
  const draw = createWeighted(ways.map(({ weight }) => weight))
  const nameOf = (random: Random): { name: string; think: Think | undefined } =>
    ways[draw(random)] ?? { name: EXIT, think: undefined }
  if (ways.every(({ think }) => think === undefined)) {
    return (random) => {
      const seconds = ownThink(random)
      return { seconds, name: nameOf(random).name }
    }
  }
  return (random) => {
    const { name, think = ownThink } = nameOf(random)
    return { name, seconds: think(random) }
  }
}
