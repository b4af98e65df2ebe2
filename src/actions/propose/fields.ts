/**
 * Values that requests had at one place, and what stands there in the ontology.
 *
 * A value that never changes stays as it is, one that changes becomes data. What may not be kept is
 * neither: a value of the same form stands in for it, which no recorded person ever sent. Passwords,
 * tokens and the like become secrets, whoever sent them.
 */

import type { JsonValue } from '../../core/contract/profile.ts'
import { identifierOf } from './path/words.ts'

/** True = asked for by name; false = never; undefined = as far as it is no secret. */
export type Keep = (part: 'query' | 'body' | 'header', name: string) => boolean | undefined

export interface Showing {
  readonly keep: Keep
  /** Forms of pages that ask for a password, whatever they call it. */
  readonly logins?: readonly Login[]
  /** A form offered the value to choose: it is the application's, who chose it is another thing. */
  readonly isOffered?: (name: string, value: string) => boolean
  /** A value that so many people sent alike is nobody's, and may stand in the ontology. */
  readonly k: number
}

/** The names of two fields of a form. */
export interface Login {
  readonly password: string
  /** What is typed before the password. */
  readonly user: string | undefined
}

/** What is known of one place. */
export interface Seen {
  /** What data is called after it: `items_0_sku`. */
  readonly name: string
  /** Names by which it may be kept: `sku` and `items.sku`; left out = the name alone. */
  readonly fields?: readonly string[]
  readonly first: JsonValue
  readonly isVarying: boolean
  /** In every request of the action. */
  readonly isAlways: boolean
  /** People who sent the first value. */
  readonly people: number
  /** It is a password, or stands beside one, as the name it belongs to. */
  readonly credential?: 'user' | 'password'
}

export type Choice =
  | { readonly kind: 'literal'; readonly value: JsonValue }
  | { readonly kind: 'data' }
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'stand-in'; readonly value: string | number | boolean }

/** Whole words, so that `author` and `passenger` are none. */
const SECRET =
  /(?:^|[_.\-\s])(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api_?key|apikey|auth(?:orization)?|credentials?|otp|pin|cvv2?|cvc2?|card_?(?:number|no)|iban|ssn|session_?id|sid|jwt|signature)(?:$|[_.\-\s])/i
const MAIL = /@[^@\s]+\.[a-z]{2,}$/i
/** Nobody's data whoever sent them. */
const NEUTRAL: readonly JsonValue[] = [
  true,
  false,
  null,
  '',
  'true',
  'false',
  'on',
  'off',
  '0',
  '1',
  // What browsers cannot send forms by stands in a hidden field.
  'post',
  'put',
  'patch',
  'delete',
]

const PASSWORD = /pass(?:word|wd|phrase|code)?$|^pwd$|^pin$/i
const LOGIN_NAME =
  /^(?:user(?:[_-]?(?:name|id))?|login|e?[_-]?mail(?:[_-]?address)?|account|phone)$/i

/** Marks passwords that a page called so, and the name that a password beside it belongs to. */
export function withCredentials(all: readonly Seen[], logins: readonly Login[] = []): Seen[] {
  const nameOf = ({ name, fields }: Seen): string => fields?.[0] ?? name
  const names = new Set(all.map(nameOf))
  const asked = logins.filter(({ password }) => names.has(password))
  const isKnown = asked.some(({ user }) => user !== undefined && names.has(user))
  const hasPassword = asked.length > 0 || all.some((seen) => PASSWORD.test(nameOf(seen)))
  if (!hasPassword) return [...all]
  return all.map((seen) => {
    const name = nameOf(seen)
    if (asked.some(({ password }) => password === name)) return { ...seen, credential: 'password' }
    const isUser = isKnown ? asked.some(({ user }) => user === name) : LOGIN_NAME.test(name)
    return isUser ? { ...seen, credential: 'user' } : seen
  })
}

export function isSecretName(name: string): boolean {
  return SECRET.test(name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2'))
}

/** What stands at a place of a query or a body. */
export function choose(seen: Seen, part: 'query' | 'body', showing: Showing): Choice {
  const { keep, k } = showing
  const { name, fields = [name] } = seen
  const [field = name] = fields
  // Secrets are never kept: what stands in an ontology or a profile is shown around.
  if (isSecretName(field) || seen.credential !== undefined) {
    // A name like "p" would tell nobody what to set.
    const told = field.length > 2 ? field : (seen.credential ?? field)
    return { kind: 'secret', secret: identifierOf(told, 'secret').toUpperCase() }
  }
  const isAsked = fields.some((one) => keep(part, one) === true)
  const wanted = isAsked ? true : keep(part, field)
  const isConstant = !seen.isVarying && seen.isAlways
  const isShared = seen.people >= Math.max(2, k) || isNeutral(seen, showing)
  // Braces would be taken for a template.
  const isPlain = !JSON.stringify(seen.first).includes('{{')
  if (isConstant && isPlain && (wanted !== false || isShared)) {
    return { kind: 'literal', value: seen.first }
  }
  // A field of a query that has no value is left out of the request; in a body it would be missed.
  if (wanted !== false || part === 'query') return { kind: 'data' }
  return { kind: 'stand-in', value: standIn(seen.first) }
}

/** Nobody's; each of a list. What one person chose of what is offered is told by k alone. */
function isNeutral({ name, first }: Seen, { k, isOffered }: Showing): boolean {
  const values = Array.isArray(first) ? first : [first]
  return values.every(
    (value) =>
      NEUTRAL.includes(value) ||
      (k === 1 && typeof value === 'string' && isOffered?.(name, value) === true),
  )
}

function standIn(value: JsonValue): string | number | boolean {
  if (typeof value === 'number') return 1
  if (typeof value === 'boolean') return true
  if (Array.isArray(value) && value[0] !== undefined) return standIn(value[0])
  if (typeof value !== 'string') return '{{session.id}}'
  if (MAIL.test(value)) return '{{arm}}-{{session.id}}@example.test'
  if (/^\d+(?:[.,]\d+)?$/.test(value)) return '1'
  if (/^\d{4}-\d\d-\d\d/.test(value)) return '2030-01-01'
  return 'text-{{session.id}}'
}

interface Field {
  count: number
  readonly first: JsonValue
  readonly firstText: string
  isVarying: boolean
  readonly people: Set<string>
}

const MOST_FIELDS = 60
const MOST_PEOPLE = 100

/** The fields of queries or forms of one action, as they come. */
export class FieldTable {
  readonly #fields = new Map<string, Field>()
  #requests = 0
  #leftOut = 0

  /** @param entries names with their values, a list where a name stood there several times */
  add(person: string, entries: ReadonlyMap<string, string | string[]>): void {
    this.#requests += 1
    for (const [name, value] of entries) {
      const text = JSON.stringify(value)
      let field = this.#fields.get(name)
      if (field === undefined) {
        if (this.#fields.size >= MOST_FIELDS) {
          this.#leftOut += 1
          continue
        }
        field = { count: 0, first: value, firstText: text, isVarying: false, people: new Set() }
        this.#fields.set(name, field)
      }
      field.count += 1
      if (text !== field.firstText) field.isVarying = true
      else if (field.people.size < MOST_PEOPLE) field.people.add(person)
    }
  }

  get requests(): number {
    return this.#requests
  }

  /** Values of fields beyond the limit. */
  get leftOut(): number {
    return this.#leftOut
  }

  all(): Seen[] {
    return [...this.#fields].map(([name, { count, first, isVarying, people }]) => ({
      name,
      first,
      isVarying,
      isAlways: count === this.#requests,
      people: people.size,
    }))
  }
}

/** The fields of a query or of a form; those that only follow people around are left out. */
export function fieldsOf(text: string): Map<string, string | string[]> {
  const fields = new Map<string, string | string[]>()
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === '' || name.includes('{{') || name === '__proto__' || TRACKING.test(name)) continue
    const known = fields.get(name)
    if (known === undefined) fields.set(name, value)
    else fields.set(name, typeof known === 'string' ? [known, value] : [...known, value])
  }
  return fields
}

const TRACKING =
  /^(?:utm_\w+|gclid|fbclid|msclkid|yclid|_ga|_gl|mc_[ce]id|_|cb|nocache|cachebuster)$/i
