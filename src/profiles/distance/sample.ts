/** Sessions as they are compared: what they consist of, numbered once, counted for many samples. */

import type { Counts } from './divergence.ts'

/** Steps of one session: which action, how many seconds after the first. */
export type PlainSession = readonly { readonly action: string; readonly seconds: number }[]

/** The parts of one session by their numbers in the vocabulary. */
export interface Parts {
  readonly actions: readonly number[]
  /** With the start and the end of the session. */
  readonly transitions: readonly number[]
  readonly bigrams: readonly number[]
  readonly trigrams: readonly number[]
  /** The whole session as one thing. */
  readonly sequence: number
  readonly thinkSeconds: readonly number[]
  readonly seconds: number
}

/** Numbers things in the order in which they come. */
interface Numbering {
  of(key: number): number
  readonly size: number
}

export interface Vocabulary {
  readonly actionCount: number
  /** The state that each transition leaves. */
  readonly rows: readonly number[]
  readonly bigrams: Numbering
  readonly trigrams: Numbering
  readonly sequences: Numbering
}

export interface Sample {
  readonly actions: Counts
  readonly transitions: Counts
  readonly bigrams: Counts
  readonly trigrams: Counts
  readonly sequences: Counts
  /** Ascending. */
  readonly thinkSeconds: Counts
  readonly lengths: Counts
  readonly durations: Counts
}

/** Numbers all parts of both sides, so that they have one vocabulary. */
export function numberParts(sides: readonly (readonly PlainSession[])[]): {
  readonly vocabulary: Vocabulary
  readonly sides: readonly (readonly Parts[])[]
} {
  const names = new Map<string, number>()
  for (const { action } of sides.flat(2)) if (!names.has(action)) names.set(action, names.size)
  const rows: number[] = []
  const transitions = createNumbering()
  const [bigrams, trigrams, sequences] = [createNumbering(), createNumbering(), createNumbering()]
  // One more than there are actions: what is before the start and after the end.
  const outside = names.size
  const base = names.size + 1
  const transition = (from: number, to: number): number => {
    const number = transitions.of(from * base + to)
    rows[number] = from
    return number
  }
  const partsOf = (session: PlainSession): Parts => {
    const actions = session.map(({ action }) => names.get(action) ?? outside)
    const pairs = actions
      .slice(1)
      .map((action, index) => (actions[index] ?? outside) * base + action)
    const paired = pairs.map((pair) => bigrams.of(pair))
    return {
      actions,
      transitions: [...actions, outside].map((to, index) =>
        transition(actions[index - 1] ?? outside, to),
      ),
      bigrams: paired,
      trigrams: paired
        .slice(0, -1)
        .map((pair, index) => trigrams.of(pair * base + (actions[index + 2] ?? outside))),
      // Each sequence is a shorter one and one more action.
      sequence: actions.reduce((shorter, action) => sequences.of(shorter * base + action) + 1, 0),
      thinkSeconds: session
        .slice(1)
        .map(({ seconds }, index) => seconds - (session[index]?.seconds ?? 0)),
      seconds: durationOf(session),
    }
  }
  const numbered = sides.map((sessions) => sessions.map(partsOf))
  return {
    vocabulary: { actionCount: names.size, rows, bigrams, trigrams, sequences },
    sides: numbered,
  }
}

export function countSample(sessions: readonly Parts[], vocabulary: Vocabulary): Sample {
  const count = (size: number, listOf: (parts: Parts) => readonly number[]): Counts => {
    const counts = new Float64Array(size)
    for (const parts of sessions) {
      for (const part of listOf(parts)) counts[part] = (counts[part] ?? 0) + 1
    }
    return counts
  }
  return {
    actions: count(vocabulary.actionCount, ({ actions }) => actions),
    transitions: count(vocabulary.rows.length, ({ transitions }) => transitions),
    bigrams: count(vocabulary.bigrams.size, ({ bigrams }) => bigrams),
    trigrams: count(vocabulary.trigrams.size, ({ trigrams }) => trigrams),
    sequences: count(vocabulary.sequences.size + 1, ({ sequence }) => [sequence]),
    thinkSeconds: Float64Array.from(sessions.flatMap((parts) => parts.thinkSeconds)).toSorted(),
    lengths: Float64Array.from(sessions, ({ actions }) => actions.length).toSorted(),
    durations: Float64Array.from(sessions, ({ seconds }) => seconds).toSorted(),
  }
}

/** Seconds from the first to the last step. */
export function durationOf(session: PlainSession): number {
  return (session.at(-1)?.seconds ?? 0) - (session[0]?.seconds ?? 0)
}

function createNumbering(): Numbering {
  const numbers = new Map<number, number>()
  return {
    of(key) {
      const known = numbers.get(key)
      if (known !== undefined) return known
      const next = numbers.size
      numbers.set(key, next)
      return next
    },
    get size() {
      return numbers.size
    },
  }
}
