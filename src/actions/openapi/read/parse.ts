/** From a text to a document whose references can be followed, in the words of OpenAPI 3. */

import { UsageError, messageOf } from '../../../core/errors.ts'
import { parseYaml } from '../../../core/yaml.ts'
import { at, isThing, refuse, shown, textAt } from './document.ts'
import type { OpenApiDocument, Thing } from './document.ts'
import { openApiOf } from './swagger.ts'

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
  if (!isThing(root)) throw refuse(file, 'it is not a map', 'give an OpenAPI document')
  const swagger = at(root, 'swagger')
  if (swagger !== undefined) {
    // An unquoted 2.0 is a number in YAML.
    if (swagger !== '2.0' && swagger !== 2) {
      throw refuse(file, `it is Swagger ${shown(swagger)}`, 'give Swagger 2.0 or OpenAPI 3')
    }
    const converted = openApiOf(root, resolverOf(root, file, false))
    return { file, root: converted, version: '2.0', resolve: resolverOf(converted, file, false) }
  }
  const openapi = at(root, 'openapi')
  // An unquoted 3.1 is a number in YAML.
  const version = typeof openapi === 'number' ? String(openapi) : openapi
  if (typeof version !== 'string') {
    throw refuse(file, 'it has no "openapi" version', 'give an OpenAPI document')
  }
  if (!/^3\.\d/.test(version)) {
    const mend = 'versions 3.0 to 3.2 and Swagger 2.0 are read'
    throw refuse(file, `it is OpenAPI ${shown(version)}`, mend)
  }
  return { file, root, version, resolve: resolverOf(root, file, !version.startsWith('3.0')) }
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
