/** The population file: personas as chains of actions, and who and where their users are. */

import * as z from 'zod'
import { parseDurationSeconds } from '../units.ts'
import { DEVICE_TYPES } from './profile.ts'

/** Generators of faker that a population may name. */
export const FAKER_NAMES = [
  'commerce.product',
  'commerce.product_name',
  'commerce.department',
  'person.first_name',
  'person.last_name',
  'internet.example_email',
  'location.city',
  'lorem.words',
  'lorem.sentence',
  'string.uuid',
  'word.adjective',
  'word.noun',
] as const
export type FakerName = (typeof FAKER_NAMES)[number]

/** The state that ends a session. */
export const EXIT = 'exit'

const weight = z.number().gt(0).max(1e6)
const weights = z
  .record(z.string(), weight)
  .refine((shares) => Object.keys(shares).length > 0, 'must name at least one')
const zipf = z.number().min(0).max(5).default(0)
const seconds = z.string().transform((text, context) => {
  try {
    return parseDurationSeconds(text, '')
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a duration like 8s or 300ms' })
    return z.NEVER
  }
})
/** Standard deviation of the logarithm of the think time. */
const spread = z.number().min(0).max(3)

const valueSchema = z.union([
  /** One of these, the first the most popular by Zipf's law with this exponent (0 = all alike). */
  z.strictObject({ pick: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1), zipf }),
  /** `S1` … `S500`: the text and a number from 1 to `count`. */
  z.strictObject({ ids: z.string().max(50), count: z.int().min(1).max(1_000_000), zipf }),
  z.strictObject({ faker: z.enum(FAKER_NAMES) }),
  /** The last value of `action.name` in this session. */
  z.strictObject({ same_as: z.string().regex(/^[^.]+\..+$/, 'must be written action.name') }),
])
export type ValueDocument = z.output<typeof valueSchema>

const stateSchema = z.strictObject({
  /** Default: the state's own name. */
  action: z.string().optional(),
  /** Median time before the next step. */
  think: seconds,
  spread: spread.optional(),
  next: weights,
})

const personaSchema = z.strictObject({
  share: weight,
  labels: z.array(z.string().min(1).max(100)).max(20).default([]),
  max_steps: z.int().min(1).max(1000).default(40),
  start: weights,
  states: z.record(z.string(), stateSchema),
})
export type PersonaDocument = z.output<typeof personaSchema>

export const populationSchema = z.strictObject({
  version: z.literal(1),
  /** Name of the ontology in profiles-db/actions. */
  ontology: z.string().regex(/^[a-z0-9-]+$/),
  spread: spread.default(0.8),
  geo: z
    .record(z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'must be like US or US-CA'), weight)
    .default({ ZZ: 1 }),
  device: z.partialRecord(z.enum(DEVICE_TYPES), weight).default({ desktop: 1 }),
  data: z.record(z.string(), z.record(z.string(), valueSchema)).default({}),
  personas: z.record(z.string(), personaSchema),
})
export type PopulationDocument = z.output<typeof populationSchema>

export const examplePopulation: z.input<typeof populationSchema> = {
  version: 1,
  ontology: 'shop',
  geo: { US: 3, 'DE-BE': 1 },
  device: { mobile: 6, desktop: 4 },
  data: { search: { q: { pick: ['chair', 'table'], zipf: 0.8 } } },
  personas: {
    searcher: {
      share: 1,
      start: { search: 1 },
      states: { search: { think: '6s', next: { search: 3, exit: 1 } } },
    },
  },
}
