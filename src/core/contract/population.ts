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

/** Values of one field that a file may list; beyond that a law such as `ids` says more. */
const MOST_VALUES = 10_000

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
const spread = z.number().min(0).max(5)
const probability = z.number().min(0).max(1)

/**
 * The quantiles of measured times, as [share, seconds] from share 0 to share 1, both ascending; a
 * time between two of them is drawn evenly. For times that follow no log-normal law.
 */
const tableSchema = z.strictObject({
  table: z
    .array(z.tuple([probability, z.number().min(0).max(86_400)]))
    .min(2)
    .max(200)
    .refine(isAscending, 'must go from share 0 to share 1, both columns ascending'),
})
/** A duration is the median of a log-normal time. */
const thinkSchema = z.union([seconds, tableSchema])
export type ThinkDocument = z.output<typeof thinkSchema>

function isAscending(table: readonly (readonly [number, number])[]): boolean {
  const rises = table.every(([share, time], index) => {
    const [shareBefore, timeBefore] = table[index - 1] ?? [-1, 0]
    return share > shareBefore && time >= timeBefore
  })
  return rises && table[0]?.[0] === 0 && table.at(-1)?.[0] === 1
}

const scalar = z.union([z.string(), z.number(), z.boolean()])
const scalars = z.array(scalar).min(1).max(MOST_VALUES)
const weightList = z.array(weight).min(1).max(MOST_VALUES)
/** How likely a session takes its own last value again, where it has one. */
const reuse = probability.default(0)

const valueSchema = z.union([
  /** One of these, the first the most popular by Zipf's law with this exponent (0 = all alike). */
  z.strictObject({ pick: scalars, zipf, reuse }),
  /** One of these, each with its own weight. */
  z
    .strictObject({ values: scalars, weights: weightList, reuse })
    .refine(
      ({ values, weights: all }) => values.length === all.length,
      'must be as many as values',
    ),
  /** `S1` … `S500`: the text and a number from 1 to `count`. */
  z.strictObject({ ids: z.string().max(50), count: z.int().min(1).max(1_000_000), zipf, reuse }),
  z.strictObject({ faker: z.enum(FAKER_NAMES) }),
  /** The last value of `action.name` in this session. */
  z.strictObject({
    same_as: z.string().regex(/^[^.]+\..+$/, 'must be written action.name'),
    reuse: probability.default(1),
  }),
])
export type ValueDocument = z.output<typeof valueSchema>

/**
 * Values of one action that belong together, such as the section and the name of a page. `null`
 * leaves the field out.
 */
const recordsSchema = z
  .strictObject({
    fields: z
      .array(z.string().regex(/^(?!__proto__$)./s, 'is no name'))
      .min(1)
      .max(50),
    rows: z.array(z.array(z.json())).min(1).max(MOST_VALUES),
    weights: weightList.optional(),
    zipf,
    reuse,
  })
  .refine(({ fields, rows }) => rows.every((row) => row.length === fields.length), {
    message: 'must have one value for each field',
    path: ['rows'],
  })
  .refine(({ rows, weights: all }) => all === undefined || all.length === rows.length, {
    message: 'must be as many as rows',
    path: ['weights'],
  })
export type RecordsDocument = z.output<typeof recordsSchema>

/** Where a state leads: a weight, and where the way there has its own time, that. */
const nextSchema = z.union([
  weight,
  z.strictObject({
    weight,
    think: thinkSchema,
    spread: spread.optional(),
    longest: seconds.optional(),
  }),
])

const stateSchema = z.strictObject({
  /** Default: the state's own name. */
  action: z.string().optional(),
  /** Time before the next step. */
  think: thinkSchema,
  spread: spread.optional(),
  /** No time is longer; default: twenty medians. */
  longest: seconds.optional(),
  next: z
    .record(z.string(), nextSchema)
    .refine((targets) => Object.keys(targets).length > 0, 'must name at least one'),
})

const personaSchema = z.strictObject({
  share: weight,
  labels: z.array(z.string().min(1).max(100)).max(20).default([]),
  max_steps: z.int().min(1).max(10_000).default(40),
  start: weights,
  states: z.record(z.string(), stateSchema),
})
export type PersonaDocument = z.output<typeof personaSchema>

export const populationSchema = z.strictObject({
  version: z.literal(1),
  /** A ready ontology by name (shop), or a file as seen from this one (../actions.yaml). */
  ontology: z
    .string()
    .regex(/^(?:[a-z0-9-]+|.+\.ya?ml)$/, 'must be the name of a ready ontology, or a .yaml file'),
  spread: spread.default(0.8),
  geo: z
    .record(z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'must be like US or US-CA'), weight)
    .default({ ZZ: 1 }),
  device: z.partialRecord(z.enum(DEVICE_TYPES), weight).default({ desktop: 1 }),
  data: z.record(z.string(), z.record(z.string(), valueSchema)).default({}),
  /** By action; beside what `data` says of other fields of it. */
  records: z.record(z.string(), z.array(recordsSchema).max(50)).default({}),
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
