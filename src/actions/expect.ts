/** Expectations: whether an answer is what the action promises, and what it captures. */

import { isDeepStrictEqual } from 'node:util'
import type { ActionDocument } from '../core/contract/ontology.ts'
import type { JsonValue } from '../core/contract/profile.ts'
import { messageOf } from '../core/errors.ts'
import type { Action } from './ontology.ts'
import { checkHeaderName } from './request/headers.ts'
import { compileJsonPath, valuesAt } from './response/json-path.ts'
import { MAX_PATTERN_CHARS, compileRegex } from './response/pattern.ts'
import type { Place } from './place.ts'
import { createReceived } from './response/received.ts'
import type { Received, ReceivedResponse } from './response/received.ts'
import { compileTemplate } from './template.ts'

export type { ReceivedResponse } from './response/received.ts'

export interface Checked {
  readonly outcome: 'ok' | 'http_error' | 'assertion_failed'
  /** Why not `ok`, in one clause. */
  readonly reason?: string
  /** What was found; empty after an `http_error`. */
  readonly captured: Record<string, JsonValue>
}

/** Undefined = as expected, otherwise why not. */
type Check = (received: Received) => string | undefined

export interface Expectation {
  /** By status; 1 = expected. */
  readonly statuses: Uint8Array
  /** For the reason: `2xx or 3xx`. */
  readonly statusText: string
  readonly checks: readonly Check[]
  readonly readsBody: boolean
}

type ExpectDocument = ActionDocument['expect']

const MAX_SHOWN_CHARS = 80

/** @throws UsageError with code `bad-regex`, `bad-json-path`, `bad-header` or `bad-template` */
export function compileExpectation(document: ExpectDocument, place: Place): Expectation {
  const written = document.status ?? ['2xx', '3xx']
  const statuses = Array.isArray(written) ? written : [written]
  const json = Object.entries(document.json ?? {})
  const checks: Check[] = []
  if (document.max_ms !== undefined) checks.push(latencyCheck(document.max_ms))
  for (const [name, pattern] of Object.entries(document.headers ?? {})) {
    checks.push(headerCheck(name, pattern, place.at('headers', name)))
  }
  for (const [path, value] of json) checks.push(jsonCheck(path, value, place.at('json', path)))
  if (document.body !== undefined) checks.push(bodyCheck(document.body, place.at('body')))
  return {
    statuses: statusTable(statuses),
    statusText: statuses.join(' or '),
    checks,
    readsBody: json.length > 0 || document.body !== undefined,
  }
}

/**
 * A status outside is `http_error` and captures nothing. Anything else that is not as expected, and
 * a capture that finds nothing and is not optional, is `assertion_failed` with the first reason;
 * what could be captured is kept, so that the session can go on. Never throws, whatever the body
 * holds.
 */
export function checkResponse(action: Action, response: ReceivedResponse): Checked {
  const { statuses, statusText, checks } = action.expectation
  if (statuses[response.status] !== 1) {
    const reason = `status ${response.status} is not ${statusText}`
    return { outcome: 'http_error', reason, captured: {} }
  }
  if (checks.length === 0 && action.captureList.length === 0) return { outcome: 'ok', captured: {} }
  const received = createReceived(response)
  const captured: Record<string, JsonValue> = {}
  let reason: string | undefined
  for (const check of checks) reason ??= guarded(() => check(received))
  for (const capture of action.captureList) {
    const fault = guarded(() => {
      const found = capture.find(received)
      if (found.kind === 'found') captured[capture.name] = found.value
      if (found.kind === 'found' || capture.isOptional) return undefined
      return `capture "${capture.name}" failed: ${found.why}`
    })
    reason ??= fault
  }
  if (reason === undefined) return { outcome: 'ok', captured }
  return { outcome: 'assertion_failed', reason, captured }
}

/** Documents of the target can be deep or odd enough to make a library give up. */
function guarded(check: () => string | undefined): string | undefined {
  try {
    return check()
  } catch (fault) {
    return `the response cannot be read (${messageOf(fault).slice(0, MAX_SHOWN_CHARS)})`
  }
}

function statusTable(statuses: readonly (number | string)[]): Uint8Array {
  const table = new Uint8Array(600)
  for (const status of statuses) {
    if (typeof status === 'number') table[status] = 1
    else table.fill(1, Number(status[0]) * 100, Number(status[0]) * 100 + 100)
  }
  return table
}

function latencyCheck(limitMs: number): Check {
  return ({ response }) =>
    response.latencyMs > limitMs ? `slower than max_ms ${limitMs}` : undefined
}

function headerCheck(name: string, pattern: string, place: Place): Check {
  checkHeaderName(name, place)
  const regex = compileRegex(pattern, place)
  return ({ response }) => {
    const value = response.header(name)
    if (value === undefined) return `header "${name}" is missing`
    if (regex.test(value.slice(0, MAX_PATTERN_CHARS))) return undefined
    return `header "${name}" is ${shown(value)}, which does not match ${pattern}`
  }
}

function jsonCheck(text: string, expected: JsonValue, place: Place): Check {
  const path = compileJsonPath(text, place)
  refuseTemplates(expected, place)
  const wanted = shown(expected)
  return (received) => {
    const document = received.json()
    if (document.kind === 'none') return document.why
    const values = valuesAt(path, document.value)
    if (values.length === 0) return `${text} is not in the body`
    const other = values.find((value) => value !== expected && !isDeepStrictEqual(value, expected))
    return other === undefined ? undefined : `${text} is ${shown(other)}, not ${wanted}`
  }
}

function bodyCheck(pattern: string, place: Place): Check {
  const regex = compileRegex(pattern, place)
  const isPlainText = !/[\\^$.*+?()[\]{}|]/.test(pattern)
  const why = `the body does not match ${pattern}`
  const cutWhy = `${why} in its first ${MAX_PATTERN_CHARS} characters`
  return (received) => {
    const text = received.text()
    if (isPlainText) return text.includes(pattern) ? undefined : why
    if (regex.test(text.slice(0, MAX_PATTERN_CHARS))) return undefined
    return text.length > MAX_PATTERN_CHARS ? cutWhy : why
  }
}

/** Expectations are the same for every session; a template there would be compared as text. */
function refuseTemplates(value: JsonValue, place: Place): void {
  if (typeof value === 'string') {
    if (!value.includes('{{') || compileTemplate(value, place).kind === 'text') return
    throw place.fault('bad-template', 'expectations do not see templates', 'write a fixed value')
  }
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) refuseTemplates(item, place)
  }
}

function shown(value: JsonValue): string {
  const text = JSON.stringify(value)
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text
}
