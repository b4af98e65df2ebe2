/**
 * Anonymous by construction: what could name a person never gets this far, or does not get out.
 *
 * - Addresses and agents become pseudonyms at the line they stand on (pseudonyms.ts), and personal
 *   data in values is cut out at once (personal/recognise.ts). Without the key of the import, which
 *   is thrown away, nobody can try all addresses.
 * - Query values and bodies are dropped unless they are on an allow-list: they hold names, mail
 *   addresses and tokens.
 * - k-anonymity: an action that fewer than k people performed becomes `other` where the ontology has
 *   such an action, else its steps are dropped. Of the forms of a step's data (forms.ts) the fullest
 *   that k people share is kept; a step without such a form is dropped. A device of fewer than k
 *   people becomes `other`, a place its country or `ZZ`. People count (addresses, or users where the
 *   source knows them), not clients, so that one person with five browsers is still one.
 * - The time of day is dropped and the gaps are jittered, so that a session cannot be found again
 *   in another log by its rhythm.
 *
 * Limit: a session's sequence of common pages can itself be rare. That is why users synthesised from
 * a fitted population are the default, and recorded sessions are kept only on request.
 */

import type { BehaviorEntry, DeviceType, JsonValue } from '../../core/contract/profile.ts'
import type { Random } from '../../core/random.ts'
import { filledData, type Form } from './forms.ts'
import type { Pseudonyms } from './pseudonyms.ts'

export interface RecordedStep {
  readonly client: string
  /** Pseudonym of the person as far as it is known (the address alone): what k counts. */
  readonly person: string
  readonly timeMs: number
  readonly device: DeviceType
  /** ISO 3166; `ZZ` where it is not known. */
  readonly geo: string
  readonly action: string
  readonly data: Record<string, JsonValue>
}

/** A step whose data is not decided yet. */
export interface MappedStep extends Omit<RecordedStep, 'data'> {
  /** The fullest first; at least one. */
  readonly forms: readonly Form[]
  /** It had more detail, which was rare. */
  readonly isReduced?: true
}

type Sessions<Step> = readonly (readonly Step[])[]

export interface Anonymised {
  /** Each step with the one form that is left. */
  readonly sessions: Sessions<MappedStep>
  /** Steps that are gone. */
  readonly rareActions: number
  readonly rareValues: number
  /** Steps that are there with less than they had. */
  readonly changed: {
    readonly otherActions: number
    readonly rareDetails: number
    readonly rareDevices: number
    readonly rarePlaces: number
  }
}

/** What the steps of rare actions become, where the ontology has an action of this name. */
const OTHER_ACTION = 'other'

/**
 * Drops and generalises what fewer than `k` people did; a session that loses all its steps is gone.
 * @param hasOther the ontology has an action `other`
 */
export function dropRare(sessions: Sessions<MappedStep>, k: number, hasOther: boolean): Anonymised {
  const grouped = groupActions(sessions, k, hasOther)
  const formed = chooseForms(grouped.sessions, k)
  const { sessions: kept, devices, places } = generalisePeople(formed.sessions, k)
  const lostOthers = grouped.otherActions - countSteps(formed.sessions, isGrouped)
  return {
    sessions: kept.filter((session) => session.length > 0),
    rareActions: grouped.dropped + lostOthers,
    rareValues: formed.dropped - lostOthers,
    changed: {
      otherActions: grouped.otherActions - lostOthers,
      rareDetails: formed.changed,
      rareDevices: devices,
      rarePlaces: places,
    },
  }
}

/** The one form of every step that was grouped, so that they can be told from a real `other`. */
const NOTHING: Form = { key: `["${OTHER_ACTION}",{}]`, data: {}, hidden: [] }
const NOTHING_FORMS: readonly Form[] = [NOTHING]

function isGrouped({ forms }: MappedStep): boolean {
  return forms[0] === NOTHING
}

function groupActions(
  sessions: Sessions<MappedStep>,
  k: number,
  hasOther: boolean,
): { sessions: Sessions<MappedStep>; otherActions: number; dropped: number } {
  const people = countPeople(sessions, k, ({ action }) => [action])
  let otherActions = 0
  let dropped = 0
  const group = (step: MappedStep): MappedStep[] => {
    if (people.areEnough(step.action)) return [step]
    if (hasOther) {
      otherActions += 1
      return [{ ...step, action: OTHER_ACTION, forms: NOTHING_FORMS }]
    }
    dropped += 1
    return []
  }
  return { sessions: sessions.map((session) => session.flatMap(group)), otherActions, dropped }
}

function chooseForms(
  sessions: Sessions<MappedStep>,
  k: number,
): { sessions: Sessions<MappedStep>; dropped: number; changed: number } {
  const people = countPeople(sessions, k, ({ forms }) => forms.map(({ key }) => key))
  const choose = (step: MappedStep): MappedStep[] => {
    const form = step.forms.find(({ key }) => people.areEnough(key))
    if (form === undefined) return []
    if (step.forms.length === 1) return [step]
    const isReduced = form === step.forms[0] ? {} : { isReduced: true as const }
    return [{ ...step, ...isReduced, forms: [form] }]
  }
  const chosen = sessions.map((session) => session.flatMap(choose))
  // Who fell back to less detail may be among too few there: those with detail count no more.
  const left = countPeople(chosen, k, ({ forms }) => forms.map(({ key }) => key))
  const kept = chosen.map((session) =>
    session.filter(({ forms }) => left.areEnough(forms[0]?.key ?? '')),
  )
  return {
    sessions: kept,
    dropped: countSteps(sessions) - countSteps(kept),
    changed: countSteps(kept, ({ isReduced }) => isReduced === true),
  }
}

function generalisePeople(
  sessions: Sessions<MappedStep>,
  k: number,
): { sessions: Sessions<MappedStep>; devices: number; places: number } {
  const devices = countPeople(sessions, k, ({ device }) => [device])
  const places = countPeople(sessions, k, ({ geo }) => [...new Set([geo, countryOf(geo)])])
  const deviceOf = (device: DeviceType): DeviceType =>
    devices.areEnough(device) ? device : 'other'
  const placeOf = (geo: string): string =>
    [geo, countryOf(geo)].find((place) => places.areEnough(place)) ?? 'ZZ'
  let rareDevices = 0
  let rarePlaces = 0
  const general = sessions.map((session) =>
    session.map((step): MappedStep => {
      const device = deviceOf(step.device)
      const geo = placeOf(step.geo)
      if (device === step.device && geo === step.geo) return step
      if (device !== step.device) rareDevices += 1
      if (geo !== step.geo) rarePlaces += 1
      return { ...step, device, geo }
    }),
  )
  return { sessions: general, devices: rareDevices, places: rarePlaces }
}

function countryOf(geo: string): string {
  return geo.split('-', 1)[0] ?? geo
}

/** The steps with their data, faker values where personal data was. */
export function withData(
  sessions: Sessions<MappedStep>,
  of: Pseudonyms,
): { sessions: RecordedStep[][]; personalValues: number } {
  let personalValues = 0
  const filled = sessions.map((session, index) => {
    const name = of(`session ${index} ${session[0]?.client}`)
    return session.map(
      ({ forms: [form = NOTHING], client, person, timeMs, device, geo, action }): RecordedStep => {
        personalValues += form.hidden.length
        const data = { ...filledData(form, name, of) }
        return { client, person, timeMs, device, geo, action, data }
      },
    )
  })
  return { sessions: filled, personalValues }
}

/** Gaps change by up to a fifth either way. */
const JITTER = 0.2

/** The steps as a profile has them: relative, jittered times and nothing but action and data. */
export function withoutTimes(session: readonly RecordedStep[], random: Random): BehaviorEntry[] {
  let previousMs = session[0]?.timeMs ?? 0
  let seconds = 0
  return session.map(({ timeMs, action, data }) => {
    seconds += ((timeMs - previousMs) / 1000) * (1 + JITTER * (2 * random.next() - 1))
    previousMs = timeMs
    return { timestamp: Math.round(seconds * 1000) / 1000, action, data }
  })
}

interface People {
  /** At least k people have this key. */
  areEnough(key: string): boolean
}

/** No set grows beyond k: more are not counted. */
function countPeople(
  sessions: Sessions<MappedStep>,
  k: number,
  keysOf: (step: MappedStep) => readonly string[],
): People {
  const people = new Map<string, Set<string>>()
  for (const session of sessions) {
    for (const step of session) {
      for (const key of keysOf(step)) {
        const own = people.get(key)
        if (own === undefined) people.set(key, new Set([step.person]))
        else if (own.size < k) own.add(step.person)
      }
    }
  }
  return { areEnough: (key) => (people.get(key)?.size ?? 0) >= k }
}

function countSteps(
  sessions: Sessions<MappedStep>,
  which: (step: MappedStep) => boolean = () => true,
): number {
  return sessions.reduce((sum, session) => sum + session.filter(which).length, 0)
}
