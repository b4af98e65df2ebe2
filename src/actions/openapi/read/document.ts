/**
 * An OpenAPI 3 document as it comes: anything may stand anywhere, references may go in circles.
 *
 * Nothing here trusts a shape. Values are looked at one at a time, only own properties are read,
 * and each reference is followed a bounded number of times.
 */

import { UsageError, messageOf } from '../../../core/errors.ts'
import { parseYaml } from '../../../core/yaml.ts'

export type Thing = Readonly<Record<string, unknown>>

export interface OpenApiDocument {
  /** The name that errors show. */
  readonly file: string
  readonly root: Thing
  /** `3.0.3`, `3.1.0`, … */
  readonly version: string
  /**
   * What a `$ref` finally stands for; the value itself where it is none, undefined where the
   * reference leads nowhere. In 3.1 what stands beside a `$ref` goes over what it names.
   * @throws UsageError with code `bad-openapi` for a reference into another file
   */
  resolve(value: unknown): unknown
}

/** JSON is read by the engine; the YAML reader keeps places and needs far more time and memory. */
const MAX_JSON_CHARS = 32 * 2 ** 20
const MAX_YAML_CHARS = 8 * 2 ** 20
/** A reference that leads to a reference, and so on. */
const MAX_HOPS = 20

/**
 * @param file the name that errors show
 * @throws UsageError with code `bad-openapi` or `bad-yaml`
 */
export function readOpenApi(text: string, file: string): OpenApiDocument {
  const root = parseText(text, file)
  if (!isThing(root)) throw refuse(file, 'it is not a map', 'give an OpenAPI 3 document')
  const { openapi, swagger } = { openapi: at(root, 'openapi'), swagger: at(root, 'swagger') }
  if (swagger !== undefined) {
    throw refuse(
      file,
      `it is Swagger ${shown(swagger)}, and only OpenAPI 3 is read`,
      'convert it first, for instance with "npx swagger2openapi"',
    )
  }
  // An unquoted 3.1 is a number in YAML.
  const version = typeof openapi === 'number' ? String(openapi) : openapi
  if (typeof version !== 'string') {
    throw refuse(file, 'it has no "openapi" version', 'give an OpenAPI 3 document')
  }
  if (!/^3\.\d/.test(version)) {
    throw refuse(file, `it is OpenAPI ${shown(version)}`, 'versions 3.0 and 3.1 are read')
  }
  return { file, root, version, resolve: resolverOf(root, file, !version.startsWith('3.0')) }
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

function parseText(text: string, file: string): unknown {
  const bare = text.startsWith('\uFEFF') ? text.slice(1) : text
  const isJson = /^\s*\{/.test(bare)
  const limit = isJson ? MAX_JSON_CHARS : MAX_YAML_CHARS
  if (bare.length > limit) {
    throw refuse(
      file,
      `it is larger than ${limit / 2 ** 20} MiB${isJson ? '' : ' of YAML'}`,
      isJson ? 'split it' : 'give it as JSON, of which 32 MiB are read, or split it',
    )
  }
  if (isJson) {
    try {
      return JSON.parse(bare)
    } catch {
      // YAML in braces is rare, but it is YAML; and its reader names the line of a fault.
      if (bare.length > MAX_YAML_CHARS) throw refuse(file, 'it is not JSON', 'mend it')
    }
  }
  try {
    return parseYaml(bare, file).value
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown
    throw refuse(file, `it cannot be read (${messageOf(thrown)})`, 'mend it', thrown)
  }
}

function resolverOf(
  root: Thing,
  file: string,
  mergesSiblings: boolean,
): OpenApiDocument['resolve'] {
  return (value) => {
    let current = value
    let beside: Record<string, unknown> = {}
    for (let hop = 0; hop < MAX_HOPS; hop += 1) {
      const reference = textAt(current, '$ref')
      if (reference === undefined || !isThing(current)) {
        return isThing(current) && Object.keys(beside).length > 0
          ? { ...current, ...beside }
          : current
      }
      if (!reference.startsWith('#')) {
        throw refuse(
          file,
          `its reference ${shown(reference)} is in another file`,
          'bundle it first, for instance with "npx @redocly/cli bundle"',
        )
      }
      if (mergesSiblings) {
        const { $ref: _, ...siblings } = current
        beside = { ...siblings, ...beside }
      }
      current = lookUp(root, reference)
    }
    return undefined
  }
}

/** RFC 6901 within the document; undefined where it leads nowhere. */
function lookUp(root: Thing, reference: string): unknown {
  let current: unknown = root
  const [first, ...parts] = reference.slice(1).split('/')
  if (first !== '') return undefined
  for (const part of parts) {
    const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(current)) current = /^\d{1,9}$/.test(key) ? current[Number(key)] : undefined
    else current = at(current, key)
    if (current === undefined) return undefined
  }
  return current
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** For a message: short, on one line. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
