/**
 * What a session has to remember so that the model makes no impossible ones.
 *
 * A first-order chain forgets: it may pay for an empty cart, because paying followed the cart page
 * and the cart page followed the start. Markov4JMeter (van Hoorn, Rohr, Hasselbring 2008) guards such
 * transitions by hand; here the guards are found in the sessions. Where an action B never came
 * before an action A, often enough not to be chance, and the chain could reach B without A, a flag
 * "A has happened" becomes part of the state. Where B never followed an action R until A happened
 * again (paying empties the cart), R takes the flag down.
 *
 * What an ontology captures is known beforehand: B needs `{{captured.cart_id}}`, only A captures it.
 * Each flag doubles states and so halves what is known of each: only flags that forbid something are
 * kept, at most six.
 */

import type { Ontology } from '../../actions/ontology.ts'
import { eachSliced, within, type Sliced } from '../slices.ts'
import { countPerson, type FitSession, type People } from './session.ts'

export interface Flag {
  /** The action that sets it. */
  readonly setter: string
  /** What never happens without it. */
  readonly guarded: ReadonlySet<string>
  /** What takes it down. */
  readonly clearedBy: ReadonlySet<string>
}

const MOST_FLAGS = 6
/** A rule is believed where chance alone would have kept it with a smaller probability. */
const BY_CHANCE = 0.001

/** The flags that these sessions need, the most important first. */
export function* inferFlags(
  sessions: readonly FitSession[],
  ontology: Ontology,
  k: number,
): Sliced<Flag[]> {
  // Each flag is looked for in all sessions twice; that there are as many as can be is not known yet.
  const part = 1 / (MOST_FLAGS + 1)
  const rules = yield* within(0, part, findRules(sessions, ontology, k))
  const flags: Flag[] = []
  while (flags.length < MOST_FLAGS) {
    const from = part * (flags.length + 1)
    const ways = yield* within(from, from + part / 2, waysOf(sessions, flags, k))
    const broken = rules.filter(
      ({ before, after }) =>
        flags.every(({ setter }) => setter !== before) && canReach(ways, before, after),
    )
    const bySetter = Map.groupBy(broken, ({ before }) => before)
    const worst = [...bySetter]
      .map(([setter, own]) => ({
        setter,
        weight: own.reduce((sum, { sessions: count }) => sum + count, 0),
      }))
      .toSorted((left, right) => right.weight - left.weight)[0]
    if (worst === undefined) break
    const guarded = rules.filter(({ before }) => before === worst.setter).map(({ after }) => after)
    const clearing = withClearing(worst.setter, new Set(guarded), sessions, k)
    flags.push(yield* within(from + part / 2, from + part, clearing))
  }
  return flags
}

/** The state of each step: its action, and the other flags that are up after it. */
export function statesOf(session: FitSession, flags: readonly Flag[]): string[] {
  const up = flags.map(() => false)
  return session.steps.map(({ action }) => {
    for (const [index, { setter, clearedBy }] of flags.entries()) {
      if (action === setter) up[index] = true
      else if (clearedBy.has(action)) up[index] = false
    }
    const others = flags.filter(({ setter }, index) => up[index] === true && setter !== action)
    return stateName(action, others)
  })
}

/** No action has a plus in its name, so names of states are never mistaken. */
function stateName(action: string, flags: readonly Flag[]): string {
  const name = [action, ...flags.map(({ setter }) => setter)].join('+')
  return name === 'exit' ? 'exit+' : name
}

export function actionOfState(state: string): string {
  return state.split('+', 1)[0] ?? state
}

interface Rule {
  readonly before: string
  readonly after: string
  /** With `after` in them. */
  readonly sessions: number
}

/** Actions that never came before another, where that is no chance. */
function* findRules(
  sessions: readonly FitSession[],
  ontology: Ontology,
  k: number,
): Sliced<Rule[]> {
  const first = new Map<string, People>()
  const preceded = new Map<string, Map<string, number>>()
  yield* eachSliced(sessions, ({ person, steps }) => {
    const seen = new Set<string>()
    for (const { action } of steps) {
      if (seen.has(action)) continue
      countPerson(first, action, person, k)
      const own = preceded.get(action) ?? new Map<string, number>()
      preceded.set(action, own)
      for (const before of seen) own.set(before, (own.get(before) ?? 0) + 1)
      seen.add(action)
    }
  })
  const all = [...first.values()].reduce((sum, { count }) => sum + count, 0)
  const followed = new Map<string, number>()
  for (const own of preceded.values()) {
    for (const [before, count] of own) followed.set(before, (followed.get(before) ?? 0) + count)
  }
  return [...preceded].flatMap(([after, own]) => {
    const { count = 0, persons } = first.get(after) ?? {}
    return [...own].flatMap(([before, times]) => {
      if (times < count || (persons?.size ?? 0) < k) return []
      const others = all - (first.get(before)?.count ?? 0)
      const usual = (followed.get(before) ?? 0) / others
      const isSure = usual ** count < BY_CHANCE || onlyCaptures(ontology, before, after)
      return isSure ? [{ before, after, sessions: count }] : []
    })
  })
}

/** `after` needs what no other action than `before` captures. */
function onlyCaptures(ontology: Ontology, before: string, after: string): boolean {
  const needs = ontology.actions.get(after)?.needs ?? []
  return needs.some((need) =>
    [...ontology.actions.values()].every(
      ({ name, captures }) => captures.includes(need) === (name === before),
    ),
  )
}

/** From each state where at least k people went on to; `''` is the start. */
function* waysOf(
  sessions: readonly FitSession[],
  flags: readonly Flag[],
  k: number,
): Sliced<Map<string, string[]>> {
  const counts = new Map<string, Map<string, People>>()
  yield* eachSliced(sessions, (session) => {
    let from = ''
    for (const state of statesOf(session, flags)) {
      const own = counts.get(from) ?? new Map<string, People>()
      counts.set(from, own)
      countPerson(own, state, session.person, k)
      from = state
    }
  })
  return new Map(
    [...counts].map(([from, own]) => [
      from,
      [...own].filter(([, { persons }]) => persons.size >= k).map(([to]) => to),
    ]),
  )
}

function canReach(
  ways: ReadonlyMap<string, readonly string[]>,
  without: string,
  action: string,
): boolean {
  const seen = new Set([''])
  for (const state of seen) {
    for (const next of ways.get(state) ?? []) {
      const does = actionOfState(next)
      if (does === without) continue
      if (does === action) return true
      seen.add(next)
    }
  }
  return false
}

/** Looks which actions, while the flag is up, were never followed by a guarded one. */
function* withClearing(
  setter: string,
  guarded: ReadonlySet<string>,
  sessions: readonly FitSession[],
  k: number,
): Sliced<Flag> {
  const chances = new Map<string, { people: People; followed: number }>()
  let chanceCount = 0
  let followedCount = 0
  yield* eachSliced(sessions, ({ person, steps }) => {
    for (const { action, followed } of chancesIn(
      steps.map((step) => step.action),
      setter,
      guarded,
    )) {
      const own = chances.get(action) ?? { people: { count: 0, persons: new Set() }, followed: 0 }
      chances.set(action, own)
      own.people.count += 1
      if (own.people.persons.size < k) own.people.persons.add(person)
      chanceCount += 1
      if (followed) {
        own.followed += 1
        followedCount += 1
      }
    }
  })
  const usual = 1 - followedCount / Math.max(1, chanceCount)
  const clearing = [...chances].filter(
    ([, { people, followed }]) =>
      followed === 0 && people.persons.size >= k && usual ** people.count < BY_CHANCE,
  )
  return { setter, guarded, clearedBy: new Set(clearing.map(([action]) => action)) }
}

/** Steps after the setter that something follows, and whether a guarded one does before the next. */
function chancesIn(
  actions: readonly string[],
  setter: string,
  guarded: ReadonlySet<string>,
): { action: string; followed: boolean }[] {
  const found: { action: string; followed: boolean }[] = []
  let followed = false
  let isUpBefore = actions.indexOf(setter)
  if (isUpBefore === -1) isUpBefore = actions.length
  for (let index = actions.length - 1; index > isUpBefore; index -= 1) {
    const action = actions[index] ?? ''
    if (action === setter) followed = false
    else {
      if (index < actions.length - 1) found.push({ action, followed })
      if (guarded.has(action)) followed = true
    }
  }
  return found
}
