/**
 * Templates: texts with `{{data.x}}` in them, compiled once and filled for every request.
 *
 * A template knows three shapes: plain text, one reference (which keeps the JSON type of its value)
 * and a mix of both. A reference may name alternatives, `{{captured.order_id|data.order_id}}`: the
 * first that has a value stands there. Only own properties are read, so a name like `constructor`
 * finds nothing.
 */

import type { Arm } from '../core/arm.ts'
import type { JsonValue, Profile } from '../core/contract/profile.ts'
import { suggest } from '../core/suggest.ts'
import type { Place } from './place.ts'

/** What templates see when a request is built. */
export interface TemplateContext {
  readonly data: Readonly<Record<string, JsonValue>>
  readonly profile: Profile
  readonly captured: Readonly<Record<string, JsonValue>>
  readonly sessionId: string
  readonly arm: Arm
  /** By name, without the `OUTRIDER_SECRET_` of the environment variable. */
  readonly secrets: Readonly<Record<string, string>>
}

type Root = 'data' | 'profile' | 'captured' | 'session' | 'arm' | 'secret'

/** One of the alternatives of a reference; most references have one. */
export interface Choice {
  readonly root: Root
  /** What follows the root: `['item', 'sku']`; empty for `arm`. */
  readonly keys: readonly string[]
}

export interface Reference {
  /** As it was written: `captured.cart_id`, or `captured.cart_id|data.cart_id`. */
  readonly name: string
  /** In the order in which they are read; at least one. */
  readonly choices: readonly Choice[]
  /** Where it was written. */
  readonly place: Place
  /** The value, or undefined where it is missing. */
  read(context: TemplateContext): JsonValue | undefined
}

export type Template =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reference'; readonly reference: Reference }
  | { readonly kind: 'mixed'; readonly pieces: readonly (string | Reference)[] }

/** A value that a request cannot be built without, or that cannot stand where it belongs. */
export interface Missing {
  /** The reference as it was written: `captured.cart_id`. */
  readonly missing: string
  /** Reads on after the reference: `has no value`. */
  readonly why: string
}

const ROOTS: readonly Root[] = ['data', 'profile', 'captured', 'session', 'arm', 'secret']
const MAX_CHOICES = 8
const PROFILE_FIELDS = [
  'user_id',
  'geo_location',
  'device_type',
  'labels',
  'source',
  'resource_intensity',
] as const
type ProfileField = (typeof PROFILE_FIELDS)[number]

/**
 * @throws UsageError with code `bad-template`: unknown root or field, braces without an end, or an
 *   alternative that could never be read
 */
export function compileTemplate(text: string, place: Place): Template {
  const pieces: (string | Reference)[] = []
  let from = 0
  for (;;) {
    const open = text.indexOf('{{', from)
    if (open === -1) break
    const close = text.indexOf('}}', open + 2)
    if (close === -1) throw unclosed(text, place)
    if (open > from) pieces.push(text.slice(from, open))
    pieces.push(compileReference(text.slice(open + 2, close), place))
    from = close + 2
  }
  if (from < text.length) pieces.push(text.slice(from))
  const [first] = pieces
  if (pieces.length > 1) return { kind: 'mixed', pieces }
  if (first === undefined || typeof first === 'string') return { kind: 'text', text: first ?? '' }
  return { kind: 'reference', reference: first }
}

/** The references of a template, in the order of the text. */
export function referencesOf(template: Template): readonly Reference[] {
  if (template.kind === 'text') return []
  if (template.kind === 'reference') return [template.reference]
  return template.pieces.filter((piece) => typeof piece !== 'string')
}

/** The name in `data` that a reference takes its value from: `sku`, not `item.sku`. */
export function dataNameOf({ choices }: Reference): string | undefined {
  return choices.find(({ root, keys }) => root === 'data' && keys.length === 1)?.keys[0]
}

/** How a value stands in a text; null counts as missing, lists and objects become JSON. */
export function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return undefined
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The filled text, or the first reference that has no value. */
export function fillText(template: Template, context: TemplateContext): string | Missing {
  if (template.kind === 'text') return template.text
  if (template.kind === 'reference') {
    const text = textOf(template.reference.read(context))
    return text === undefined ? missing(template.reference) : text
  }
  let filled = ''
  for (const piece of template.pieces) {
    if (typeof piece === 'string') {
      filled += piece
      continue
    }
    const text = textOf(piece.read(context))
    if (text === undefined) return missing(piece)
    filled += text
  }
  return filled
}

export function missing(reference: Reference, why = 'has no value'): Missing {
  return { missing: reference.name, why }
}

function compileReference(inner: string, place: Place): Reference {
  const written = inner.split('|')
  if (written.length > MAX_CHOICES) {
    const why = `"{{${inner.slice(0, 60)}…}}" has more than ${MAX_CHOICES} alternatives`
    throw place.fault('bad-template', why, 'name fewer')
  }
  const choices = written.map((text) => compileChoice(text.trim(), inner, place))
  const sure = choices.findIndex(({ root }) => root === 'arm' || root === 'session')
  if (sure !== -1 && sure < choices.length - 1) {
    const why = `"{{${inner}}}" never reads what follows "${written[sure]?.trim()}"`
    throw place.fault('bad-template', why, 'write what always has a value last')
  }
  const name = written.map((text) => text.trim()).join('|')
  return { name, choices, place, read: firstOf(choices.map(readerOf)) }
}

function compileChoice(name: string, inner: string, place: Place): Choice {
  const parts = name.split('.')
  if (!parts.every((part) => /^[^\s{}|()[\]"'/?#]+$/.test(part))) {
    throw place.fault(
      'bad-template',
      `"{{${inner}}}" is not a template`,
      'write a root and a name, like {{data.sku}}',
    )
  }
  const written = parts[0] ?? ''
  const root = ROOTS.find((known) => known === written)
  if (root === undefined) {
    const why = `"{{${inner.trim()}}}" begins with "${written}", which templates do not know`
    throw place.fault('bad-template', why, suggest(written, ROOTS))
  }
  const keys = parts.slice(1)
  checkKeys(root, keys, name, place)
  return { root, keys }
}

/** Null gives way to an alternative; where none has a value it is what was found. */
function firstOf(readers: readonly Reference['read'][]): Reference['read'] {
  const [only] = readers
  if (only !== undefined && readers.length === 1) return only
  return (context) => {
    let found: JsonValue | undefined
    for (const read of readers) {
      const value = read(context)
      if (value !== undefined && value !== null) return value
      if (value === null) found = null
    }
    return found
  }
}

function checkKeys(root: Root, keys: readonly string[], name: string, place: Place): void {
  const refuse = (why: string, mend: string): never => {
    throw place.fault('bad-template', `"{{${name}}}" ${why}`, mend)
  }
  const first = keys[0]
  switch (root) {
    case 'arm':
      if (first !== undefined) refuse('has a name after the arm', 'write {{arm}}')
      return
    case 'session':
      if (keys.length !== 1 || first !== 'id') {
        refuse('is not known', 'did you mean "{{session.id}}"?')
      }
      return
    case 'profile':
      if (first === undefined) refuse('has no field', 'write one, like {{profile.user_id}}')
      else if (!PROFILE_FIELDS.some((field) => field === first)) {
        refuse(`names "${first}", which templates do not see`, suggest(first, PROFILE_FIELDS))
      }
      return
    case 'secret':
      if (keys.length !== 1) refuse('is not one name', 'write it like {{secret.SHOP}}')
      return
    case 'data':
    case 'captured':
      if (first === undefined) refuse('has no name', `write one, like {{${root}.id}}`)
  }
}

function readerOf({ root, keys }: Choice): Reference['read'] {
  const [first = '', ...rest] = keys
  if (root === 'arm') return (context) => context.arm
  if (root === 'session') return (context) => context.sessionId
  if (root === 'secret') return (context) => own(context.secrets, first)
  if (root === 'profile') {
    const field = PROFILE_FIELDS.find((known) => known === first)
    if (field === undefined) return () => undefined
    return (context) => descend(profileValue(context.profile, field), rest)
  }
  if (rest.length === 0) return (context) => own(context[root], first)
  return (context) => descend(own(context[root], first), rest)
}

function profileValue(profile: Profile, field: ProfileField): JsonValue {
  if (field === 'labels') return [...profile.labels]
  if (field === 'resource_intensity') return { ...profile.resource_intensity }
  return profile[field]
}

function own<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function descend(value: JsonValue | undefined, keys: readonly string[]): JsonValue | undefined {
  let current = value
  for (const key of keys) {
    if (Array.isArray(current)) current = /^\d{1,9}$/.test(key) ? current[Number(key)] : undefined
    else if (typeof current === 'object' && current !== null) current = own(current, key)
    else return undefined
  }
  return current
}

function unclosed(text: string, place: Place): Error {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return place.fault('bad-template', `"${shown}" opens "{{" and never closes it`, 'add "}}"')
}
