/** What an operation wants as a proof of who asks: a secret in a header, a query or a cookie. */

import { canBeSent } from '../request/headers.ts'
import { at, entriesAt, isThing, listAt, textAt } from './read/document.ts'
import type { OpenApiDocument } from './read/document.ts'
import type { Filled } from './parameters.ts'

export interface Proof {
  readonly headers: readonly Filled[]
  readonly query: readonly Filled[]
  /** Names of the secrets, with what each has to hold. */
  readonly secrets: ReadonlyMap<string, string>
  /** What cannot be given, in words. */
  readonly notes: readonly string[]
}

const NOTHING: Proof = { headers: [], query: [], secrets: new Map(), notes: [] }

interface Part {
  readonly place: 'header' | 'query' | 'cookie'
  readonly name: string
  readonly value: string
  readonly secret: string
  readonly holds: string
}

/** Nothing where the operation also answers without; else the first way that can be gone. */
export function proofOf(document: OpenApiDocument, operation: unknown): Proof {
  const own = at(operation, 'security')
  const wanted = Array.isArray(own) ? own : listAt(document.root, 'security')
  const ways = wanted.filter(isThing).map((way) => Object.keys(way))
  if (ways.length === 0 || ways.some((way) => way.length === 0)) return NOTHING
  const found = ways.map((way) => way.map((name) => partOf(document, name)))
  const whole = found.find((parts) => parts.every((part) => typeof part !== 'string'))
  const parts = (whole ?? found[0] ?? []).filter((part) => typeof part !== 'string')
  const notes = whole ? [] : (found[0] ?? []).filter((part) => typeof part === 'string')
  const cookies = parts.filter(({ place }) => place === 'cookie')
  const headers = parts.filter(({ place }) => place === 'header').map(fieldOf)
  if (cookies.length > 0) {
    const value = cookies.map(({ name, value: text }) => `${name}=${text}`).join('; ')
    headers.push({ name: 'cookie', value })
  }
  return {
    headers,
    query: parts.filter(({ place }) => place === 'query').map(fieldOf),
    secrets: new Map(parts.map(({ secret, holds }) => [secret, holds])),
    notes,
  }
}

/**
 * Names of the schemes that the document defines, where most operations do not say whether they
 * want one: such a service mostly does.
 */
export function unaskedOf(document: OpenApiDocument, operations: readonly unknown[]): string[] {
  if (at(document.root, 'security') !== undefined) return []
  const silent = operations.filter((operation) => at(operation, 'security') === undefined)
  if (silent.length * 2 <= operations.length) return []
  const schemes = entriesAt(at(document.root, 'components'), 'securitySchemes')
  return schemes.map(([name]) => name).slice(0, MAX_SCHEMES)
}

const MAX_SCHEMES = 20

function fieldOf({ name, value }: Part): Filled {
  return { name, value }
}

/** The part of a request that a scheme asks for, or why it cannot be made. */
function partOf(document: OpenApiDocument, name: string): Part | string {
  const schemes = entriesAt(at(document.root, 'components'), 'securitySchemes')
  const scheme = document.resolve(schemes.find(([known]) => known === name)?.[1])
  const secret = name
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .toUpperCase()
  const shown = JSON.stringify(name.slice(0, 80))
  if (secret === '') return `its security scheme ${shown} has no name for a secret`
  const reference = `{{secret.${secret}}}`
  const header = (value: string, holds: string): Part => ({
    place: 'header',
    name: 'authorization',
    value: `${value} ${reference}`,
    secret,
    holds,
  })
  switch (textAt(scheme, 'type')) {
    case 'oauth2':
    case 'openIdConnect':
      return header('Bearer', 'an access token')
    case 'http': {
      const kind = textAt(scheme, 'scheme')?.toLowerCase()
      if (kind === 'bearer') return header('Bearer', 'a bearer token')
      if (kind === 'basic') return header('Basic', 'user:password in base64')
      return `its security scheme ${shown} is HTTP ${JSON.stringify(kind ?? '')}, which is not sent`
    }
    case 'apiKey':
      return apiKey(scheme, reference, secret) ?? `its key ${shown} cannot be sent where it belongs`
    default:
      return `its security scheme ${shown} cannot be given by a request`
  }
}

function apiKey(scheme: unknown, value: string, secret: string): Part | undefined {
  const name = textAt(scheme, 'name') ?? ''
  const isWhole = name.toLowerCase() === 'authorization'
  const holds = isWhole ? 'the whole authorization header, like "Bearer …"' : 'an API key'
  const place = textAt(scheme, 'in')
  if (name === '' || name.includes('{{')) return undefined
  if (place === 'query') return { place, name, value, secret, holds }
  if (!canBeSent(name)) return undefined
  if (place === 'header') return { place, name: name.toLowerCase(), value, secret, holds }
  return place === 'cookie' ? { place, name, value, secret, holds } : undefined
}
