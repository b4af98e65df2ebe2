/** Flags of `profiles import`: which belong to which format, and which exclude each other. */

import { UsageError } from '../../core/errors.ts'
import { suggest } from '../../core/suggest.ts'
import type { Flags } from '../flags.ts'

const FORMATS = ['profiles', 'combined', 'common', 'json', 'har', 'otlp'] as const
type Format = (typeof FORMATS)[number]
export type RecordedFormat = Exclude<Format, 'profiles'>

export interface ImportFlags {
  readonly k: number
  readonly isRecorded: boolean
  readonly count: number | undefined
  readonly actionsOut: string | undefined
  readonly populationOut: string | undefined
  readonly origin: string | undefined
  readonly service: string | undefined
  readonly fields: string | undefined
  readonly keepQuery: readonly string[]
  readonly keepBody: readonly string[]
  readonly keepBots: boolean
  readonly keepAssets: boolean
}

const DEFAULT_K = 5
const MOST_USERS = 1_000_000

/** Flags that only some formats have. */
const OWN_FLAGS = [
  { flag: '--fields', formats: ['json'] },
  { flag: '--origin', formats: ['har'] },
  { flag: '--service', formats: ['otlp'] },
  { flag: '--keep-body', formats: ['har'] },
] as const
const RECORDED_FLAGS = [
  '--k',
  '--actions-out',
  '--count',
  '--population-out',
  '--recorded',
  '--keep-query',
  '--keep-bots',
  '--keep-assets',
] as const

/** @throws UsageError with code `missing-flag` or `bad-flag` */
export function readFormat(flags: Flags): Format {
  const text = flags.text('--format')
  const format = FORMATS.find((candidate) => candidate === text)
  if (format !== undefined) return format
  throw new UsageError(
    text === undefined
      ? 'Cannot import: --format is missing'
      : `Cannot import: "${text}" is no format`,
    {
      code: text === undefined ? 'missing-flag' : 'bad-flag',
      where: '--format',
      mend: text === undefined ? `one of ${FORMATS.join(', ')}` : suggest(text, [...FORMATS]),
    },
  )
}

/** @throws UsageError for flags that do not fit the format or each other */
export function readImportFlags(flags: Flags, format: Format): ImportFlags {
  for (const { flag, formats } of OWN_FLAGS) {
    if (!flags.has(flag) || formats.some((own) => own === format)) continue
    throw conflict(`${flag} is for --format ${formats.join(', ')}`, flag)
  }
  if (format === 'profiles') {
    const foreign = RECORDED_FLAGS.find((flag) => flags.has(flag))
    if (foreign !== undefined) throw conflict(`profiles are imported as they are`, foreign)
  }
  const k = flags.number('--k', { min: 1, max: 1000, integer: true }) ?? DEFAULT_K
  // What one person did makes no population.
  const isRecorded = flags.has('--recorded') || k === 1
  for (const flag of ['--count', '--population-out'] as const) {
    if (!isRecorded || !flags.has(flag)) continue
    const why = flags.has('--recorded') ? '--recorded' : '--k 1'
    throw conflict(`${why} keeps the sessions, ${flag} is for synthesised users`, flag)
  }
  if (flags.has('--actions') && flags.has('--actions-out')) {
    throw conflict('--actions names an ontology, --actions-out proposes one', '--actions-out')
  }
  return {
    k,
    isRecorded,
    count: flags.number('--count', { min: 1, max: MOST_USERS, integer: true }),
    actionsOut: flags.text('--actions-out'),
    populationOut: flags.text('--population-out'),
    origin: originOf(flags),
    service: flags.text('--service'),
    fields: flags.text('--fields'),
    keepQuery: flags.list('--keep-query') ?? [],
    keepBody: flags.list('--keep-body') ?? [],
    keepBots: flags.has('--keep-bots'),
    keepAssets: flags.has('--keep-assets'),
  }
}

function originOf(flags: Flags): string | undefined {
  const url = flags.url('--origin')
  return url === undefined ? undefined : new URL(url).origin
}

function conflict(why: string, where: string): UsageError {
  return new UsageError(`Cannot import: ${why}`, {
    code: 'conflicting-flags',
    where,
    mend: 'leave one of them out',
  })
}
