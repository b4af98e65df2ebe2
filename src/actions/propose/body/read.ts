/** The body of a recorded request, read as what it says it is. */

import type { JsonValue } from '../../../core/contract/profile.ts'
import { fieldsOf } from '../fields.ts'
import type { RecordedExchange } from '../recorded.ts'
import { multipartOf } from './multipart.ts'
import type { Upload } from './multipart.ts'

export type ReadBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: JsonValue }
  | {
      readonly kind: 'form'
      readonly fields: ReadonlyMap<string, string | string[]>
      /** Files by the name of their field; undefined where the form is no multipart one. */
      readonly uploads?: ReadonlyMap<string, Upload>
    }
  | { readonly kind: 'other'; readonly type: string }

const MOST_CHARS = 2 ** 18

export function bodyOf({ requestHeaders, requestBody }: RecordedExchange): ReadBody {
  const written = requestHeaders?.['content-type'] ?? ''
  const type = (written.split(';')[0] ?? '').trim().toLowerCase()
  if (requestBody === undefined || requestBody === '') {
    return type.startsWith('multipart/') ? { kind: 'other', type } : { kind: 'none' }
  }
  if (requestBody.length > MOST_CHARS) return { kind: 'other', type: type || 'unknown' }
  if (/[/+]json$/.test(type) || (type === '' && /^\s*[{[]/.test(requestBody))) {
    const value = parseJson(requestBody)
    return value === undefined
      ? { kind: 'other', type: type || 'unknown' }
      : { kind: 'json', value }
  }
  if (type === 'multipart/form-data') {
    const read = multipartOf(requestBody)
    return read === undefined ? { kind: 'other', type } : { kind: 'form', ...read }
  }
  const isForm = type === 'application/x-www-form-urlencoded'
  if (isForm || (type === '' && /^[\w.[\]%-]+=[^{}<>\s]*$/.test(requestBody))) {
    return { kind: 'form', fields: fieldsOf(requestBody) }
  }
  return { kind: 'other', type: type || 'unknown' }
}

/** Undefined where the text is no JSON. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}
