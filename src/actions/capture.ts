/** Captures: what later steps of the session need from this answer. */

import type { ActionDocument } from '../core/contract/ontology.ts'
import type { JsonValue } from '../core/contract/profile.ts'
import { decoded } from './response/decode.ts'
import type { Decoding } from './response/decode.ts'
import { findFormField } from './response/form-field.ts'
import { compileFinder } from './response/pattern.ts'
import { checkHeaderName } from './request/headers.ts'
import { compileJsonPath, valuesAt } from './response/json-path.ts'
import type { Place } from './place.ts'
import type { Found, Received } from './response/received.ts'

export interface Capture {
  readonly name: string
  readonly readsBody: boolean
  /** An answer without it is as it should be. */
  readonly isOptional: boolean
  find(received: Received): Found
}

/** Levels of lists and objects in a captured value. */
const MAX_DEPTH = 100

type CaptureDocument = ActionDocument['capture'][string]

/** @throws UsageError with code `bad-capture`, `bad-json-path` or `bad-header` */
export function compileCaptures(document: ActionDocument['capture'], place: Place): Capture[] {
  return Object.entries(document).map(([name, capture]) => {
    const at = place.at(name)
    if (!/^[A-Za-z0-9_-]{1,100}$/.test(name) || name === '__proto__') {
      throw at.fault(
        'bad-capture',
        `templates cannot name "${name}"`,
        'use letters, digits, "_" and "-"',
      )
    }
    return compileCapture(name, capture, at)
  })
}

function compileCapture(name: string, capture: CaptureDocument, place: Place): Capture {
  const isOptional = capture.optional === true
  if ('json' in capture) {
    const path = compileJsonPath(capture.json, place.at('json'))
    const find = (received: Received): Found => {
      const document = received.json()
      if (document.kind === 'none') return document
      const value = valuesAt(path, document.value)[0]
      if (isTooDeep(value, MAX_DEPTH)) return { kind: 'none', why: `${path.text} is too deep` }
      return foundOr(value, `${path.text} is not in the body`)
    }
    return { name, readsBody: true, isOptional, find }
  }
  if ('header' in capture) {
    const { header, match } = capture
    checkHeaderName(header, place.at('header'))
    const pick = match === undefined ? undefined : compileFinder(match, place.at('match'))
    const find = ({ response }: Received): Found => {
      const value = response.header(header)
      if (value === undefined || pick === undefined) {
        return foundOr(plain(value, capture.decode), `there is no header "${header}"`)
      }
      const picked = plain(pick(value), capture.decode)
      return foundOr(picked, `header "${header}" does not match ${match}`)
    }
    return { name, readsBody: false, isOptional, find }
  }
  if ('body' in capture) {
    const pick = compileFinder(capture.body, place.at('body'))
    const find = (received: Received): Found =>
      foundOr(
        plain(pick(received.text()), capture.decode),
        `the body does not match ${capture.body}`,
      )
    return { name, readsBody: true, isOptional, find }
  }
  if ('cookie' in capture) {
    const { cookie } = capture
    const find = ({ response }: Received): Found =>
      foundOr(plain(response.cookie(cookie), capture.decode), `there is no cookie "${cookie}"`)
    return { name, readsBody: false, isOptional, find }
  }
  const { form_field: field, form } = capture
  const where = form === undefined ? '' : ` in a form "${form}"`
  const find = (received: Received): Found =>
    foundOr(
      findFormField(received.text(), field, form),
      `there is no form field "${field}"${where}`,
    )
  return { name, readsBody: true, isOptional, find }
}

function plain(value: string | undefined, decode: Decoding | undefined): string | undefined {
  return value === undefined || decode === undefined ? value : decoded(value, decode)
}

/** A value that later requests could not write as JSON again. */
function isTooDeep(value: JsonValue | undefined, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((item) => isTooDeep(item, levels - 1))
}

function foundOr(value: JsonValue | undefined, why: string): Found {
  return value === undefined ? { kind: 'none', why } : { kind: 'found', value }
}
