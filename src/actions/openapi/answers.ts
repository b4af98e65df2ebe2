/** What an operation answers: statuses of success, media types, where an identifier stands. */

import { identifierOf, singularOf, wordsOf } from '../propose/path/words.ts'
import { at, entriesAt, isThing, listAt } from './read/document.ts'
import type { OpenApiDocument, Thing } from './read/document.ts'
import { flatOf, typeOf } from './read/flat.ts'

export interface Answers {
  /** For `expect.status`; empty where the document names none. */
  readonly statuses: readonly (number | string)[]
  /** Media types of the answers of success, the first liked most. */
  readonly types: readonly string[]
  /** The schema of the first such answer in JSON. */
  readonly schema: unknown
  /** Links of all answers of success, by name. */
  readonly links: readonly unknown[]
}

/** Where an answer has an identifier. */
export interface Found {
  /** A JSON path (RFC 9535). */
  readonly path: string
  /** The schema promises it: an answer without it is wrong. */
  readonly isSure: boolean
}

const SUCCESS = /^[23](?:\d\d|XX)$/i
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/

export function answersOf(document: OpenApiDocument, operation: unknown): Answers {
  const statuses: (number | string)[] = []
  const types: string[] = []
  const links: unknown[] = []
  let schema: unknown
  for (const [status, written] of entriesAt(operation, 'responses')) {
    if (!SUCCESS.test(status)) continue
    statuses.push(/x/i.test(status) ? status.toLowerCase() : Number(status))
    if (status.startsWith('3')) continue
    const answer = document.resolve(written)
    for (const [name, media] of entriesAt(answer, 'content')) {
      const type = name.split(';')[0]?.trim().toLowerCase() ?? ''
      if (!types.includes(type)) types.push(type)
      if (JSON_TYPE.test(type)) schema ??= at(media, 'schema')
    }
    links.push(...entriesAt(answer, 'links').map(([, link]) => document.resolve(link)))
  }
  const wholes = statuses.filter((status) => typeof status === 'string')
  return {
    // 200 says nothing beside 2xx.
    statuses: statuses.filter(
      (status) => typeof status === 'string' || !wholes.includes(`${String(status)[0]}xx`),
    ),
    types,
    schema,
    links,
  }
}

/** Where an answer about one thing has what a path names: `$.id` for `{orderId}`. */
export function findInObject(
  document: OpenApiDocument,
  schema: unknown,
  parameter: string,
  collection: string,
): Found | undefined {
  const flat = flatOf(document, schema)
  if (typeOf(flat) !== 'object') return undefined
  const own = propertyFor(flat, parameter, collection)
  if (own !== undefined) return { path: `$${step(own)}`, isSure: isRequired(flat, own) }
  // `{"order": {"id": …}}`, `{"data": {"id": …}}`
  for (const name of ['data', 'result', 'item', singularOf(wordIn(collection))]) {
    const inner = propertyNamed(document, flat, name)
    if (inner === undefined || typeOf(inner) !== 'object') continue
    const found = propertyFor(inner, parameter, collection)
    if (found !== undefined) return { path: `$${step(name)}${step(found)}`, isSure: false }
  }
  return undefined
}

/** Where an answer that lists things has the identifier of the first: `$.items[0].id`. */
export function findInList(
  document: OpenApiDocument,
  schema: unknown,
  parameter: string,
  collection: string,
): Found | undefined {
  const flat = flatOf(document, schema)
  if (typeOf(flat) === 'array') {
    const found = itemProperty(document, flat, parameter, collection)
    return found === undefined ? undefined : { path: `$[0]${step(found)}`, isSure: false }
  }
  const lists = entriesAt(flat, 'properties')
    .slice(0, 50)
    .map(([name, property]) => ({ name, list: flatOf(document, property) }))
    .filter(({ list }) => typeOf(list) === 'array')
  for (const { name, list } of lists) {
    // With two lists, only one that is called like the collection is meant.
    if (lists.length > 1 && !isCalled(name, collection)) continue
    const found = itemProperty(document, list, parameter, collection)
    if (found !== undefined) {
      return { path: `$${step(name)}[0]${step(found)}`, isSure: false }
    }
  }
  return undefined
}

/**
 * Where nobody says what a list holds, which is common: the first of that name, wherever it stands.
 * For reading only; it may be another thing's.
 */
export function guessInList(
  document: OpenApiDocument,
  { schema, types }: Answers,
  parameter: string,
): Found | undefined {
  if (types.length > 0 && !types.some((type) => JSON_TYPE.test(type))) return undefined
  const flat = flatOf(document, schema)
  const list = typeOf(flat) === 'array' ? flatOf(document, at(flat, 'items')) : flat
  const says = ['properties', 'items', 'additionalProperties', 'allOf', 'enum']
  const type = typeOf(list)
  if (
    (type !== undefined && type !== 'object') ||
    says.some((key) => at(list, key) !== undefined)
  ) {
    return undefined
  }
  const bare = ID.exec(identifierOf(parameter, ''))?.[1]
  const names = [...new Set([parameter, ...(bare === undefined ? [] : [bare])])]
  return { path: `$..[${names.map((name) => JSON.stringify(name)).join(',')}]`, isSure: false }
}

const ID = /(?:^|_)(id|uuid|key|slug)$/

function itemProperty(
  document: OpenApiDocument,
  list: Thing,
  parameter: string,
  collection: string,
): string | undefined {
  return propertyFor(flatOf(document, at(list, 'items')), parameter, collection)
}

/** The property of the same name, or `id` where the parameter is the id of the collection. */
function propertyFor(flat: Thing, parameter: string, collection: string): string | undefined {
  const names = entriesAt(flat, 'properties').map(([name]) => name)
  const wanted = identifierOf(parameter, '')
  const same = names.find((name) => identifierOf(name, '') === wanted)
  if (same !== undefined) return same
  const word = singularOf(wordIn(collection))
  for (const bare of ['id', 'uuid', 'key', 'slug']) {
    const isIt = wanted === bare || wanted === `${word}_${bare}` || wanted.endsWith(`_${bare}`)
    if (isIt && names.includes(bare)) return bare
  }
  return wanted === word && names.includes('id') ? 'id' : undefined
}

function propertyNamed(document: OpenApiDocument, flat: Thing, name: string): Thing | undefined {
  const property = entriesAt(flat, 'properties').find(([known]) => known === name)?.[1]
  return isThing(property) ? flatOf(document, property) : undefined
}

function wordIn(collection: string): string {
  return wordsOf(collection.split('/').at(-1) ?? '').at(-1) ?? ''
}

function isCalled(name: string, collection: string): boolean {
  const known = new Set(['data', 'items', 'results', 'records', 'list', 'content', 'value'])
  return known.has(name.toLowerCase()) || wordsOf(name).at(-1) === wordIn(collection)
}

function isRequired(flat: Thing, name: string): boolean {
  return listAt(flat, 'required').includes(name)
}

/** One step of a JSON path; names that are no words stand in quotes. */
export function step(name: string): string {
  if (/^[A-Za-z_]\w{0,99}$/.test(name)) return `.${name}`
  return `[${JSON.stringify(name)}]`
}
