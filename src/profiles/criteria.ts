/**
 * The door for criteria: a JSON object, or the parameters of a query, to criteria or one clear
 * error with the JSON pointer of the fault.
 */

import { criteriaSchema, type Criteria } from '../core/contract/criteria.ts'
import { UsageError, messageOf } from '../core/errors.ts'
import { jsonPointer, parseWith, type Door } from '../core/parse.ts'
import { suggest } from '../core/suggest.ts'

/**
 * Criteria from JSON text.
 * @param where what errors name: a flag, or the JSON pointer of the value
 * @throws UsageError with code `unknown-criterion` or `bad-criteria`
 */
export function parseCriteria(json: string, where: string): Criteria {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new UsageError(`Cannot read criteria: ${where} is not JSON (${messageOf(error)})`, {
      code: 'bad-criteria',
      where,
      mend: 'write an object like {"device_type":"mobile"}',
    })
  }
  return toCriteria(value, where)
}

/**
 * Criteria from a value that was JSON.
 * @throws UsageError with code `unknown-criterion` or `bad-criteria`
 */
export function toCriteria(value: unknown, where: string): Criteria {
  const known = Object.keys(criteriaSchema.shape)
  const locate = (path: readonly PropertyKey[]): string =>
    path.length === 0 || where.startsWith('/')
      ? `${where}${jsonPointer(path)}`
      : `${where} ${jsonPointer(path)}`
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const unknownKey = Object.keys(value).find((key) => !known.includes(key))
    if (unknownKey !== undefined) {
      const place = locate([unknownKey])
      throw new UsageError(`Cannot read criteria: "${unknownKey}" in ${place} is not a criterion`, {
        code: 'unknown-criterion',
        where: place,
        mend: suggest(unknownKey, known),
      })
    }
  }
  const criteria = parseWith(criteriaSchema, value, {
    what: 'criteria',
    code: 'bad-criteria',
    locate,
  })
  checkGeo(criteria, locate)
  checkRanges(criteria, locate)
  return criteria
}

/** Parameters of a list of profiles that are not criteria. */
const LIST_PARAMETERS: readonly string[] = ['criteria', 'limit', 'cursor', 'draw', 'seed']

/**
 * Criteria from a query: the `criteria` object, plain parameters of the same names, or both. A
 * repeated parameter means "any of". Amounts are written `5` (exactly), `5..` (at least), `..10`,
 * `5..10`, or as JSON `{"gte":5}`. `limit`, `cursor`, `draw` and `seed` are left to the caller.
 * @throws UsageError with code `unknown-criterion` or `bad-criteria`
 */
export function criteriaOfQuery(query: URLSearchParams): Criteria {
  const json = query.get('criteria')
  const given: Record<string, unknown> = json === null ? {} : parseCriteria(json, '/criteria')
  for (const name of new Set(query.keys())) {
    if (LIST_PARAMETERS.includes(name)) continue
    const where = `/criteria${jsonPointer([name])}`
    if (Object.hasOwn(given, name)) {
      throw new UsageError(`Cannot read criteria: "${name}" is in criteria and a parameter too`, {
        code: 'bad-criteria',
        where,
        mend: 'give it once',
      })
    }
    const values = query.getAll(name).map((text) => valueOfParameter(name, text, where))
    given[name] = values.length === 1 ? values[0] : values
  }
  return toCriteria(given, '/criteria')
}

function valueOfParameter(name: string, text: string, where: string): unknown {
  if (!name.startsWith('resource_intensity.')) return text
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text)
    } catch {
      throw badAmount(name, text, where)
    }
  }
  const [from = '', to, ...rest] = text.split('..')
  if (to === undefined && isAmount(from)) return Number(from)
  const parts = [from, to ?? ''].filter((part) => part !== '')
  if (to === undefined || rest.length > 0 || parts.length === 0 || !parts.every(isAmount)) {
    throw badAmount(name, text, where)
  }
  return {
    ...(from === '' ? {} : { gte: Number(from) }),
    ...(to === '' ? {} : { lte: Number(to) }),
  }
}

function isAmount(part: string): boolean {
  return /^\d+(\.\d+)?$/.test(part)
}

function badAmount(name: string, text: string, where: string): UsageError {
  return new UsageError(`Cannot read criteria: "${name}" is "${text.slice(0, 80)}"`, {
    code: 'bad-criteria',
    where,
    mend: 'write it like 5, 5.., ..10, 5..10 or {"gte":5}',
  })
}

function checkGeo(criteria: Criteria, locate: Door['locate']): void {
  const wrong = [criteria.geo_location ?? []]
    .flat()
    .find((place) => !/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(place))
  if (wrong === undefined) return
  const where = locate(['geo_location'])
  throw new UsageError(`Cannot read criteria: "geo_location" in ${where} is "${wrong}"`, {
    code: 'bad-criteria',
    where,
    mend: 'write a country or subdivision of ISO 3166, like US or US-CA; for several, a list',
  })
}

function checkRanges(criteria: Criteria, locate: Door['locate']): void {
  for (const [name, value] of Object.entries(criteria)) {
    if (typeof value !== 'object' || Array.isArray(value)) continue
    const { gte = 0, lte = Infinity } = value
    if (gte <= lte) continue
    const where = locate([name])
    throw new UsageError(`Cannot read criteria: "${name}" in ${where} asks for ${gte} to ${lte}`, {
      code: 'bad-criteria',
      where,
      mend: 'gte must not be more than lte',
    })
  }
}
