/** An automaton that follows several JSONPaths of names, indexes and `*` down a document at once. */

/** The name of a member, the index of an element, or every one. */
export type Selector = string | number | { readonly every: true }

export type Pattern = readonly {
  readonly selectors: readonly Selector[]
  /** Written `..`: at any depth. */
  readonly isDescendant: boolean
}[]

export interface Automaton {
  /** Some pattern is fulfilled. */
  readonly isIgnored: boolean
  /** Undefined where no pattern can be fulfilled from here on. */
  at(step: string | number): Automaton | undefined
}

/** How far one pattern has come. */
interface Position {
  readonly pattern: Pattern
  readonly index: number
}

/** States beyond these are made anew each time: lists of hundreds of `..` could have very many. */
const MOST_STATES = 1000

/** Undefined without patterns. */
export function createAutomaton(patterns: readonly Pattern[]): Automaton | undefined {
  const numbers = new Map(patterns.map((pattern, number) => [pattern, number]))
  const states = new Map<string, Automaton>()
  const mentioned = new Set(patterns.flat().flatMap(({ selectors }) => selectors))

  const stateOf = (positions: readonly Position[]): Automaton | undefined => {
    if (positions.length === 0) return undefined
    const key = positions.map(({ pattern, index }) => `${numbers.get(pattern)}:${index}`).join(' ')
    const state = states.get(key) ?? createState(positions)
    if (states.size < MOST_STATES) states.set(key, state)
    return state
  }
  const createState = (positions: readonly Position[]): Automaton => {
    const next = new Map<string | number | undefined, Automaton | undefined>()
    return {
      isIgnored: positions.some(({ pattern, index }) => index === pattern.length),
      at(step) {
        // What no pattern mentions goes the way of `*` alone.
        const kind = mentioned.has(step) ? step : undefined
        if (next.has(kind)) return next.get(kind)
        const state = stateOf(after(positions, step))
        next.set(kind, state)
        return state
      },
    }
  }
  return stateOf(patterns.map((pattern) => ({ pattern, index: 0 })))
}

function after(positions: readonly Position[], step: string | number): Position[] {
  const next = new Map<Pattern, Set<number>>()
  const add = (pattern: Pattern, index: number): void => {
    next.set(pattern, (next.get(pattern) ?? new Set()).add(index))
  }
  for (const { pattern, index } of positions) {
    const segment = pattern[index]
    if (segment === undefined) continue
    if (segment.isDescendant) add(pattern, index)
    if (segment.selectors.some((one) => typeof one === 'object' || one === step)) {
      add(pattern, index + 1)
    }
  }
  return [...next].flatMap(([pattern, indexes]) =>
    [...indexes].toSorted((one, two) => one - two).map((index) => ({ pattern, index })),
  )
}
