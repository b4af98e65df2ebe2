/**
 * One route of an action, such as `POST /cart/:cart_id/pay` or `GET /files/*path`.
 *
 * Where many calls share one path, a field of the query or the body tells them apart, as GraphQL's
 * operation name does: `POST /graphql operationName=GetCart`.
 */

import { HTTP_METHODS } from '../core/contract/ontology.ts'
import type { HttpMethod } from '../core/contract/ontology.ts'
import { suggest } from '../core/suggest.ts'
import type { Place } from './place.ts'

export type RouteSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  /** The rest of the path, at least one segment; always last. */
  | { readonly kind: 'tail'; readonly name: string }

export interface Route {
  /** As it was written. */
  readonly text: string
  readonly method: HttpMethod
  readonly segments: readonly RouteSegment[]
  /** What a field of the query or the body has to be. */
  readonly condition: { readonly field: string; readonly value: string } | undefined
  /** Equal for routes that match the same requests. */
  readonly shape: string
}

/** @throws UsageError with code `bad-route` */
export function compileRoute(text: string, place: Place): Route {
  const refuse = (why: string, mend = 'write it like "GET /cart/:cart_id"'): Error =>
    place.fault('bad-route', why, mend)
  const [written = '', path = '', where, ...rest] = text.trim().split(/\s+/)
  const method = HTTP_METHODS.find((known) => known === written)
  if (method === undefined) {
    throw refuse(`"${written}" is not a method`, suggest(written, HTTP_METHODS))
  }
  const condition = where === undefined ? undefined : compileCondition(where)
  const isUnclear = where !== undefined && condition === undefined
  if (!path.startsWith('/') || rest.length > 0 || isUnclear) {
    throw refuse(`"${text}" is not a method and a path that begins with "/"`)
  }
  if (/[?#]/.test(path)) {
    throw refuse(`"${text}" has a query`, 'write the path only; a query comes from the request')
  }
  const parts = pathSegments(path)
  const segments = parts.map((part, index) => {
    const segment = compileSegment(part)
    if (segment === undefined) throw refuse(`"${part}" in "${text}" is not a name`)
    if (segment.kind === 'tail' && index < parts.length - 1) {
      throw refuse(`"${part}" in "${text}" is not last`, 'a tail takes the rest of the path')
    }
    return segment
  })
  const names = segments.flatMap((segment) => (segment.kind === 'literal' ? [] : [segment.name]))
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) throw refuse(`"${text}" uses the name "${twice}" twice`)
  const shape = `${method} /${segments.map(shapeOf).join('/')} ${where ?? ''}`
  return { text, method, segments, condition, shape }
}

/** Name of the first tail among the routes, if one has a tail. */
export function tailNameOf(routes: readonly Route[]): string | undefined {
  for (const { segments } of routes) {
    const last = segments.at(-1)
    if (last?.kind === 'tail') return last.name
  }
  return undefined
}

/** The segments of a path, without the slashes around them. */
export function pathSegments(path: string): string[] {
  const trimmed = path.replace(/^\//, '').replace(/\/$/, '')
  return trimmed === '' ? [] : trimmed.split('/')
}

/** Percent-decoded where that is possible, else as it is. */
export function decodeSegment(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function compileCondition(text: string): Route['condition'] {
  const equals = text.indexOf('=')
  if (equals < 1) return undefined
  return {
    field: decodeSegment(text.slice(0, equals)),
    value: decodeSegment(text.slice(equals + 1)),
  }
}

function compileSegment(part: string): RouteSegment | undefined {
  const kind = part.startsWith(':') ? 'parameter' : part.startsWith('*') ? 'tail' : 'literal'
  if (kind === 'literal') return { kind, text: decodeSegment(part) }
  const name = part.slice(1)
  const isName = /^[A-Za-z0-9_-]{1,100}$/.test(name) && name !== '__proto__'
  return isName ? { kind, name } : undefined
}

function shapeOf(segment: RouteSegment): string {
  if (segment.kind === 'literal') return encodeURIComponent(segment.text.toWellFormed())
  return segment.kind === 'parameter' ? ':' : '*'
}
