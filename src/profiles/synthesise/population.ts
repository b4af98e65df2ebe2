/** Synthetic populations: from a file of personas to any number of users, the same for a seed. */

import { readFile, readdir } from 'node:fs/promises'
import { UsageError } from '../../core/errors.ts'
import type { PopulationDocument } from '../../core/contract/population.ts'
import { DEVICE_TYPES, type DeviceType, type Profile } from '../../core/contract/profile.ts'
import { invariant } from '../../core/invariant.ts'
import { createRandom, type Random } from '../../core/random.ts'
import { suggest } from '../../core/suggest.ts'
import { parseYaml } from '../../core/yaml.ts'
import { loadOntology } from '../../actions/load.ts'
import type { Ontology } from '../../actions/ontology.ts'
import { assetPath } from '../../../profiles-db/assets.ts'
import { withActivityLabels } from '../labels.ts'
import { resourceIntensityOf, type MeasuredCosts } from '../resource.ts'
import { createChoice, createWalk, type Walk } from './chain.ts'
import { createDataMaker, seedFaker } from './data.ts'
import { checkPopulation, readPopulation } from './document.ts'

export interface Population {
  readonly name: string
  readonly ontology: Ontology
  readonly document: PopulationDocument
}

/** Users that are made at once; more do not fit into memory comfortably. */
const COUNT_LIMIT = 1_000_000

/** Names of the populations that come with the package. */
export async function populationNames(): Promise<string[]> {
  const files = await readdir(assetPath('populations'))
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .toSorted()
}

/** @throws UsageError with code `unknown-population` */
export async function loadPopulation(name: string): Promise<Population> {
  const names = await populationNames()
  if (!names.includes(name)) {
    throw new UsageError(`Cannot load population: there is none named "${name}"`, {
      code: 'unknown-population',
      where: '--population',
      mend: suggest(name, names),
    })
  }
  const file = `profiles-db/populations/${name}.yaml`
  const text = await readFile(assetPath('populations', `${name}.yaml`), 'utf8')
  const { ontology } = readPopulation(parseYaml(text, file))
  return parsePopulation(
    text,
    file,
    name,
    await loadOntology(assetPath('actions', `${ontology}.yaml`)),
  )
}

/**
 * @param file the name that errors show
 * @throws UsageError with code `bad-yaml` or `bad-population`
 */
export function parsePopulation(
  text: string,
  file: string,
  name: string,
  ontology: Ontology,
): Population {
  const source = parseYaml(text, file)
  const document = readPopulation(source)
  checkPopulation(document, ontology, source)
  return { name, ontology, document }
}

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
  if (!Number.isInteger(count) || count < 1 || count > COUNT_LIMIT) {
    throw new UsageError(
      `Cannot synthesise users: count ${count} is not within 1 to ${COUNT_LIMIT}`,
      {
        code: 'bad-count',
        where: '--count',
        mend: `give a whole number from 1 to ${COUNT_LIMIT}`,
      },
    )
  }
  const { document, name, ontology } = population
  const makeData = createDataMaker(document.data)
  const personas = new Map(
    Object.entries(document.personas).map(([persona, described]) => [
      persona,
      { labels: described.labels, walk: createWalk(described, document.spread, makeData) },
    ]),
  )
  const choosers = {
    persona: createChoice(
      Object.fromEntries(Object.entries(document.personas).map(([key, { share }]) => [key, share])),
    ),
    geo: createChoice(document.geo),
    device: createChoice(document.device),
  }
  const random = createRandom(seed, `population:${name}`)
  const profiles = Array.from({ length: count }, (_, index) => {
    const id = `${name}-${seed}-${index + 1}`
    const user = userOf(id, random.fork(String(index + 1)), choosers, personas)
    const patterns = user.behavioral_patterns
    return { ...user, resource_intensity: resourceIntensityOf(patterns, ontology, measured) }
  })
  return withActivityLabels(profiles)
}

interface Choosers {
  readonly persona: (random: Random) => string
  readonly geo: (random: Random) => string
  readonly device: (random: Random) => string
}

function userOf(
  userId: string,
  random: Random,
  choosers: Choosers,
  personas: ReadonlyMap<string, { labels: readonly string[]; walk: Walk }>,
): Omit<Profile, 'resource_intensity'> {
  seedFaker(random)
  const persona = personas.get(choosers.persona(random))
  invariant(persona !== undefined, 'a persona that is chosen is one of those described')
  const geo_location = choosers.geo(random)
  const device_type = deviceOf(choosers.device(random))
  const behavioral_patterns = persona.walk(random)
  return {
    user_id: userId,
    behavioral_patterns,
    geo_location,
    device_type,
    labels: [...persona.labels],
    source: 'synthetic',
  }
}

function deviceOf(name: string): DeviceType {
  return DEVICE_TYPES.find((device) => device === name) ?? 'other'
}
