/**
 * The data of each action: ids and words with a popularity by Zipf's law, faker's values, and
 * values that a session keeps (what was looked at is what goes into the cart).
 */

import { faker } from '@faker-js/faker/locale/en'
import type {
  FakerName,
  PopulationDocument,
  ValueDocument,
} from '../../core/contract/population.ts'
import type { JsonValue } from '../../core/contract/profile.ts'
import type { Random } from '../../core/random.ts'

const FAKER: Readonly<Record<FakerName, () => string>> = {
  'commerce.product': () => faker.commerce.product(),
  'commerce.product_name': () => faker.commerce.productName(),
  'commerce.department': () => faker.commerce.department(),
  'person.first_name': () => faker.person.firstName(),
  'person.last_name': () => faker.person.lastName(),
  'internet.example_email': () => faker.internet.exampleEmail(),
  'location.city': () => faker.location.city(),
  'lorem.words': () => faker.lorem.words(),
  'lorem.sentence': () => faker.lorem.sentence(),
  'string.uuid': () => faker.string.uuid(),
  'word.adjective': () => faker.word.adjective(),
  'word.noun': () => faker.word.noun(),
}

/** Makes the data of one step; `kept` holds the session's last values by `action.name`. */
export type DataMaker = (
  action: string,
  random: Random,
  kept: Map<string, JsonValue>,
) => Record<string, JsonValue>

type ValueMaker = (random: Random, kept: ReadonlyMap<string, JsonValue>) => JsonValue

/** Tables of popularity are made once here, not for each value. */
export function createDataMaker(document: PopulationDocument['data']): DataMaker {
  const plain = new Map<string, ValueMaker>()
  for (const [action, values] of Object.entries(document)) {
    for (const [name, value] of Object.entries(values)) {
      if (!('same_as' in value)) plain.set(`${action}.${name}`, makerOf(value))
    }
  }
  const makers = Object.entries(document).map(([action, values]) => {
    const named = Object.entries(values).map(([name, value]): [string, ValueMaker] => {
      const source = 'same_as' in value ? value.same_as : `${action}.${name}`
      const make = plain.get(source) ?? (() => '')
      const keeps = 'same_as' in value
      return [name, (random, kept) => (keeps ? kept.get(source) : undefined) ?? make(random, kept)]
    })
    return [action, named] as const
  })
  const byAction = new Map(makers)
  return (action, random, kept) => {
    const data: Record<string, JsonValue> = {}
    for (const [name, make] of byAction.get(action) ?? []) {
      const value = make(random, kept)
      data[name] = value
      kept.set(`${action}.${name}`, value)
    }
    return data
  }
}

/** Faker's own randomness starts anew here: what follows depends on this seed alone. */
export function seedFaker(random: Random): void {
  faker.seed(random.int(2 ** 32))
}

function makerOf(value: Exclude<ValueDocument, { same_as: string }>): ValueMaker {
  if ('faker' in value) return FAKER[value.faker]
  if ('pick' in value) {
    const draw = createZipf(value.pick.length, value.zipf)
    return (random) => value.pick[draw(random)] ?? ''
  }
  const draw = createZipf(value.count, value.zipf)
  return (random) => `${value.ids}${draw(random) + 1}`
}

/**
 * Draws a rank in [0, count), the rank r with a probability in proportion to (r + 1)^-exponent.
 * Popularity of pages and products follows such a law (Zipf 1949; Breslau, Cao, Fan, Phillips,
 * Shenker 1999 for the web, exponents 0.64 to 0.83).
 */
export function createZipf(count: number, exponent: number): (random: Random) => number {
  const sums = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank += 1) {
    sum += (rank + 1) ** -exponent
    sums[rank] = sum
  }
  return (random) => {
    const target = random.next() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] ?? sum) > target) high = middle
      else low = middle + 1
    }
    return low
  }
}
