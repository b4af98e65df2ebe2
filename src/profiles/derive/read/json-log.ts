/** Access logs of JSON lines, whoever wrote them: nginx, Caddy, Traefik, Envoy, pino, a cloud. */

import { UsageError } from '../../../core/errors.ts'
import type { LineFormat } from './by-line.ts'
import {
  durationOf,
  KNOWN_DURATIONS,
  KNOWN_NAMES,
  type Duration,
  type FieldMap,
  type JsonField,
} from './json-fields.ts'
import { geoOf, notARequest, type LoggedRequest } from './request.ts'
import { parseTime } from './times.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** Lines without a request that are read before the log is taken for another kind of log. */
const PATIENCE_LINES = 10_000
const SHOWN_KEYS = 30

/** Why a line is no request that can be read. */
interface Lack {
  readonly field: JsonField
  /** The field is there, but holds something else. */
  readonly isThere: boolean
}

type Parsed =
  | { readonly kind: 'request'; readonly request: LoggedRequest }
  | { readonly kind: 'other'; readonly lack: Lack }
  | { readonly kind: 'lacking'; readonly lack: Lack }

/**
 * Lines without method, path and status are other lines of an application's log: they are counted,
 * not malformed. A log in which no line is a request is refused.
 * @param file the name that errors show
 */
export function createJsonLogFormat(map: FieldMap, file: string): LineFormat {
  const parser = createLineParser(map)
  let requestCount = 0
  let otherCount = 0
  let firstOther: { readonly line: string; readonly lack: Lack } | undefined
  const refuseOthers = (): void => {
    if (firstOther === undefined) return
    const { line, lack } = firstOther
    throw missingField(lack, `${file}: no line`, file, toObject(line) ?? {}, map)
  }
  return {
    name: 'json',
    parse(line) {
      const object = toObject(line)
      if (object === undefined) return undefined
      const parsed = parser(object)
      if (parsed.kind === 'request') {
        requestCount += 1
        return parsed.request
      }
      if (parsed.kind === 'lacking') return undefined
      otherCount += 1
      firstOther ??= { line, lack: parsed.lack }
      if (requestCount === 0 && otherCount >= PATIENCE_LINES) refuseOthers()
      return notARequest('notRequests')
    },
    faultOf(line, where) {
      const object = toObject(line)
      if (object === undefined) return undefined
      const parsed = parser(object)
      return parsed.kind === 'lacking'
        ? missingField(parsed.lack, where, where, object, map)
        : undefined
    },
    finish() {
      if (requestCount === 0) refuseOthers()
    },
  }
}

function createLineParser(map: FieldMap): (line: JsonObject) => Parsed {
  const finderOf = (field: JsonField): Finder => {
    const named = map[field]
    return createFinder(named === undefined ? KNOWN_NAMES[field] : [named])
  }
  const find = {
    time: finderOf('time'),
    method: finderOf('method'),
    path: finderOf('path'),
    query: finderOf('query'),
    status: finderOf('status'),
    client: finderOf('client'),
    agent: finderOf('agent'),
    user: finderOf('user'),
    country: finderOf('country'),
  }
  const durations = map.duration === undefined ? KNOWN_DURATIONS : [durationOf(map.duration)]
  let hasAgents = false

  return (line) => {
    const status = find.status(line, toStatus)
    const target = find.path(line, toTarget)
    const method = find.method(line, toMethod)
    if (!status.isThere && !target.isThere && !method.isThere) {
      return { kind: 'other', lack: { field: 'path', isThere: false } }
    }
    const { value: path } = target
    if (!target.isThere) return lack('path', false)
    if (!method.isThere && path?.method === undefined) return lack('method', false)
    if (status.value === undefined) return lack('status', status.isThere)
    const time = find.time(line, parseTime)
    const timeMs = timeOfParts(line) ?? time.value
    if (timeMs === undefined) return lack('time', time.isThere)
    const client = find.client(line, toAddress)
    const user = find.user(line, toName).value ?? ''
    if (!client.isThere && user === '') return lack('client', false)
    const agent = find.agent(line, toName)
    hasAgents ||= agent.isThere
    const query = path?.target.includes('?') ? undefined : find.query(line, toQuery).value
    const request: LoggedRequest = {
      address: client.value ?? '',
      user,
      userAgent: hasAgents ? (agent.value ?? '') : undefined,
      geo: geoOf(find.country(line, toName).value ?? ''),
      timeMs: timeMs - durationMs(line, durations),
      method: path?.method ?? method.value ?? '',
      target: `${path?.target ?? ''}${query ?? ''}`,
      status: status.value,
    }
    return { kind: 'request', request }
  }
}

interface Found<Value> {
  readonly value: Value | undefined
  readonly isThere: boolean
}
type Finder = <Value>(
  line: JsonObject,
  accept: (value: unknown) => Value | undefined,
) => Found<Value>

function lack(field: JsonField, isThere: boolean): Parsed {
  return { kind: 'lacking', lack: { field, isThere } }
}

/** Looks under the name that was right for the line before first; lines of a log are alike. */
function createFinder(paths: readonly string[]): Finder {
  let last = 0
  return (line, accept) => {
    let isThere = false
    for (let turn = 0; turn < paths.length + 1; turn += 1) {
      const index = turn === 0 ? last : turn - 1
      const found = valueAt(line, paths[index] ?? '')
      if (found === undefined) continue
      isThere ||= typeof found !== 'object' || found === null || Array.isArray(found)
      const value = accept(Array.isArray(found) ? found[0] : found)
      if (value === undefined) continue
      last = index
      return { value, isThere: true }
    }
    return { value: undefined, isThere }
  }
}

/** The value under a dotted path, whose parts may themselves hold dots. */
export function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Object.hasOwn(value, path)) return Reflect.get(value, path)
  for (let dot = path.indexOf('.'); dot !== -1; dot = path.indexOf('.', dot + 1)) {
    const head = path.slice(0, dot)
    if (!Object.hasOwn(value, head)) continue
    const found = valueAt(Reflect.get(value, head), path.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}

/** What is written where there is no value: `-` by most servers, `(empty)` by a few. */
function toName(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return undefined
  return text === '' || text === '-' || text === '(empty)' ? undefined : text
}

function toStatus(value: unknown): number | undefined {
  const status = typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : value
  return typeof status === 'number' && Number.isInteger(status) && status >= 0 && status < 1000
    ? status
    : undefined
}

function toMethod(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z]{1,20}$/i.test(value) ? value.toUpperCase() : undefined
}

interface Target {
  readonly target: string
  /** Where the value is a whole request line. */
  readonly method?: string
}

/** A path, a whole address, or a request line like `GET http://host/a HTTP/1.1`. */
function toTarget(value: unknown): Target | undefined {
  if (typeof value !== 'string') return undefined
  const [, method, written] = /^([A-Z]{1,20}) (\S+)(?: HTTP\/[\d.]+)?$/.exec(value) ?? []
  const target = (written ?? value).replace(/^https?:\/\/[^/?#]*/i, '')
  const path = target === '' || target.startsWith('?') ? `/${target}` : target
  if (!path.startsWith('/') || (written ?? value) === '') return undefined
  return method === undefined ? { target: path } : { target: path, method }
}

function toQuery(value: unknown): string | undefined {
  const text = toName(value)
  if (text === undefined || text === '?') return undefined
  return text.startsWith('?') ? text : `?${text}`
}

/** The first of `1.2.3.4, 10.0.0.1`, without the port of `1.2.3.4:80` and `[::1]:80`. */
function toAddress(value: unknown): string | undefined {
  const [first = ''] = (toName(value) ?? '').split(',')
  const address = first
    .trim()
    .replace(/^\[([^\]]*)\](?::\d+)?$/, '$1')
    .replace(/^([^:]+):\d+$/, '$1')
  return toName(address)
}

/** CloudFront writes day and time apart. */
function timeOfParts(line: JsonObject): number | undefined {
  const { date, time } = line
  if (typeof date !== 'string' || typeof time !== 'string') return undefined
  return parseTime(`${date}T${time}Z`)
}

function durationMs(line: JsonObject, durations: readonly Duration[]): number {
  for (const { path, unitMs } of durations) {
    const value = Number(toName(valueAt(line, path)))
    if (value >= 0 && Number.isFinite(value)) return value * unitMs
  }
  return 0
}

function toObject(line: string): JsonObject | undefined {
  if (!line.trimStart().startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function missingField(
  { field, isThere }: Lack,
  subject: string,
  where: string,
  line: JsonObject,
  map: FieldMap,
): UsageError {
  const named = map[field]
  const what = named === undefined ? field : `"${named}" (the ${field})`
  const why = isThere ? `has a ${what} that cannot be read` : `has no ${what}`
  const keys = keysOf(line)
  const shown = keys.slice(0, SHOWN_KEYS).join(', ')
  const more = keys.length > SHOWN_KEYS ? `, and ${keys.length - SHOWN_KEYS} more` : ''
  return new UsageError(
    `Cannot import json log: ${subject} ${why}; its keys are ${shown || 'none'}${more}`,
    { code: 'missing-field', where, mend: `name the key: --fields ${field}=KEY` },
  )
}

/** Keys of the line, those of objects in it with a dot. */
function keysOf(line: JsonObject): string[] {
  return Object.entries(line).flatMap(([key, value]) =>
    isObject(value) && Object.keys(value).length > 0
      ? Object.keys(value).map((inner) => `${key}.${inner}`)
      : [key],
  )
}
