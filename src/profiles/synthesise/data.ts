/**
 * The data of each action: ids and words with a popularity by Zipf's law, faker's values, and
 * values that a session keeps (what was looked at is what goes into the cart).
 */

import { faker } from '@faker-js/faker/locale/en'
import type {
  FakerName,
  PopulationDocument,
  RecordsDocument,
  ValueDocument,
} from '../../core/contract/population.ts'
import type { JsonValue } from '../../core/contract/profile.ts'
import type { Random } from '../../core/random.ts'
import { createWeighted, createZipf } from './weighted.ts'

const FAKER: Readonly<Record<FakerName, () => string>> = {
  'commerce.product': () => faker.commerce.product(),
  'commerce.product_name': () => faker.commerce.productName(),
  'commerce.department': () => faker.commerce.department(),
  'person.first_name': () => faker.person.firstName(),
  'person.last_name': () => faker.person.lastName(),
  'internet.example_email': () => faker.internet.exampleEmail(),
  'location.city': () => faker.location.city(),
  'lorem.words': () => faker.lorem.words(),
  'lorem.sentence': () => faker.lorem.sentence(),
  'string.uuid': () => faker.string.uuid(),
  'word.adjective': () => faker.word.adjective(),
  'word.noun': () => faker.word.noun(),
}

/** What a session has said so far. */
export interface SessionData {
  /** Its last values by `action.name`. */
  readonly kept: Map<string, JsonValue>
  /** Its last rows of values that belong together. */
  readonly lastRow: Map<string, number>
  /** Faker starts with it once it is used: sessions that need no faker do not pay for it. */
  fakerSeed: number | undefined
}

export function createSessionData(fakerSeed: number): SessionData {
  return { kept: new Map(), lastRow: new Map(), fakerSeed }
}

/** Makes the data of one step, and remembers its values. */
export type DataMaker = (
  action: string,
  random: Random,
  session: SessionData,
) => Record<string, JsonValue>

type Maker = (random: Random, session: SessionData) => JsonValue

/** Tables of popularity are made once here, not for each value. */
export function createDataMaker(
  data: PopulationDocument['data'],
  records: PopulationDocument['records'] = {},
): DataMaker {
  const plain = new Map<string, Maker>()
  for (const [action, values] of Object.entries(data)) {
    for (const [name, value] of Object.entries(values)) {
      if (!('same_as' in value)) plain.set(`${action}.${name}`, makerOf(value))
    }
  }
  for (const [action, groups] of Object.entries(records)) {
    for (const group of groups) {
      for (const [index, field] of group.fields.entries()) {
        plain.set(`${action}.${field}`, columnMaker(group, index))
      }
    }
  }
  const sources = new Set(
    Object.entries(data).flatMap(([action, values]) =>
      Object.entries(values).flatMap(([name, value]) => sourceOf(`${action}.${name}`, value) ?? []),
    ),
  )
  const values = new Map(Object.entries(data))
  const groups = new Map(Object.entries(records))
  const plans = new Map(
    [...values.keys(), ...groups.keys()].map((action) => [
      action,
      {
        groups: (groups.get(action) ?? []).map((group) => recordMaker(action, group, sources)),
        fields: Object.entries(values.get(action) ?? {}).map(([name, value]) => {
          const field = `${action}.${name}`
          return { name, field, isKept: sources.has(field), make: keeping(field, value, plain) }
        }),
      },
    ]),
  )
  return (action, random, session) => {
    const made: Record<string, JsonValue> = {}
    const plan = plans.get(action)
    if (plan === undefined) return made
    for (const fill of plan.groups) fill(made, random, session)
    for (const { name, field, isKept, make } of plan.fields) {
      const value = make(random, session)
      made[name] = value
      if (isKept) session.kept.set(field, value)
    }
    return made
  }
}

/** The field whose last value is taken again; undefined where none is. */
function sourceOf(field: string, value: ValueDocument): string | undefined {
  if ('same_as' in value) return value.same_as
  return 'reuse' in value && value.reuse > 0 ? field : undefined
}

/** A new value, or that of before: its own, or that of the field it is the same as. */
function keeping(field: string, value: ValueDocument, plain: ReadonlyMap<string, Maker>): Maker {
  const source = sourceOf(field, value)
  const make = plain.get('same_as' in value ? value.same_as : field) ?? (() => '')
  if (source === undefined) return make
  const reuse = 'reuse' in value ? value.reuse : 0
  return (random, session) => {
    const last = session.kept.get(source)
    const again = last !== undefined && (reuse === 1 || random.next() < reuse)
    return again ? last : make(random, session)
  }
}

function drawRow({ rows, weights, zipf }: RecordsDocument): (random: Random) => number {
  return weights === undefined ? createZipf(rows.length, zipf) : createWeighted(weights)
}

/** One field alone of values that belong together. */
function columnMaker(document: RecordsDocument, index: number): Maker {
  const draw = drawRow(document)
  return (random) => document.rows[draw(random)]?.[index] ?? ''
}

/** Fills in values that belong together. */
function recordMaker(
  action: string,
  document: RecordsDocument,
  sources: ReadonlySet<string>,
): (made: Record<string, JsonValue>, random: Random, session: SessionData) => void {
  const { fields, rows, reuse } = document
  const draw = drawRow(document)
  const own = `${action} ${fields.join(' ')}`
  const columns = fields.map((name) => {
    const field = `${action}.${name}`
    return { name, field, isKept: sources.has(field) }
  })
  return (made, random, { kept, lastRow }) => {
    const last = reuse > 0 ? lastRow.get(own) : undefined
    const row = last !== undefined && random.next() < reuse ? last : draw(random)
    if (reuse > 0) lastRow.set(own, row)
    for (const [index, { name, field, isKept }] of columns.entries()) {
      const value = rows[row]?.[index] ?? null
      if (value === null) continue
      made[name] = value
      if (isKept) kept.set(field, value)
    }
  }
}

function makerOf(value: Exclude<ValueDocument, { same_as: string }>): Maker {
  if ('faker' in value) {
    const make = FAKER[value.faker]
    return (_, session) => {
      if (session.fakerSeed !== undefined) faker.seed(session.fakerSeed)
      session.fakerSeed = undefined
      return make()
    }
  }
  if ('ids' in value) {
    const draw = createZipf(value.count, value.zipf)
    return (random) => `${value.ids}${draw(random) + 1}`
  }
  const [values, draw] =
    'pick' in value
      ? [value.pick, createZipf(value.pick.length, value.zipf)]
      : [value.values, createWeighted(value.weights)]
  return (random) => values[draw(random)] ?? ''
}
