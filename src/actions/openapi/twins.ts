/**
 * What a body says of who sends it.
 *
 * Twins may share a database, where a second user of the same name is refused. So in what creates
 * something, an address or a login, which most services want to be unique, names the twin. The
 * password of a login is a secret, never the document's example.
 */

import type { OntologyInput } from '../../core/contract/ontology.ts'
import type { JsonValue } from '../../core/contract/profile.ts'

type Action = OntologyInput['actions'][string]
type Fields = Pick<Action['request'], 'json' | 'form' | 'multipart' | 'raw'>

const TWIN = '{{arm}}-{{session.id}}'
const MAIL = /(?:^|_)e_?mail(?:_address)?$/i
const LOGIN = /^(?:user_?name|login|nick_?name|handle|slug)$/i
const PASSWORD = /^(?:pass_?(?:word|phrase)|pwd|client_?secret)$/i
const MAX_DEPTH = 3

/** The body as an action of this kind sends it, and the secrets it then needs. */
export function twinned(
  fields: Fields,
  kind: Action['kind'],
): { fields: Fields; secrets: Map<string, string> } {
  const secrets = new Map<string, string>()
  const change = (name: string): string | undefined => {
    const words = name.replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    if (kind === 'create') return MAIL.test(words) ? `${TWIN}@example.test` : loginOf(words)
    if (kind !== 'authenticate' || !PASSWORD.test(words)) return undefined
    const secret = words.toUpperCase()
    secrets.set(secret, `the ${words.toLowerCase().replaceAll('_', ' ')} of a login`)
    return `{{secret.${secret}}}`
  }
  const { json, form } = fields
  if (json !== undefined) return { fields: { ...fields, json: changed(json, change, 0) }, secrets }
  if (form === undefined) return { fields, secrets }
  const entries = Object.entries(form).map(([name, value]) => [
    name,
    typeof value === 'string' ? (change(name) ?? value) : value,
  ])
  return { fields: { ...fields, form: Object.fromEntries(entries) }, secrets }
}

function loginOf(name: string): string | undefined {
  return LOGIN.test(name) ? TWIN : undefined
}

function changed(
  value: JsonValue,
  change: (name: string) => string | undefined,
  depth: number,
): JsonValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (depth > MAX_DEPTH) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      typeof inner === 'string' ? (change(name) ?? inner) : changed(inner, change, depth + 1),
    ]),
  )
}
