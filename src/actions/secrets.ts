/** Secrets: values that templates may send but that are never stored or printed. */

import { UsageError } from '../core/errors.ts'
import { suggest } from '../core/suggest.ts'
import type { Ontology } from './ontology.ts'

const PREFIX = 'OUTRIDER_SECRET_'

/** The environment's `OUTRIDER_SECRET_NAME` as `NAME`; nothing else of the environment. */
export function secretsOf(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const secrets: Record<string, string> = {}
  for (const [variable, value] of Object.entries(environment)) {
    const name = variable.startsWith(PREFIX) ? variable.slice(PREFIX.length) : ''
    if (name !== '' && value !== undefined) secrets[name] = value
  }
  return secrets
}

/** Every way in which a value shows: as it is, in JSON (or JSON in JSON), in a URL, in a form. */
export function formsOf(value: string): string[] {
  const encoded = encodeURIComponent(value)
  const lowered = encoded.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())
  const inForm = new URLSearchParams([['', value]]).toString().slice(1)
  const inJson = escapedInJson(value)
  return [...new Set([value, inJson, escapedInJson(inJson), encoded, lowered, inForm])]
}

function escapedInJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/**
 * Shows something else where the value of a secret stands, also where it was encoded.
 * @param shown what stands there instead, given the secret's name
 */
export function createHider(
  secrets: Readonly<Record<string, string>>,
  shown: (name: string) => string,
): (text: string) => string {
  const names = new Map<string, string>()
  for (const [name, value] of Object.entries(secrets)) {
    if (value !== '') for (const form of formsOf(value)) names.set(form, name)
  }
  if (names.size === 0) return (text) => text
  // The longest comes first: one secret may be the beginning of another.
  const forms = [...names.keys()].toSorted((left, right) => right.length - left.length)
  const pattern = new RegExp(forms.map(escapePattern).join('|'), 'g')
  return (text) => text.replace(pattern, (form) => shown(names.get(form) ?? ''))
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

/**
 * For before a run: without its secret every step of an action would end as blocked.
 * @param skipped actions that are not going to be sent
 * @throws UsageError with code `missing-secret`
 */
export function checkSecrets(
  ontology: Ontology,
  secrets: Readonly<Record<string, string>>,
  skipped: ReadonlySet<string>,
): void {
  for (const action of ontology.actions.values()) {
    if (skipped.has(action.name)) continue
    const name = action.secrets.find((secret) => !Object.hasOwn(secrets, secret))
    if (name === undefined) continue
    const why = `it names {{secret.${name}}}, and ${PREFIX}${name} is not set`
    throw new UsageError(`Cannot send action "${action.name}" of ${ontology.file}: ${why}`, {
      code: 'missing-secret',
      where: `${PREFIX}${name}`,
      mend: mendOf(name, Object.keys(secrets)),
    })
  }
}

function mendOf(name: string, known: readonly string[]): string {
  const set = `set ${PREFIX}${name} in the environment`
  return known.length === 0 ? set : `${set}; ${suggest(name, known)}`
}
