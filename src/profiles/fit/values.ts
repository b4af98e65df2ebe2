/**
 * The data of each action: which values are asked for how often, which belong together, and which a
 * session takes again.
 *
 * - A value that fewer than k people used is left out; those who used it count as if they had used
 *   a common one. A field without any common value gets values of faker of the same kind.
 * - Fields of one action are kept together, as combinations that k people used: section and name of
 *   a page, taken apart, would be pages that do not exist. Only where most combinations are rare,
 *   and the fields alone are not, does each stand for itself.
 * - A session takes its last value again more often than its popularity explains (temporal locality:
 *   Almeida, Bestavros, Crovella, de Oliveira 1996): that is the `reuse`.
 */

import type { JsonValue } from '../../core/contract/profile.ts'
import { fakerFor } from './faker-kind.ts'
import { fitPopularity } from './popularity.ts'
import type { Sliced } from '../slices.ts'
import { countPerson, type FitSession, type People } from './session.ts'
import { fieldKey, findSources, type Source } from './sources.ts'
import { weightList } from './weights.ts'

/** As a population file says it: by action. */
export interface FittedData {
  readonly data: Readonly<Record<string, Readonly<Record<string, object>>>>
  readonly records: Readonly<Record<string, readonly object[]>>
  /** Steps with a value that is left out. */
  readonly rareValues: number
}

/** As many as a population file takes. */
const MOST_VALUES = 10_000
const MOST_FIELDS = 50
/** Combinations are taken apart if they keep less than this share of the steps, … */
const FEW_TOGETHER = 0.5
/** … and the worst of the fields alone keeps more than that by so much. */
const MUCH_MORE_ALONE = 0.2
/** A value that is only ever taken again was drawn once at least. */
const LEAST_COUNT = 0.5
/** A smaller re-use is taken for chance. */
const LEAST_REUSE = 0.02

/** One step of an action: what it said, and what the session's step of this action before it said. */
interface Use {
  readonly person: string
  readonly data: Readonly<Record<string, JsonValue>>
  readonly before: Readonly<Record<string, JsonValue>> | undefined
}

export function* fitData(sessions: readonly FitSession[], k: number): Sliced<FittedData> {
  const sources = findSources(sessions, k)
  const data = new Map<string, Record<string, object>>()
  const records = new Map<string, readonly object[]>()
  let rareValues = 0
  const actions = usesByAction(sessions)
  let done = 0
  for (const [action, uses] of actions) {
    yield (done += 1) / (actions.size + 1)
    const all = fieldsOf(uses)
    const same = all.flatMap((field) => {
      const source = sources.get(fieldKey(action, field))
      return source === undefined ? [] : [[field, sameAs(source)] as const]
    })
    const named = new Set(same.map(([field]) => field))
    const fields = all.filter((field) => !named.has(field))
    const described = fields.length === 0 ? EMPTY : describe(fields, uses, k)
    rareValues += described.rare
    const single = Object.fromEntries([...same, ...described.single])
    if (Object.keys(single).length > 0) data.set(action, single)
    if (described.together.length > 0) records.set(action, described.together)
  }
  return { data: Object.fromEntries(data), records: Object.fromEntries(records), rareValues }
}

/** A field that a population file cannot name is left out. */
function fieldsOf(uses: readonly Use[]): string[] {
  const names = new Set<string>()
  for (const { data } of uses) for (const name of Object.keys(data)) names.add(name)
  return [...names].filter((name) => name !== '' && name !== '__proto__').slice(0, MOST_FIELDS)
}

interface Described {
  readonly single: readonly (readonly [field: string, value: object])[]
  readonly together: readonly object[]
  readonly rare: number
}

const EMPTY: Described = { single: [], together: [], rare: 0 }

function usesByAction(sessions: readonly FitSession[]): Map<string, Use[]> {
  const uses = new Map<string, Use[]>()
  for (const { person, steps } of sessions) {
    const last = new Map<string, FitSession['steps'][number]['data']>()
    for (const { action, data } of steps) {
      const own = uses.get(action) ?? []
      uses.set(action, own)
      own.push({ person, data, before: last.get(action) })
      last.set(action, data)
    }
  }
  return uses
}

function sameAs({ field, reuse }: Source): object {
  return { same_as: field, ...(reuse === 1 ? {} : { reuse }) }
}

function describe(fields: readonly string[], uses: readonly Use[], k: number): Described {
  const together = countUses(fields, uses, k)
  if (fields.length > 1 && together.share < FEW_TOGETHER) {
    const alone = fields.map((field) => ({ field, ...countUses([field], uses, k) }))
    const worst = Math.min(...alone.map(({ share }) => share))
    const emptyFields = alone.filter(({ share }) => share === 0).map(({ field }) => field)
    if (worst > together.share + MUCH_MORE_ALONE)
      return joined(alone.map(({ field, ...rest }) => group([field], rest, uses)))
    // What is never common, such as a name or a message, must not make the others rare.
    const rest = fields.filter((field) => !emptyFields.includes(field))
    if (emptyFields.length > 0 && rest.length > 0) {
      return joined([describe(rest, uses, k), describe(emptyFields, uses, k)])
    }
  }
  if (together.values.length > 0) return group(fields, together, uses)
  return joined(fields.map((field) => invented(field, uses)))
}

function joined(parts: readonly Described[]): Described {
  return {
    single: parts.flatMap(({ single }) => single),
    together: parts.flatMap(({ together }) => together),
    rare: Math.max(0, ...parts.map(({ rare }) => rare)),
  }
}

interface Counted {
  /** Combinations that k people used, the most popular first. */
  readonly values: readonly {
    readonly key: string
    readonly row: readonly JsonValue[]
    readonly count: number
  }[]
  /** Of the steps, how many have one of these. */
  readonly share: number
  readonly reuse: number
}

/** Null stands for a field that is not there. */
function rowOf(fields: readonly string[], data: Use['data']): JsonValue[] {
  return fields.map((field) => data[field] ?? null)
}

function countUses(fields: readonly string[], uses: readonly Use[], k: number): Counted {
  const people = new Map<string, People>()
  const tallies = new Map<string, Tally>()
  const repeating = new Set<string>()
  const tallyOf = (row: JsonValue[], key: string): Tally => {
    const known = tallies.get(key)
    const tally = known ?? { row, drawn: 0, after: 0, again: 0 }
    if (known === undefined) tallies.set(key, tally)
    return tally
  }
  for (const { person, data, before } of uses) {
    const row = rowOf(fields, data)
    const key = JSON.stringify(row)
    const tally = tallyOf(row, key)
    countPerson(people, key, person, k)
    const lastRow = before === undefined ? undefined : rowOf(fields, before)
    const last = JSON.stringify(lastRow)
    if (lastRow !== undefined) {
      tallyOf(lastRow, last).after += 1
      if (repeating.size < k) repeating.add(person)
    }
    if (last === key) tally.again += 1
    else tally.drawn += 1
  }
  const { drawn, reuse } = splitRepeats(tallies)
  const common = [...people].filter(([, { persons }]) => persons.size >= k)
  const values = common
    .map(([key]) => ({ key, row: tallies.get(key)?.row ?? [], count: drawn.get(key) ?? 0 }))
    .toSorted((left, right) => right.count - left.count || (left.key < right.key ? -1 : 1))
    .slice(0, MOST_VALUES)
  const used = common.reduce((sum, [, { count }]) => sum + count, 0)
  const isReused =
    repeating.size >= k && reuse >= Math.max(LEAST_REUSE, chanceReuse(tallies, drawn))
  return { values, share: used / uses.length, reuse: isReused ? rounded(reuse) : 0 }
}

interface Tally {
  readonly row: JsonValue[]
  /** Steps with this value that the step before did not have. */
  drawn: number
  /** Steps after one with this value, … */
  after: number
  /** … and of these, those that have it again. */
  again: number
}

const ROUNDS = 50

/**
 * A repetition is a re-use, or a new draw that happens to be the same: how much of which is found by
 * expectation and maximisation, with the popularity of the values.
 */
function splitRepeats(tallies: ReadonlyMap<string, Tally>): {
  drawn: Map<string, number>
  reuse: number
} {
  const all = [...tallies]
  const after = all.reduce((sum, [, tally]) => sum + tally.after, 0)
  let reuse = after === 0 ? 0 : 0.5
  let drawn = new Map(all.map(([key, tally]) => [key, tally.drawn + tally.again]))
  for (let round = 0; round < ROUNDS && reuse > 0; round += 1) {
    const total = [...drawn.values()].reduce((sum, count) => sum + count, 0)
    const split = all.map(([key, tally]) => {
      const chance = (1 - reuse) * ((drawn.get(key) ?? 0) / total)
      return { key, tally, reused: (tally.again * reuse) / (reuse + chance) }
    })
    drawn = new Map(
      split.map(({ key, tally, reused }) => [key, tally.drawn + tally.again - reused]),
    )
    reuse = split.reduce((sum, { reused }) => sum + reused, 0) / after
  }
  return { drawn, reuse }
}

/** Three standard errors of a re-use that is none. */
function chanceReuse(
  tallies: ReadonlyMap<string, Tally>,
  drawn: ReadonlyMap<string, number>,
): number {
  const total = [...drawn.values()].reduce((sum, count) => sum + count, 0)
  const same = [...drawn.values()].reduce((sum, count) => sum + (count / total) ** 2, 0)
  const after = [...tallies.values()].reduce((sum, tally) => sum + tally.after, 0)
  return same >= 1 ? Infinity : 3 * Math.sqrt(same / ((1 - same) * after))
}

function rounded(share: number): number {
  return Math.round(share * 1000) / 1000
}

function group(fields: readonly string[], counted: Counted, uses: readonly Use[]): Described {
  const popularity = fitPopularity(counted.values.map(({ count }) => Math.max(count, LEAST_COUNT)))
  const law =
    popularity.kind === 'zipf'
      ? { zipf: popularity.exponent }
      : { weights: weightList(popularity.weights) }
  const reuse = counted.reuse > 0 ? { reuse: counted.reuse } : {}
  const rare = Math.round(uses.length * (1 - counted.share))
  const [field = ''] = fields
  const scalars = counted.values.map(({ row }) => row[0] ?? null)
  if (fields.length === 1 && scalars.every(isScalar)) {
    const named = popularity.kind === 'zipf' ? { pick: scalars } : { values: scalars }
    return { single: [[field, { ...named, ...law, ...reuse }]], together: [], rare }
  }
  const rows = counted.values.map(({ row }) => row)
  return { single: [], together: [{ fields, rows, ...law, ...reuse }], rare }
}

function isScalar(value: JsonValue): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function invented(field: string, uses: readonly Use[]): Described {
  const values = uses.flatMap(({ data }) => (data[field] === undefined ? [] : [data[field]]))
  return { single: [[field, { faker: fakerFor(field, values) }]], together: [], rare: uses.length }
}
