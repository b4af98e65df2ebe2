/**
 * The transitions of a persona: shares of the greatest likelihood, none that fewer than k people
 * made. How often sessions end after a state is kept as it is; only where the others went is spread
 * over the ways that enough people took. A state that is left in no such way ends the session.
 */

import { EXIT } from '../../core/contract/population.ts'
import { actionOfState } from './memory.ts'
import type { FitSession } from './session.ts'
import type { Think, ThinkModels } from './think-models.ts'
import type { ThinkModel } from './think.ts'
import { weightsOf } from './weights.ts'

/** A session with the state of each of its steps. */
export interface StateSession {
  readonly session: FitSession
  readonly states: readonly string[]
  /** How much of it counts, in (0, 1]. */
  readonly extent: number
}

/** As a population file says it. */
interface ChainState extends ThinkModel {
  readonly action?: string
  readonly next: Readonly<Record<string, number | (ThinkModel & { readonly weight: number })>>
}

export interface Chain {
  readonly start: Readonly<Record<string, number>>
  readonly states: Readonly<Record<string, ChainState>>
  /** Steps and ends of sessions whose transition is left out. */
  readonly rareTransitions: number
}

interface Way {
  readonly count: number
  readonly people: number
  readonly thinkSeconds: readonly number[]
}
/** From each state to the next ones. */
type Ways = ReadonlyMap<string, ReadonlyMap<string, Way>>

/** A session that belongs to a persona by less does not count as one of its people, … */
const SOMEWHAT = 0.05
/** … and one by less than this does not tell its times. */
const MOSTLY = 0.5

/** What comes before the first state. */
const START = ''

/** Undefined where no first step was made by `k` people. */
export function fitChain(
  sessions: readonly StateSession[],
  thinks: ThinkModels,
  k: number,
): Chain | undefined {
  const { common, rareTransitions } = withoutRare(waysOf(sessions, k), k)
  const start = common.get(START)
  if (start === undefined) return undefined
  const ends = sessions.reduce((sum, { extent }) => sum + extent, 0)
  const steps = sessions.reduce((sum, { states, extent }) => sum + extent * states.length, 0)
  const ways = withEnds(common, ends / steps)
  const states = [...ways].map(([state, own]): [string, ChainState] => {
    const action = actionOfState(state)
    const described = describeState(own, thinks.ofAction(action), thinks)
    return [state, { ...(action === state ? {} : { action }), ...described }]
  })
  const starts = new Map([...start].map(([state, { count }]) => [state, count]))
  return { start: weightsOf(starts), states: Object.fromEntries(states), rareTransitions }
}

function waysOf(sessions: readonly StateSession[], k: number): Ways {
  type Counting = { count: number; persons: Set<string>; thinkSeconds: number[] }
  const ways = new Map<string, Map<string, Counting>>()
  for (const { session, states, extent } of sessions) {
    let from = START
    for (const [index, to] of [...states, EXIT].entries()) {
      const own = ways.get(from) ?? new Map<string, Counting>()
      ways.set(from, own)
      const way = own.get(to) ?? { count: 0, persons: new Set(), thinkSeconds: [] }
      own.set(to, way)
      way.count += extent
      if (extent >= SOMEWHAT && way.persons.size < k) way.persons.add(session.person)
      const isBetween = index > 0 && index < states.length
      if (extent >= MOSTLY && isBetween) {
        way.thinkSeconds.push(session.steps[index - 1]?.thinkSeconds ?? 0)
      }
      from = to
    }
  }
  return new Map(
    [...ways].map(([from, own]) => [
      from,
      new Map(
        [...own].map(([to, { count, persons, thinkSeconds }]) => [
          to,
          { count, people: persons.size, thinkSeconds },
        ]),
      ),
    ]),
  )
}

/** The ways of k people, as if all others had taken one of them, but for those who left. */
function withoutRare(ways: Ways, k: number): { common: Ways; rareTransitions: number } {
  const common = new Map<string, Map<string, Way>>()
  let rareTransitions = 0
  for (const [from, own] of ways) {
    const kept = [...own].filter(([, { people }]) => people >= k)
    const all = countOf([...own])
    const keptCount = countOf(kept)
    rareTransitions += all - keptCount
    if (kept.length === 0) continue
    const ends = countOf(kept.filter(([to]) => to === EXIT))
    const stretch = keptCount > ends ? (all - ends) / (keptCount - ends) : 1
    const stretched = kept.map(([to, way]): [string, Way] =>
      to === EXIT ? [to, way] : [to, { ...way, count: way.count * stretch }],
    )
    common.set(from, new Map(stretched))
  }
  return { common, rareTransitions }
}

function countOf(ways: readonly (readonly [string, Way])[]): number {
  return ways.reduce((sum, [, { count }]) => sum + count, 0)
}

/**
 * The states that sessions come to, in that order. One that leads to no end any more ends as often
 * as sessions do on average.
 */
function withEnds(ways: Ways, endShare: number): Ways {
  const reached = new Set([START])
  for (const state of reached) {
    for (const to of ways.get(state)?.keys() ?? []) if (to !== EXIT) reached.add(to)
  }
  reached.delete(START)
  const ending = new Set<string>([EXIT])
  for (let before = 0; ending.size > before;) {
    before = ending.size
    for (const state of reached) {
      const own = ways.get(state)
      if (own !== undefined && [...own.keys()].some((to) => ending.has(to))) ending.add(state)
    }
  }
  const described = [...reached].map((state): [string, ReadonlyMap<string, Way>] => {
    const own = ways.get(state) ?? new Map<string, Way>()
    if (ending.has(state)) return [state, own]
    const count = Math.max(1, countOf([...own])) * endShare
    return [state, new Map([...own, [EXIT, { count, people: 0, thinkSeconds: [] }]])]
  })
  return new Map(described)
}

function describeState(
  ways: ReadonlyMap<string, Way>,
  coarser: Think,
  thinks: ThinkModels,
): ChainState {
  const people = Math.max(...[...ways.values()].map((way) => way.people))
  const together = [...ways.values()].flatMap(({ thinkSeconds }) => thinkSeconds)
  const think = thinks.finer(coarser, together, people)
  const weights = weightsOf(new Map([...ways].map(([to, { count }]) => [to, count])))
  const next = Object.entries(weights).map(([to, weight]) => {
    const way = ways.get(to)
    const own = way === undefined ? think : thinks.finer(think, way.thinkSeconds, way.people)
    return [to, own === think ? weight : { weight, ...own.model }] as const
  })
  return { ...think.model, next: Object.fromEntries(next) }
}
