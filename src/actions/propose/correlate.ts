/**
 * Values that an earlier answer gave and a later request sent: ids, tokens, anti-forgery fields.
 *
 * Problem: a recorded session holds ids that another instance never gave, so it cannot be replayed as
 * it is. Idea, which others leave to people (JMeter and k6 call it correlation): find each value of a
 * request in the answers that the same client had before in the same session. It is live if
 *
 * - the client did not send it before that answer (else it is the client's own, or an echo);
 * - several sessions had different values there (two recordings of one flow differ in what is live and
 *   agree in what is a catalogue), or, with one session alone, it is specific enough to be no chance;
 * - one place of an earlier answer gives it, or a few places together, for nearly all requests. Where
 *   people chose among many (any product of a list) no single place does, and the value stays data;
 * - that place is there in most answers of its action; a capture that is not in nearly all of them is
 *   marked as optional, because one that finds nothing fails its step.
 *
 * What a form had already when it was sent (hidden fields, the button, what is being edited) is live
 * whether it varies or not: no browser makes it up, and the page of another instance has the right one.
 *
 * Among places that explain equally much one that is captured already wins, then the nearest earlier
 * answer.
 *
 * Limits: a value has to be sent within the next 50 steps, so that the work grows with the session and
 * not with its square. Values that the client computes (signatures, hashes) are not found. Values inside
 * larger texts are found in paths, queries, attributes and scripts only.
 */

import type { Slot } from './live/slots.ts'
import { valueAt } from './live/sources.ts'
import type { Source } from './live/sources.ts'
import { isSpecific } from './live/specific.ts'
import { createKeys, sessionsOf, usesOf } from './live/uses.ts'
import type { Occurrence, Origin, Step, Use } from './live/uses.ts'
import { identifierOf, takeFree } from './path/words.ts'
import type { RecordedExchange } from './recorded.ts'
import type { Draft, Survey } from './survey.ts'

/** One slot of an action that is filled from earlier answers. */
export interface Correlation {
  /** Name of the capture. */
  readonly name: string
  /** Actions that capture it. */
  readonly from: readonly string[]
  /** Action that uses it. */
  readonly to: string
  readonly slot: Slot
  /** Name in `data` that holds the recorded value; left out where there is none. */
  readonly dataName?: string
}

/** What a correlation puts into a slot. */
export interface Filling {
  /** Name of the capture. */
  readonly name: string
  /** Stands before the captured value: `Bearer `. */
  readonly prefix: string
  /** Without the recorded value as an alternative, which could never be right. */
  readonly isLiveOnly: boolean
  /** What the form offers first stands in for what people chose, where that may not be kept. */
  readonly isChoice?: boolean
}

export type Captures = Readonly<Record<string, Source>>

export interface Correlated {
  readonly correlations: readonly Correlation[]
  readonly fillings: ReadonlyMap<Draft, ReadonlyMap<Slot, Filling>>
  readonly captures: ReadonlyMap<Draft, Captures>
}

/** Of the requests that have the slot, so many must be explained. */
const EXPLAINED_SHARE = 0.8
/** Of the answers of the capturing action, so many must have the value; fewer make it optional. */
const RELIABLE_SHARE = 0.95
const OPTIONAL_SHARE = 0.3
/** Values that more than one session had: above this share they are a catalogue. */
const SHARED_SHARE = 0.2
/** Actions that together give one slot its value. */
const MOST_PRODUCERS = 3
const MOST_CORRELATIONS = 500
/** Sessions that have to agree on a position in a list. */
const LEAST_LISTED = 3
const ANTI_FORGERY = /csrf|xsrf|authenticity|requestverification|nonce|(?:^|_)_?token$/i

/** @param nameOf the action that a draft becomes */
export function correlate(
  exchanges: readonly RecordedExchange[],
  survey: Survey,
  nameOf: (draft: Draft) => string,
): Correlated {
  const sessions = sessionsOf(exchanges, survey)
  const uses = usesOf(sessions, createKeys(nameOf))
  const shareOf = createShares(sessions)
  const names = createCaptureNames()
  const correlations: Correlation[] = []
  const fillings = new Map<Draft, Map<Slot, Filling>>()
  const captures = new Map<Draft, Record<string, Source>>()
  const captured = new Set<string>()
  for (const use of uses) {
    if (correlations.length >= MOST_CORRELATIONS) break
    const isLiveOnly = use.slot.startsWith('header:') || ANTI_FORGERY.test(use.slot)
    const isSure = (origin: Origin): boolean => shareOf(origin).ofPages >= RELIABLE_SHARE
    const isUsable = (origin: Origin): boolean =>
      isLiveOnly ? isSure(origin) : shareOf(origin).ofAll >= OPTIONAL_SHARE
    const isGivenBy = (origin: Origin): boolean => shareOf(origin).ofPages >= OPTIONAL_SHARE
    const given = originsOfField(use, isGivenBy, captured)
    const isGiven = given?.isChoice === false
    const said = withOrigins(use, ({ only }) => only !== 'chosen')
    const found = isLive(said) ? originsOf(said, isUsable, captured) : []
    const live = isGiven ? given.origins : found
    const origins = live.length > 0 ? live : (given?.origins ?? [])
    if (origins.length === 0) continue
    const name = names(use, origins)
    for (const origin of origins) {
      captured.add(origin.key)
      const own = captures.get(origin.draft) ?? {}
      captures.set(origin.draft, own)
      const isOptional = shareOf(origin).ofAll < RELIABLE_SHARE
      own[name] = isOptional ? { ...origin.source, optional: true } : origin.source
    }
    const slots = fillings.get(use.draft) ?? new Map<Slot, Filling>()
    fillings.set(use.draft, slots)
    slots.set(use.slot, {
      name,
      prefix: use.occurrences[0]?.value.prefix ?? '',
      isLiveOnly: isLiveOnly || isGiven,
      ...(live.length === 0 ? { isChoice: true } : {}),
    })
    if (live.length === 0) continue
    const from = origins.map(({ draft }) => nameOf(draft))
    correlations.push({ name, from, to: nameOf(use.draft), slot: use.slot })
  }
  return { correlations, fillings, captures }
}

/** The places of a field that was sent as it came, or that people chose from. */
function originsOfField(
  use: Use,
  isUsable: (origin: Origin) => boolean,
  captured: ReadonlySet<string>,
): { readonly origins: Origin[]; readonly isChoice: boolean } | undefined {
  if (!use.slot.startsWith('form:')) return undefined
  const untouched = withOrigins(use, ({ only }) => only === 'untouched')
  const origins = originsOf(untouched, isUsable, captured)
  if (origins.length > 0) return { origins, isChoice: false }
  const offered = withOrigins(use, ({ only }) => only === 'untouched' || only === 'chosen')
  const chosen = originsOf(offered, isUsable, captured)
  return chosen.length > 0 ? { origins: chosen, isChoice: true } : undefined
}

function withOrigins(use: Use, isWanted: (origin: Origin) => boolean): Use {
  const occurrences = use.occurrences.map((one) => ({
    ...one,
    origins: one.origins.filter(isWanted),
  }))
  return { ...use, occurrences }
}

/** Several sessions with values of their own, or one with a value that cannot be chance. */
function isLive({ slot, occurrences }: Use): boolean {
  const explained = occurrences.filter(({ origins }) => origins.length > 0)
  if (explained.length < EXPLAINED_SHARE * occurrences.length) return false
  const sessionsOfValue = new Map<string, Set<number>>()
  for (const { session, value } of explained) {
    const own = sessionsOfValue.get(value.text) ?? new Set()
    sessionsOfValue.set(value.text, own.add(session))
  }
  const sessions = new Set(explained.map(({ session }) => session))
  if (sessions.size > 1) {
    const shared = [...sessionsOfValue.values()].filter((own) => own.size > 1).length
    return sessionsOfValue.size > 1 && shared <= SHARED_SHARE * sessionsOfValue.size
  }
  return explained.every(
    ({ value, origins }) =>
      isSpecific(value.text, slot) && origins.some(({ source }) => !isListed(source)),
  )
}

/** One of many in a list: which one is the client's choice, as far as one session shows. */
function isListed(source: Source): boolean {
  return 'json' in source && /\[\d+\]/.test(source.json)
}

/**
 * The fewest places that explain nearly all; none where there are no such. One of many in a list has to
 * explain them alone, in several sessions; else people chose.
 */
function originsOf(
  use: Use,
  isUsable: (origin: Origin) => boolean,
  captured: ReadonlySet<string>,
): Origin[] {
  const sessions = new Set(use.occurrences.map(({ session }) => session)).size
  const chosen: Origin[] = []
  let open: readonly Occurrence[] = use.occurrences
  const enough = use.occurrences.length * (1 - EXPLAINED_SHARE)
  while (open.length > enough && chosen.length < MOST_PRODUCERS) {
    const best = bestOf(
      open,
      (origin) => isUsable(origin) && (sessions >= LEAST_LISTED || !isListed(origin.source)),
      captured,
    )
    if (best === undefined) return []
    const left = open.filter(({ origins }) => origins.every(({ key }) => key !== best.key))
    const seenIn = new Set(open.filter((one) => !left.includes(one)).map(({ session }) => session))
    const mustBeAlone = isListed(best.source) && (chosen.length > 0 || left.length > enough)
    if (mustBeAlone || seenIn.size < Math.min(2, sessions)) return []
    chosen.push(best)
    open = left
  }
  return open.length > enough ? [] : chosen
}

function bestOf(
  occurrences: readonly Occurrence[],
  isUsable: (origin: Origin) => boolean,
  captured: ReadonlySet<string>,
): Origin | undefined {
  const tallies = new Map<string, { origin: Origin; times: number; distance: number }>()
  for (const { origins } of occurrences) {
    for (const origin of new Map(origins.map((one) => [one.key, one])).values()) {
      const known = tallies.get(origin.key)
      const tally = known ?? { origin, times: 0, distance: 0 }
      tallies.set(origin.key, tally)
      if ('decode' in origin.source && origin.source.decode !== undefined) tally.origin = origin
      tally.times += 1
      tally.distance += origin.distance
    }
  }
  const ranked = [...tallies.values()].toSorted(
    (one, other) =>
      other.times - one.times ||
      Number(captured.has(other.origin.key)) - Number(captured.has(one.origin.key)) ||
      one.distance - other.distance ||
      rankOf(one.origin.source) - rankOf(other.origin.source) ||
      one.origin.key.length - other.origin.key.length,
  )
  return ranked.find(({ origin }) => isUsable(origin))?.origin
}

function rankOf(source: Source): number {
  if ('json' in source) return 0
  if ('form_field' in source) return 1
  if ('header' in source) return 2
  return 'cookie' in source ? 3 : 4
}

interface Share {
  readonly ofAll: number
  /** Without redirects, which have nothing to show: whoever is not signed in gets them instead. */
  readonly ofPages: number
}

/** The share of the action's answers that have something at the place. */
function createShares(sessions: readonly (readonly Step[])[]): (origin: Origin) => Share {
  const answers = Map.groupBy(sessions.flat(), ({ draft }) => draft)
  const known = new Map<string, Share>()
  return ({ draft, source, key }) => {
    const before = known.get(key)
    if (before !== undefined) return before
    const own = (answers.get(draft) ?? []).filter(({ answer }) => answer.exchange.status !== 304)
    // A cookie that was set earlier is still there.
    const having = own.filter(({ answer, cookies }) =>
      'cookie' in source ? cookies.has(source.cookie) : valueAt(answer, source) !== undefined,
    )
    const isInHead = 'header' in source || 'cookie' in source
    const pages = own.filter((one) => isInHead || having.includes(one) || !isRedirect(one))
    const ofAll = own.length === 0 ? 0 : having.length / own.length
    const ofPages = pages.length === 0 ? 0 : having.length / pages.length
    known.set(key, { ofAll, ofPages })
    return { ofAll, ofPages }
  }
}

function isRedirect({ answer }: Step): boolean {
  return answer.exchange.status >= 300
}

/** Slots that are filled from the same places share one capture. */
function createCaptureNames(): (use: Use, origins: readonly Origin[]) => string {
  const byOrigins = new Map<string, string>()
  const taken = new Set<string>()
  return ({ slot }, origins) => {
    const places = origins
      .map(({ key }) => key)
      .toSorted()
      .join('\n')
    const known = byOrigins.get(places)
    if (known !== undefined) return known
    const name = takeFree(captureName(slot, origins[0]?.source), taken)
    byOrigins.set(places, name)
    return name
  }
}

function captureName(slot: Slot, source: Source | undefined): string {
  const [part = '', ...rest] = slot.split(':')
  const written = rest.join(':')
  if (part === 'header' && source !== undefined && 'json' in source) {
    return identifierOf(/(\w+)["\]]*$/.exec(source.json)?.[1] ?? '', 'token')
  }
  if (part === 'header' && written === 'authorization') return 'token'
  return identifierOf(written, 'value')
}
