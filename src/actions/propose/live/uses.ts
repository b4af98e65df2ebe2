/** What requests sent, each with the places of earlier answers of its session that have it. */

import { jsonSlotsOf, slotValues } from './slots.ts'
import type { Slot, SlotValue } from './slots.ts'
import { answerOf, cookiesOf, sourcesIn } from './sources.ts'
import type { Answer, Found, Source, Wanted } from './sources.ts'
import type { RecordedExchange } from '../recorded.ts'
import { isSuccess } from '../survey.ts'
import type { Draft, Survey } from '../survey.ts'

const SESSION_GAP_MS = 30 * 60_000
/** A value is first sent at most so many steps after the answer that gave it. */
const MOST_STEPS_AHEAD = 50
/** Earlier answers that are looked at for one value. */
const MOST_EARLIER = 4

export interface Step {
  readonly draft: Draft
  readonly answer: Answer
  readonly values: readonly SlotValue[]
  /** Cookies that the session has after the answer, of those that were set in it. */
  readonly cookies: ReadonlySet<string>
}

/** One time that a slot had a value. */
export interface Occurrence {
  readonly session: number
  readonly value: SlotValue
  /** Nearest first. */
  readonly origins: readonly Origin[]
}

export interface Origin {
  readonly draft: Draft
  readonly source: Source
  /** Draft and source, as one text. */
  readonly key: string
  /** Answers back. */
  readonly distance: number
  readonly only: Found['only']
}

export interface Use {
  readonly draft: Draft
  readonly slot: Slot
  readonly occurrences: Occurrence[]
}

/** Answered steps by client, in order of time, cut where the client was away. */
export function sessionsOf(exchanges: readonly RecordedExchange[], survey: Survey): Step[][] {
  const jsonSlots = new Map(survey.drafts.map((draft) => [draft, jsonSlotsOf(draft)]))
  const indexes = [...exchanges.keys()].filter((index) => survey.draftOf[index] !== undefined)
  const byClient = Map.groupBy(indexes, (index) => exchanges[index]?.client ?? '')
  const sessions: Step[][] = []
  for (const own of byClient.values()) {
    const timeOf = (index: number): number => exchanges[index]?.timeMs ?? 0
    let session: Step[] = []
    let cookies: ReadonlySet<string> = new Set()
    let previousMs = -Infinity
    for (const index of own.toSorted((one, other) => timeOf(one) - timeOf(other))) {
      const exchange = exchanges[index]
      const draft = survey.draftOf[index]
      if (exchange === undefined || draft === undefined) continue
      if (exchange.timeMs - previousMs > SESSION_GAP_MS) {
        sessions.push((session = []))
        cookies = new Set()
      }
      const set = exchange.responseHeaders?.['set-cookie']
      if (set !== undefined) cookies = new Set([...cookies, ...cookiesOf(set).keys()])
      previousMs = exchange.timeMs
      if (!isSuccess(exchange.status)) continue
      const values = slotValues(exchange, draft, jsonSlots.get(draft) ?? new Set())
      session.push({ draft, answer: answerOf(exchange), values, cookies })
    }
  }
  return sessions
}

type KeyOf = (draft: Draft, source: Source) => string

export function createKeys(nameOf: (draft: Draft) => string): KeyOf {
  // Whether a value needed its encoding shows at some of them only.
  return (draft, source) => `${nameOf(draft)} ${JSON.stringify({ ...source, decode: undefined })}`
}

export function usesOf(sessions: readonly (readonly Step[])[], keyOf: KeyOf): Use[] {
  const uses = new Map<Draft, Map<Slot, Use>>()
  for (const [session, steps] of sessions.entries()) {
    const wantedAfter = createWanted(steps)
    const produced = new Map<string, { found: Found; step: number }[]>()
    for (const [index, { draft, values, answer }] of steps.entries()) {
      for (const value of values) {
        const slots = uses.get(draft) ?? new Map<Slot, Use>()
        uses.set(draft, slots)
        const use = slots.get(value.slot) ?? { draft, slot: value.slot, occurrences: [] }
        slots.set(value.slot, use)
        const earlier = produced.get(value.text) ?? []
        const origins = originsAmong(earlier, value, index, steps, keyOf)
        use.occurrences.push({ session, value, origins })
      }
      for (const found of sourcesIn(answer, wantedAfter(index))) {
        const places = produced.get(found.text) ?? []
        produced.set(found.text, places)
        places.push({ found, step: index })
      }
    }
  }
  return [...uses.values()].flatMap((slots) => [...slots.values()])
}

/**
 * What the steps after one sent, as far as an answer may have given it. What the client itself sent
 * before is an echo, wherever it comes back; but for a redirect to what a form has just named, and
 * for fields that were sent as they came.
 */
function createWanted(steps: readonly Step[]): (index: number) => Wanted {
  const firstUses = firstOnes(steps, ({ values }) => values)
  const firstInPaths = firstOnes(steps, ({ values }) => values.filter((one) => !isInBody(one)))
  return (index) => {
    const ahead = [index + 1, index + 1 + MOST_STEPS_AHEAD] as const
    const inForms = new Map<string, Set<string>>()
    for (const { slot, text } of steps.slice(...ahead).flatMap(({ values }) => values)) {
      if (!slot.startsWith('form:')) continue
      const name = slot.slice('form:'.length)
      inForms.set(name, (inForms.get(name) ?? new Set()).add(text))
    }
    const inPaths = firstInPaths.slice(...ahead).flatMap((values) => values)
    return {
      texts: new Set(firstUses.slice(...ahead).flatMap((own) => own.map(({ text }) => text))),
      inPaths: new Map(
        inPaths.flatMap(({ slot, text, before }) =>
          slot.startsWith('path:') && before !== undefined ? [[text, before] as const] : [],
        ),
      ),
      inForms,
    }
  }
}

function isInBody({ slot }: SlotValue): boolean {
  return /^(?:form|json):/.test(slot)
}

/** For each step the values that are there for the first time in the session. */
function firstOnes(
  steps: readonly Step[],
  valuesOf: (step: Step) => readonly SlotValue[],
): SlotValue[][] {
  const known = new Set<string>()
  return steps.map((step) => {
    const fresh = valuesOf(step).filter(({ text }) => !known.has(text))
    for (const { text } of fresh) known.add(text)
    return fresh
  })
}

function originsAmong(
  earlier: readonly { found: Found; step: number }[],
  value: SlotValue,
  index: number,
  steps: readonly Step[],
  keyOf: KeyOf,
): Origin[] {
  const near = new Set(
    [...new Set(earlier.map(({ step }) => step))].toReversed().slice(0, MOST_EARLIER),
  )
  return earlier.flatMap(({ found, step }) => {
    const draft = steps[step]?.draft
    const isOfType = value.type === 'any' || value.type === found.type
    const fits = isOfType && isFor(value.slot, found)
    if (draft === undefined || !fits || !near.has(step)) return []
    const key = keyOf(draft, found.source)
    return [{ draft, source: found.source, key, distance: index - step, only: found.only }]
  })
}

function isFor(slot: Slot, { only, source }: Found): boolean {
  if (only === undefined) return true
  if (only === 'path') return slot.startsWith('path:')
  return 'form_field' in source && slot === `form:${source.form_field}`
}
