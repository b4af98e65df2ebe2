/** Which of faker's generators stands in for values that are too rare to be shown. */

import type { FakerName } from '../../core/contract/population.ts'
import type { JsonValue } from '../../core/contract/profile.ts'

/** A kind is believed if it fits this share of the values. */
const MOST = 0.9
const LOOKED_AT = 200

const BY_VALUE: readonly (readonly [RegExp, FakerName])[] = [
  [/^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'internet.example_email'],
  [/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, 'string.uuid'],
  [/^\S+(?:\s+\S+){4,}/, 'lorem.sentence'],
  [/^\S+\s+\S/, 'lorem.words'],
]
const BY_NAME: readonly (readonly [RegExp, FakerName])[] = [
  [/e?mail/i, 'internet.example_email'],
  [/first.?name|given/i, 'person.first_name'],
  [/last.?name|surname|family/i, 'person.last_name'],
  [/city|town/i, 'location.city'],
]

/** By the look of the values, else by the name of the field, else a word. */
export function fakerFor(field: string, values: readonly JsonValue[]): FakerName {
  const texts = values.slice(0, LOOKED_AT).map(String)
  const byValue = BY_VALUE.find(
    ([pattern]) => texts.filter((text) => pattern.test(text)).length > MOST * texts.length,
  )
  const byName = BY_NAME.find(([pattern]) => pattern.test(field))
  return byValue?.[1] ?? byName?.[1] ?? 'word.noun'
}
