/** Users of a population: as many as wanted, one after the other, the same for a seed. */

import { UsageError } from '../../core/errors.ts'
import { DEVICE_TYPES, type DeviceType, type Profile } from '../../core/contract/profile.ts'
import { invariant } from '../../core/invariant.ts'
import { createRandom, type Random } from '../../core/random.ts'
import { createActivityLabeller } from '../labels.ts'
import { resourceIntensityOf, type MeasuredCosts } from '../resource.ts'
import { createWalk, type Walk } from './chain.ts'
import { createDataMaker } from './data.ts'
import type { Population } from './document.ts'
import { createChoice } from './weighted.ts'

/** Users that are held at once; more do not fit into memory comfortably. */
const COUNT_LIMIT = 1_000_000
/** Users that are made one after the other: at 30 000 a second an hour's work. */
const STREAM_LIMIT = 100_000_000
/** The thirds of activity are those of the first users: of so many they are known to 0.3 %. */
const LABEL_SAMPLE = 50_000

/**
 * `count` users; the same for the same population and seed, and users of two seeds never share an
 * id. The first n of a larger count are the same users, but for their activity labels, which speak
 * of the whole population.
 * @param measured what the actions cost in earlier runs; left out = what the ontology says
 * @throws UsageError with code `bad-count`
 */
export function synthesise(
  population: Population,
  count: number,
  seed: number,
  measured?: MeasuredCosts,
): Profile[] {
  checkUserCount(count)
  return [...synthesiseUsers(population, count, seed, measured)]
}

/**
 * The same users one by one, for counts that memory does not hold; the first 50 000 are made at
 * once, because labels speak of what others do.
 * @throws UsageError with code `bad-count`, at the first user
 */
export function* synthesiseUsers(
  population: Population,
  count: number,
  seed: number,
  measured?: MeasuredCosts,
): Generator<Profile> {
  checkCount(count, STREAM_LIMIT)
  const make = createUserMaker(population, seed, measured)
  const known = Math.min(count, LABEL_SAMPLE)
  const first = Array.from({ length: known }, (_, index) => make(index + 1))
  const label = createActivityLabeller(first)
  for (const user of first) yield label(user)
  for (let number = known + 1; number <= count; number += 1) yield label(make(number))
}

/** @throws UsageError with code `bad-count` for more users than are held at once */
export function checkUserCount(count: number): void {
  checkCount(count, COUNT_LIMIT)
}

function checkCount(count: number, most: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= most) return
  throw new UsageError(`Cannot synthesise users: count ${count} is not within 1 to ${most}`, {
    code: 'bad-count',
    where: '--count',
    mend: `give a whole number from 1 to ${most}`,
  })
}

/** Makes the user of a number, whatever was made before. */
function createUserMaker(
  { document, name, ontology }: Population,
  seed: number,
  measured: MeasuredCosts | undefined,
): (number: number) => Profile {
  const makeData = createDataMaker(document.data, document.records)
  const personas = new Map(
    Object.entries(document.personas).map(([persona, described]) => [
      persona,
      { labels: described.labels, walk: createWalk(described, document.spread, makeData) },
    ]),
  )
  const shares = Object.entries(document.personas).map(([key, { share }]) => [key, share] as const)
  const choosers = {
    persona: createChoice(Object.fromEntries(shares)),
    geo: createChoice(document.geo),
    device: createChoice(document.device),
  }
  const random = createRandom(seed, `population:${name}`)
  return (number) => {
    const user = userOf(random.fork(String(number)), choosers, personas)
    return {
      user_id: `${name}-${seed}-${number}`,
      ...user,
      resource_intensity: resourceIntensityOf(user.behavioral_patterns, ontology, measured),
      source: 'synthetic',
    }
  }
}

interface Choosers {
  readonly persona: (random: Random) => string
  readonly geo: (random: Random) => string
  readonly device: (random: Random) => string
}

function userOf(
  random: Random,
  choosers: Choosers,
  personas: ReadonlyMap<string, { labels: readonly string[]; walk: Walk }>,
): Omit<Profile, 'user_id' | 'resource_intensity' | 'source'> {
  const fakerSeed = random.int(2 ** 32)
  const persona = personas.get(choosers.persona(random))
  invariant(persona !== undefined, 'a persona that is chosen is one of those described')
  const geo_location = choosers.geo(random)
  const device_type = deviceOf(choosers.device(random))
  const behavioral_patterns = persona.walk(random, fakerSeed)
  return { behavioral_patterns, geo_location, device_type, labels: [...persona.labels] }
}

function deviceOf(name: string): DeviceType {
  return DEVICE_TYPES.find((device) => device === name) ?? 'other'
}
