/**
 * The door for profiles: text or unknown values in, whole profiles or one clear error out, which
 * names the line, the field and the mend. (The door for criteria stands in criteria.ts.)
 */

import {
  profileInputSchema,
  type BehaviorEntry,
  type Profile,
  type ProfileInput,
} from '../core/contract/profile.ts'
import { UsageError, messageOf } from '../core/errors.ts'
import { jsonPointer, parseWith, type Door } from '../core/parse.ts'
import type { Ontology } from '../actions/ontology.ts'
import { parseYaml } from '../core/yaml.ts'
import { withActivityLabels } from './labels.ts'
import { resourceIntensityOf, type MeasuredCosts } from './resource.ts'
import { toSessionSeconds } from './session-time.ts'

export { criteriaOfQuery, parseCriteria, toCriteria } from './criteria.ts'

/** Characters of one file of profiles; more are imported in parts. */
const FILE_LIMIT = 512 * 1024 * 1024
/** Characters of an array in which the line of a fault is looked up. */
const LOCATED_LIMIT = 5 * 1024 * 1024

/**
 * A whole profile from what a file or a request holds. Left out are: geo_location `ZZ`, device_type
 * `other`, no labels, source `derived`, and a resource_intensity from the measured costs of its
 * actions, else from those of the ontology.
 * @param door its `locate` gets the path inside the profile
 * @throws UsageError with the door's code
 */
export function toProfile(
  value: unknown,
  door: Door,
  ontology?: Ontology,
  measured?: MeasuredCosts,
): Profile {
  const input = parseShallow(value, door)
  const behavioral_patterns = patternsOf(input, door)
  return {
    user_id: input.user_id,
    behavioral_patterns,
    resource_intensity:
      input.resource_intensity ?? resourceIntensityOf(behavioral_patterns, ontology, measured),
    geo_location: input.geo_location ?? 'ZZ',
    device_type: input.device_type ?? 'other',
    labels: [...new Set(input.labels)],
    source: input.source ?? 'derived',
  }
}

/**
 * The profiles of NDJSON (one a line, empty lines skipped) or of one JSON array. Those without an
 * activity label get one from the quantiles of these profiles.
 * @param file the name that errors show
 * @throws UsageError with code `bad-profile`, `duplicate-profile` or `no-profiles`, and the line
 */
export function parseProfiles(
  text: string,
  file: string,
  ontology?: Ontology,
  measured?: MeasuredCosts,
): Profile[] {
  if (text.length > FILE_LIMIT) {
    throw new UsageError(`Cannot read profiles: "${file}" has more than ${FILE_LIMIT} characters`, {
      code: 'bad-profile',
      where: file,
      mend: 'split the file and import its parts',
    })
  }
  const trimmed = text.replace(/^\uFEFF/, '')
  const entries = /^\s*\[/.test(trimmed)
    ? entriesOfArray(trimmed, file)
    : entriesOfLines(trimmed, file)
  const seen = new Map<string, string>()
  const profiles = entries.map(({ value, where, locate }) => {
    const door = { what: 'profile', code: 'bad-profile', locate }
    const profile = toProfile(value, door, ontology, measured)
    const earlier = seen.get(profile.user_id)
    if (earlier !== undefined) {
      throw new UsageError(
        `Cannot read profile: user_id "${profile.user_id}" in ${where} is also in ${earlier}`,
        { code: 'duplicate-profile', where, mend: 'give each profile its own user_id' },
      )
    }
    seen.set(profile.user_id, where)
    return profile
  })
  if (profiles.length === 0) {
    throw new UsageError(`Cannot read profiles: "${file}" holds none`, {
      code: 'no-profiles',
      where: file,
      mend: 'write one JSON object a line',
    })
  }
  return withActivityLabels(profiles)
}

interface Entry {
  readonly value: unknown
  readonly where: string
  readonly locate: Door['locate']
}

function entriesOfLines(text: string, file: string): Entry[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const where = `${file}:${index + 1}`
    try {
      return [{ value: JSON.parse(line), where, locate: () => where }]
    } catch (error) {
      throw new UsageError(`Cannot read profile: ${where} is not JSON (${messageOf(error)})`, {
        code: 'bad-profile',
        where,
        mend: 'write one JSON object a line',
      })
    }
  })
}

function entriesOfArray(text: string, file: string): Entry[] {
  let values: unknown
  try {
    values = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`Cannot read profiles: "${file}" is not JSON (${messageOf(error)})`, {
      code: 'bad-profile',
      where: `${file}:${lineOfFault(text, messageOf(error))}`,
      mend: 'mend the array, or write one JSON object a line',
    })
  }
  if (!Array.isArray(values)) return []
  const lines = lazy(() => parseYaml(text, file))
  return values.map((value: unknown, index) => ({
    value,
    where: `${file}${jsonPointer([index])}`,
    // JSON is YAML, and the YAML parser knows the lines; it is slow, so only a fault calls it.
    locate: (path) =>
      text.length > LOCATED_LIMIT
        ? `${file}${jsonPointer([index, ...path])}`
        : lines().locate([index, ...path]),
  }))
}

function lazy<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => (made ??= { value: make() }).value
}

/** The engine says `position 123`; people look for lines. */
function lineOfFault(text: string, message: string): number {
  const position = Number(/position (\d+)/.exec(message)?.[1] ?? text.length)
  return text.slice(0, position).split('\n').length
}

/** Data that is nested thousands of levels deep ends in the stack, not in a schema's error. */
function parseShallow(value: unknown, door: Door): ProfileInput {
  try {
    return parseWith(profileInputSchema, value, door)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const where = door.locate([])
    throw new UsageError(`Cannot read ${door.what}: ${where} is nested too deeply`, {
      code: door.code,
      where,
      mend: 'flatten its data',
      cause: error,
    })
  }
}

function patternsOf(input: ProfileInput, door: Door): BehaviorEntry[] {
  const times = toSessionSeconds(
    input.behavioral_patterns.map((entry) => entry.timestamp),
    door,
  )
  return input.behavioral_patterns.map((entry, index) => ({
    timestamp: times[index] ?? 0,
    action: entry.action,
    data: entry.data ?? {},
  }))
}
