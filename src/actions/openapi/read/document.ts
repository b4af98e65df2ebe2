/**
 * An OpenAPI document as it comes: anything may stand anywhere, references may go in circles.
 *
 * Nothing here trusts a shape. Values are looked at one at a time, only own properties are read,
 * and each reference is followed a bounded number of times.
 */

import { UsageError } from '../../../core/errors.ts'

export type Thing = Readonly<Record<string, unknown>>

export interface OpenApiDocument {
  /** The name that errors show. */
  readonly file: string
  readonly root: Thing
  /** As the document says: `2.0`, `3.0.3`, `3.1.0`, …; its root is in the words of 3 either way. */
  readonly version: string
  /**
   * What a `$ref` finally stands for; the value itself where it is none, undefined where the
   * reference leads nowhere. In 3.1 what stands beside a `$ref` goes over what it names.
   * @throws UsageError with code `bad-openapi` for a reference into another file
   */
  resolve(value: unknown): unknown
}

export function isThing(value: unknown): value is Thing {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An own property, or undefined. */
export function at(value: unknown, key: string): unknown {
  return isThing(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

export function textAt(value: unknown, key: string): string | undefined {
  const text = at(value, key)
  return typeof text === 'string' ? text : undefined
}

export function listAt(value: unknown, key: string): readonly unknown[] {
  const list = at(value, key)
  return Array.isArray(list) ? list : []
}

export function entriesAt(value: unknown, key: string): [string, unknown][] {
  const map = at(value, key)
  return isThing(map) ? Object.entries(map) : []
}

export function refuse(file: string, why: string, mend: string, cause?: unknown): UsageError {
  return new UsageError(`Cannot import OpenAPI document: ${file}: ${why}`, {
    code: 'bad-openapi',
    where: file,
    mend,
    cause,
  })
}

/** For a message: short, on one line. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
