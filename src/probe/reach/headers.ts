/** Headers that every request of a target carries; secrets in them come from the environment. */

import type { Place } from '../../actions/place.ts'
import { compileHeaders, fillHeaders } from '../../actions/request/headers.ts'
import { secretsOf } from '../../actions/secrets.ts'
import type { Missing, Reference } from '../../actions/template.ts'
import type { Profile } from '../../core/contract/profile.ts'
import { UsageError } from '../../core/errors.ts'
import type { Environment, ReachSource } from './source.ts'

const MOST_HEADERS = 100

/**
 * By name in lower case, held to the rules of the ontology's headers.
 * @throws UsageError with code `bad-header`, `bad-template` or `missing-secret`
 */
export function readHeaders(
  sources: readonly ReachSource[],
  environment: Environment,
): Record<string, string> | undefined {
  const given = sources.flatMap(({ settings: { headers }, nameOf }) =>
    headers === undefined ? [] : [{ map: headers, place: placeOf(nameOf('headers')) }],
  )
  if (given.length === 0) return undefined
  const headers = compileHeaders(given)
  const [first] = given
  if (headers.fixed.length / 2 + headers.filled.length > MOST_HEADERS) {
    throw first?.place.fault('bad-header', `there are more than ${MOST_HEADERS}`, 'send fewer')
  }
  for (const { name, choices, place } of headers.references) {
    if (choices.every(({ root }) => root === 'secret')) continue
    const mend = 'write {{secret.NAME}}, or put the header into the ontology'
    throw place.fault('bad-header', `"{{${name}}}" is another one for each request`, mend)
  }
  const lines = fillHeaders(headers, { ...NO_CONTEXT, secrets: secretsOf(environment) })
  if (!Array.isArray(lines)) throw missing(headers.references, lines)
  const pairs = Array.from({ length: lines.length / 2 }, (_, index) => [
    lines[index * 2] ?? '',
    lines[index * 2 + 1] ?? '',
  ])
  if (pairs.every(([name]) => name !== 'host')) return Object.fromEntries(pairs)
  const place = given.at(-1)?.place.at('host')
  throw place?.fault('bad-header', 'the Host header has a key of its own', 'use host instead')
}

function missing(references: readonly Reference[], { missing: name, why }: Missing): UsageError {
  const secret = name.replace(/^secret\./, 'OUTRIDER_SECRET_')
  const place = references.find((reference) => reference.name === name)?.place
  const error = place?.fault('missing-secret', `{{${name}}} ${why}`, `set ${secret}`)
  return error ?? new UsageError(`Cannot fill {{${name}}}: it ${why}`, { code: 'missing-secret' })
}

/** A place of the configuration or the command line, as people know it. */
function placeOf(where: string): Place {
  return {
    at: (...keys) =>
      placeOf(where.startsWith('-') ? `${where} ${keys.join('.')}` : [where, ...keys].join('.')),
    fault: (code, why, mend, cause) =>
      new UsageError(`Cannot use ${where}: ${why}`, { code, where, mend, cause }),
  }
}

const NOBODY: Profile = {
  user_id: '',
  behavioral_patterns: [],
  resource_intensity: { cpu_ms: 0, memory_mb: 0, network_kb: 0, period_s: 0 },
  geo_location: 'ZZ',
  device_type: 'other',
  labels: [],
  source: 'synthetic',
}
const NO_CONTEXT = {
  data: {},
  profile: NOBODY,
  captured: {},
  sessionId: '',
  arm: 'baseline',
} as const
