/** From an action and its context to the request that goes out, or to what it lacks. */

import type { ActionDocument, HttpMethod, OntologyDocument } from '../core/contract/ontology.ts'
import { compileBody, fillBody } from './request/body.ts'
import type { Body } from './request/body.ts'
import { compileHeaders, fillHeaders } from './request/headers.ts'
import type { Headers } from './request/headers.ts'
import type { Action, Ontology } from './ontology.ts'
import type { Place } from './place.ts'
import { compileTarget, fillTarget } from './request/target.ts'
import type { RequestTarget } from './request/target.ts'
import type { Missing, Reference, TemplateContext } from './template.ts'

export type { TemplateContext } from './template.ts'

export type BuiltRequest =
  | {
      readonly kind: 'request'
      readonly method: HttpMethod
      /** With the query. */
      readonly path: string
      /** Flat `name, value, …`; a new list each time, identity headers may be added to it. */
      readonly headers: string[]
      readonly body: string | Buffer | undefined
    }
  | ({ readonly kind: 'blocked' } & Missing)

export interface CompiledRequest {
  readonly method: HttpMethod
  readonly target: RequestTarget
  readonly headers: Headers
  readonly body: Body
  readonly references: readonly Reference[]
  /** Those of the action's own request, without the ontology's default headers. */
  readonly ownReferences: readonly Reference[]
}

/**
 * @param place of the whole ontology
 * @param tailName name of the `*tail` in the action's routes, if one has it
 * @throws UsageError for templates, paths, headers and bodies that cannot be sent
 */
export function compileRequest(
  name: string,
  document: OntologyDocument,
  action: ActionDocument,
  tailName: string | undefined,
  place: Place,
): CompiledRequest {
  const { request } = action
  const at = place.at('actions', name, 'request')
  const target = compileTarget(request.path, request.query, tailName, at)
  const { body, references } = compileBody(request, at)
  const own = { map: request.headers, place: at.at('headers') }
  const defaults = { map: document.defaults.headers, place: place.at('defaults', 'headers') }
  const headers = compileHeaders([defaults, own])
  if (body.kind === 'multipart' && headers.hasContentType) {
    throw at.fault(
      'bad-header',
      'a multipart body says its content-type itself, with the boundary',
      'leave content-type out of the headers',
    )
  }
  const inRequest = [...target.references, ...references]
  return {
    method: request.method,
    target,
    headers,
    body,
    references: [...inRequest, ...headers.references],
    ownReferences: [...inRequest, ...compileHeaders([own]).references],
  }
}

/**
 * The request of one step. Blocked where a value is missing in path, header or body, or where a
 * value could not stay inside its path segment or header line.
 */
export function buildRequest(
  _ontology: Ontology,
  action: Action,
  context: TemplateContext,
): BuiltRequest {
  const { method, target, headers, body } = action.request
  const path = fillTarget(target, context)
  if (typeof path !== 'string') return blocked(path)
  const lines = fillHeaders(headers, context)
  if (!Array.isArray(lines)) return blocked(lines)
  const filled = fillBody(body, context)
  if ('missing' in filled) return blocked(filled)
  if (filled.contentType !== undefined && !headers.hasContentType) {
    lines.push('content-type', filled.contentType)
  }
  return { kind: 'request', method, path, headers: lines, body: filled.body }
}

function blocked(reason: Missing): BuiltRequest {
  return { kind: 'blocked', missing: reason.missing, why: reason.why }
}
