/** The operations of a document: each nearly an action, or with why it is left out. */

import { HTTP_METHODS } from '../../core/contract/ontology.ts'
import type { HttpMethod, OntologyInput } from '../../core/contract/ontology.ts'
import type { JsonValue } from '../../core/contract/profile.ts'
import { RARE_POOL } from '../../core/verdict.ts'
import { identifierOf, singularOf, takeFree, wordsOf } from '../propose/path/words.ts'
import { answersOf } from './answers.ts'
import type { Answers } from './answers.ts'
import { bodyOf } from './body.ts'
import type { WrittenBody } from './body.ts'
import { at, entriesAt, listAt, refuse, shown, textAt } from './read/document.ts'
import type { OpenApiDocument } from './read/document.ts'
import { changesData, kindOf } from './kind.ts'
import { fieldsOf, parametersOf } from './parameters.ts'
import type { Filled } from './parameters.ts'
import { proofOf, unaskedOf } from './security.ts'
import { baseOf, hostOf } from './read/servers.ts'
import { targetOf } from './target.ts'
import type { Target } from './target.ts'
import { twinned } from './twins.ts'

export type ActionInput = OntologyInput['actions'][string]

export interface Operation {
  readonly name: string
  readonly operationId: string | undefined
  /** As links may call it: `#/paths/~1orders/get`. */
  readonly reference: string
  readonly method: HttpMethod
  readonly kind: NonNullable<ActionInput['kind']>
  readonly mutates: boolean
  readonly target: Target
  readonly query: readonly Filled[]
  readonly headers: readonly Filled[]
  readonly body: WrittenBody['fields']
  readonly answers: Answers
  /** What its fields of query and headers hold; those of the path stand in the target. */
  readonly data: Readonly<Record<string, JsonValue>>
  readonly secrets: ReadonlyMap<string, string>
  /** Required parameters of the query that the document has no value for. */
  readonly madeUp: readonly string[]
  readonly summary: string | undefined
  /** What was left out of it, in words. */
  readonly notes: readonly string[]
}

export interface LeftOut {
  /** `DELETE /orders/{id}` */
  readonly operation: string
  readonly why: string
}

export interface Wanted {
  /** Stands before all paths instead of what the servers of the document say. */
  readonly base?: string
  readonly only?: readonly HttpMethod[]
}

const MAX_OPERATIONS = 5000
const MAX_NAME = 80
/** QUERY came with 3.2. */
const METHODS = [...HTTP_METHODS, 'TRACE', 'QUERY']

/** @throws UsageError with code `bad-openapi` */
export function operationsOf(
  document: OpenApiDocument,
  wanted: Wanted,
): { operations: Operation[]; leftOut: LeftOut[]; unasked: string[] } {
  const operations: Operation[] = []
  const leftOut: LeftOut[] = []
  const sources: unknown[] = []
  const names = new Set<string>([RARE_POOL])
  let count = 0
  for (const [path, written] of entriesAt(document.root, 'paths')) {
    if (path.startsWith('x-')) continue
    const item = document.resolve(written)
    for (const method of METHODS) {
      const operation = document.resolve(at(item, method.toLowerCase()))
      if (operation === undefined) continue
      const known = HTTP_METHODS.find((one) => one === method)
      if (wanted.only !== undefined && !wanted.only.some((one) => one === method)) continue
      count += 1
      if (count > MAX_OPERATIONS) {
        const why = `it has more than ${MAX_OPERATIONS} operations`
        throw refuse(document.file, why, 'take a part of them with --only GET, or split it')
      }
      const made =
        known === undefined
          ? `Outrider does not send ${method}`
          : operationOf(document, known, path, item, operation, wanted, names)
      sources.push(operation)
      if (typeof made !== 'string') operations.push(made)
      else leftOut.push({ operation: `${method} ${path}`, why: made })
    }
  }
  return { operations, leftOut, unasked: unaskedOf(document, sources) }
}

function operationOf(
  document: OpenApiDocument,
  method: HttpMethod,
  path: string,
  item: unknown,
  operation: unknown,
  wanted: Wanted,
  names: Set<string>,
): Operation | string {
  if (at(operation, 'deprecated') === true) return 'it is deprecated'
  const server = listAt(operation, 'servers')[0] ?? listAt(item, 'servers')[0]
  const ownHost = server === undefined ? undefined : hostOf(server)
  const host = hostOf(listAt(document.root, 'servers')[0])
  if (ownHost !== undefined && host !== undefined && ownHost !== host) {
    return `it has a server of its own, ${shown(ownHost)}`
  }
  const base = wanted.base ?? baseOf(server ?? listAt(document.root, 'servers')[0])
  const parameters = parametersOf(document, item, operation)
  const taken = new Set<string>()
  const target = targetOf(document, method, path, base, parameters, taken)
  if (typeof target === 'string') return target
  const fields = fieldsOf(document, parameters, taken)
  const body = bodyOf(document, method, operation)
  const proof = proofOf(document, operation)
  const answers = answersOf(document, operation)
  const operationId = textAt(operation, 'operationId')
  const told = {
    method,
    path,
    operationId: operationId ?? '',
    query: fields.query.map(({ name }) => name),
    uploads: body.uploads,
    isPage: answers.types.length > 0 && answers.types.every((type) => type === 'text/html'),
  }
  const kind = kindOf(told)
  const written = twinned(body.fields, kind)
  return {
    name: nameOf(operationId, method, path, names),
    operationId,
    reference: `#/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method.toLowerCase()}`,
    method,
    kind,
    mutates: changesData(told),
    target,
    query: [...fields.query, ...proof.query],
    headers: headersOf(fields.headers, proof.headers, body.contentType),
    body: written.fields,
    answers,
    data: fields.data,
    secrets: new Map([...proof.secrets, ...written.secrets]),
    madeUp: fields.madeUp,
    summary: textAt(operation, 'summary') ?? textAt(operation, 'description'),
    notes: [...fields.notes, ...body.notes, ...proof.notes],
  }
}

/** One line a name; what proves who asks wins, and cookies are joined. */
function headersOf(
  fields: readonly Filled[],
  proof: readonly Filled[],
  contentType: string | undefined,
): Filled[] {
  const lines = new Map<string, string>()
  const type = contentType === undefined ? [] : [{ name: 'content-type', value: contentType }]
  for (const { name, value } of [...type, ...fields, ...proof]) {
    const before = lines.get(name)
    lines.set(name, name === 'cookie' && before !== undefined ? `${before}; ${value}` : value)
  }
  return [...lines].map(([name, value]) => ({ name, value }))
}

/**
 * The operation's own name, made safe, without the path and method that a framework hung on to it;
 * else method and path, short where that is free. Unique.
 */
function nameOf(
  operationId: string | undefined,
  method: string,
  path: string,
  taken: Set<string>,
): string {
  const hungOn = `${path.replaceAll(/\W/g, '_')}_${method.toLowerCase()}`
  const own = safeName(operationId ?? '')
  const bare = operationId?.endsWith(hungOn) ? safeName(operationId.slice(0, -hungOn.length)) : own
  const short = own === '' ? shortName(method, path) : bare
  if (short !== '' && !taken.has(short.slice(0, MAX_NAME))) {
    return takeFree(short.slice(0, MAX_NAME), taken)
  }
  const name = own === '' ? identifierOf(`${method.toLowerCase()} ${path}`, 'action') : own
  return takeFree(name.slice(0, MAX_NAME), taken)
}

function safeName(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.:-]+/g, '_').replaceAll(/^[_.:-]+|[_.:-]+$/g, '')
}

/** `GET /api/v1/users/{id}/posts` is `get_user_posts`; empty where no word is left. */
function shortName(method: string, path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '')
  const first = segments.findIndex((segment) => !/^(?:api|rest|v\d[\w.]*)$/i.test(segment))
  const words = segments.slice(Math.max(0, first)).flatMap((segment, index, all) => {
    if (segment.includes('{')) return []
    const isOfOne = /^\{[^{}]*\}$/.test(all[index + 1] ?? '')
    const own = wordsOf(segment)
    return isOfOne ? [...own.slice(0, -1), singularOf(own.at(-1) ?? '')] : own
  })
  const text = words.join('_')
  return text === '' ? '' : identifierOf(`${method.toLowerCase()}_${text}`, '')
}
