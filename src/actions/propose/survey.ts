/** Recorded exchanges, sorted into what will be actions: same method, same route, same operation. */

import { HTTP_METHODS } from '../../core/contract/ontology.ts'
import type { HttpMethod } from '../../core/contract/ontology.ts'
import { decodeSegment, pathSegments } from '../route.ts'
import type { Upload } from './body/multipart.ts'
import { bodyOf } from './body/read.ts'
import type { ReadBody } from './body/read.ts'
import type { BodySample } from './body/shape.ts'
import { createDispatch } from './dispatch.ts'
import type { Dispatch, Operation } from './dispatch.ts'
import { FieldTable, fieldsOf } from './fields.ts'
import type { Login } from './fields.ts'
import { formsIn } from './forms.ts'
import { leavesOf } from './live/leaves.ts'
import { answerOf } from './live/sources.ts'
import { addPath, createPathTree, generalise, patternOf } from './path/tree.ts'
import type { PathNode, PatternSegment } from './path/tree.ts'
import type { RecordedExchange } from './recorded.ts'

/** An action in the making. */
export interface Draft {
  readonly method: HttpMethod
  readonly segments: readonly PatternSegment[]
  /** `GET /orders/:order_id`. */
  readonly route: string
  /** The field that says which call it is, where many share the path. */
  readonly operation: Operation | undefined
  /** Requests, failed ones included. */
  count: number
  readonly people: Set<string>
  readonly statuses: Map<number, number>
  /** Requests whose path ended in a slash. */
  slashes: number
  readonly query: FieldTable
  readonly form: FieldTable
  /** Files of multipart forms by the name of their field; undefined where no form was one. */
  uploads: Map<string, Upload> | undefined
  readonly json: BodySample[]
  /** Bodies that were neither form nor JSON, by content type. */
  readonly otherBodies: Map<string, number>
  /** Of one request, for headers that the application may look at. */
  readonly headers: FieldTable
}

export interface Survey {
  /** Most requested first. */
  readonly drafts: readonly Draft[]
  /** For each exchange its draft; undefined where it was left out. */
  readonly draftOf: readonly (Draft | undefined)[]
  readonly leftOut: Readonly<Record<LeftOut, number>>
  /** Forms of the pages that ask for a password. */
  readonly logins: readonly Login[]
  /** Whether a form offered this value of the field to choose. */
  readonly isOffered: (name: string, value: string) => boolean
}

export type LeftOut = 'methods' | 'paths' | 'failed' | 'rare'

const MOST_SEGMENTS = 30
const MOST_PATH_CHARS = 4096
const MOST_SAMPLES = 200
const MOST_UPLOADS = 60
const MOST_PEOPLE = 1000
const METHODS: ReadonlySet<string> = new Set(HTTP_METHODS.filter((name) => name !== 'OPTIONS'))
/** Headers that change what an application answers, that no browser adds by itself and that name nobody. */
const TOLD_HEADERS: ReadonlySet<string> = new Set(['x-requested-with', 'x-api-version'])

/**
 * @param mostActions drafts beyond it, the least requested, are left out
 * @param keepsHeader whether a request's header was asked for by name
 */
export function surveyOf(
  exchanges: readonly RecordedExchange[],
  mostActions: number,
  keepsHeader: (name: string) => boolean = () => false,
): Survey {
  const leftOut = { methods: 0, paths: 0, failed: 0, rare: 0 }
  const tree = createPathTree()
  const paths = exchanges.map((exchange) => usablePath(exchange))
  for (const [index, exchange] of exchanges.entries()) {
    const path = paths[index]
    if (path !== undefined && isSuccess(exchange.status)) addPath(tree, path)
  }
  const named = namedValues(exchanges)
  generalise(tree, (text) => named.has(text))
  const drafts = new Map<string, Draft>()
  const dispatch = createDispatch()
  for (const exchange of exchanges) {
    if (isSuccess(exchange.status)) dispatch.see(callOf(exchange))
  }
  const draftOf = exchanges.map((exchange, index) => {
    const path = paths[index]
    if (path === undefined) {
      leftOut[METHODS.has(exchange.method) ? 'paths' : 'methods'] += 1
      return undefined
    }
    const draft = draftFor(drafts, tree, exchange, { path, keepsHeader, dispatch })
    if (draft === undefined) leftOut.failed += 1
    return draft
  })
  const answered = [...drafts.values()].filter((draft) =>
    [...draft.statuses.keys()].some(isSuccess),
  )
  const kept = new Set(
    answered.toSorted((one, other) => other.count - one.count).slice(0, mostActions),
  )
  for (const draft of drafts.values()) {
    if (kept.has(draft)) continue
    leftOut[answered.includes(draft) ? 'rare' : 'failed'] += draft.count
  }
  return {
    drafts: [...kept],
    draftOf: draftOf.map((draft) => (draft !== undefined && kept.has(draft) ? draft : undefined)),
    leftOut,
    ...formsIn(exchanges),
  }
}

/** Names of members that tell one thing from another. */
const NAMING = /(?:^|[."_\]])(?:id|uid|key|slug|sku|code|handle|username|login)"?\]?$|[a-z]Id$/
const MOST_NAMED = 100_000

/** Texts that JSON answers give as ids and the like: where they stand in a path, they are values. */
function namedValues(exchanges: readonly RecordedExchange[]): Set<string> {
  const named = new Set<string>()
  for (const exchange of exchanges) {
    for (const text of namesMade(exchange)) named.add(text)
    if (exchange.responseBody === undefined || named.size >= MOST_NAMED) continue
    const { json } = answerOf(exchange)
    if (json === undefined) continue
    for (const { path, value } of leavesOf(json, MOST_SAMPLES * 10)) {
      if (typeof value === 'string' && NAMING.test(path)) named.add(value)
    }
  }
  return named
}

const LEAST_NAME_CHARS = 3

/** What a form named, where the answer leads to a path that has this name: what was made is there. */
function namesMade(exchange: RecordedExchange): string[] {
  const { location } = exchange.responseHeaders ?? {}
  if (location === undefined || exchange.method === 'GET') return []
  const { query, body } = callOf(exchange)
  const segments = new Set(pathSegments(splitTarget(location).path).map(decodeSegment))
  return [...query.values(), ...(body.kind === 'form' ? body.fields.values() : [])]
    .flat()
    .filter((text) => text.length >= LEAST_NAME_CHARS && segments.has(text))
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 400
}

/** Path and query of a target; what proxies log, `http://host/a?b=1`, is the same. */
export function splitTarget(target: string): { readonly path: string; readonly search: string } {
  const [bare = ''] = target.replace(/^https?:\/\/[^/?#]*(?=[/?#]|$)/i, '').split('#')
  const cut = bare.indexOf('?')
  const path = cut === -1 ? bare : bare.slice(0, cut)
  return { path: path === '' ? '/' : path, search: cut === -1 ? '' : bare.slice(cut + 1) }
}

function usablePath({ method, target }: RecordedExchange): string[] | undefined {
  if (!METHODS.has(method) || target.length > 2 * MOST_PATH_CHARS) return undefined
  const { path } = splitTarget(target)
  const isPlain = path.startsWith('/') && !path.startsWith('//') && path.length <= MOST_PATH_CHARS
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (!isPlain || /[\u0000-\u0020\u007f]/.test(path)) return undefined
  const segments = pathSegments(path).map(decodeSegment)
  if (segments.length > MOST_SEGMENTS) return undefined
  return segments.some((segment) => /^\.{1,2}$/.test(segment)) ? undefined : segments
}

interface Call {
  readonly method: string
  readonly path: string
  readonly query: ReadonlyMap<string, string | string[]>
  readonly body: ReadBody
}

function callOf(exchange: RecordedExchange): Call {
  const { path, search } = splitTarget(exchange.target)
  return { method: exchange.method, path, query: fieldsOf(search), body: bodyOf(exchange) }
}

interface Around {
  readonly path: readonly string[]
  readonly keepsHeader: (name: string) => boolean
  readonly dispatch: Dispatch
}

function draftFor(
  drafts: Map<string, Draft>,
  tree: PathNode,
  exchange: RecordedExchange,
  { path, keepsHeader, dispatch }: Around,
): Draft | undefined {
  const segments = patternOf(tree, path)
  const method = HTTP_METHODS.find((name) => name === exchange.method)
  if (segments === undefined || method === undefined) return undefined
  const call = callOf(exchange)
  const { path: written, query, body } = call
  const operation = dispatch.operationOf(call)
  const route = `${method} ${routePath(segments)}${operation === undefined ? '' : ` ${operation.field}=${encodeURIComponent(operation.value)}`}`
  const draft = drafts.get(route) ?? createDraft(method, segments, route, operation)
  drafts.set(route, draft)
  draft.count += 1
  if (written.length > 1 && written.endsWith('/')) draft.slashes += 1
  draft.statuses.set(exchange.status, (draft.statuses.get(exchange.status) ?? 0) + 1)
  if (draft.people.size < MOST_PEOPLE) draft.people.add(exchange.person)
  // What was refused may have been wrong: only answered requests say how one is made.
  if (isSuccess(exchange.status)) learn(draft, exchange, { query, body, keepsHeader })
  return draft
}

interface Parts {
  readonly query: ReadonlyMap<string, string | string[]>
  readonly body: ReadBody
  readonly keepsHeader: (name: string) => boolean
}

function learn(
  draft: Draft,
  exchange: RecordedExchange,
  { query, body, keepsHeader }: Parts,
): void {
  const { person, requestHeaders = {} } = exchange
  draft.query.add(person, query)
  if (body.kind === 'form') {
    draft.form.add(person, body.fields)
    for (const [name, upload] of body.uploads ?? []) addUpload(draft, name, upload)
    if (body.uploads !== undefined) draft.uploads ??= new Map()
  }
  if (body.kind === 'json' && draft.json.length < MOST_SAMPLES) {
    draft.json.push({ person, value: body.value })
  }
  if (body.kind === 'other') {
    draft.otherBodies.set(body.type, (draft.otherBodies.get(body.type) ?? 0) + 1)
  }
  const told = Object.entries(requestHeaders).filter(
    ([name]) => TOLD_HEADERS.has(name) || keepsHeader(name),
  )
  draft.headers.add(person, new Map(told))
}

/** A file says more than an input that nobody used. */
function addUpload(draft: Draft, name: string, upload: Upload): void {
  const uploads = (draft.uploads ??= new Map<string, Upload>())
  const known = uploads.get(name)
  if (known === undefined ? uploads.size < MOST_UPLOADS : known.bytes === 0) {
    uploads.set(name, upload)
  }
}

function createDraft(
  method: HttpMethod,
  segments: readonly PatternSegment[],
  route: string,
  operation: Draft['operation'],
): Draft {
  return {
    method,
    segments,
    route,
    operation,
    count: 0,
    people: new Set(),
    statuses: new Map(),
    slashes: 0,
    query: new FieldTable(),
    form: new FieldTable(),
    uploads: undefined,
    json: [],
    otherBodies: new Map(),
    headers: new FieldTable(),
  }
}

/** Literals that could be taken for something else are percent-encoded. */
export function literalText(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll(/%(?:2C|3B|3D|40|24|26|2B)/g, decodeURIComponent)
    .replaceAll('*', '%2A')
}

function routePath(segments: readonly PatternSegment[]): string {
  const parts = segments.map((segment) => {
    if (segment.kind === 'literal') return literalText(segment.text)
    return segment.kind === 'tail' ? `*${segment.name}` : `:${segment.name}`
  })
  return `/${parts.join('/')}`
}
