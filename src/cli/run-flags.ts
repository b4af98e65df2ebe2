/** Flags that probe and generate share: which ontology, which profiles, how much. */

import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ARRIVALS, HEALTHY_METRICS, MOST_WORKERS, type Arrivals } from '../core/contract/config.ts'
import { UsageError } from '../core/errors.ts'
import { fileReason } from '../core/file-reason.ts'
import { suggest } from '../core/suggest.ts'
import { ACTION_METRICS, METRICS, PHASES, type Phase } from '../core/verdict.ts'
import type { ProbeOverrides, ProbeRequest, ProfileChoice, SelfTestSizes } from '../outrider.ts'
import type { Flags, NumberRange } from './flags.ts'
import type { VerbInput } from './verb.ts'

export interface Inputs {
  readonly ontology?: NonNullable<ProbeRequest['ontology']>
  readonly profiles?: ProfileChoice
}

/**
 * Ontology and profiles as the flags name them; what is left out is the configuration's to say.
 * @throws UsageError for flags that contradict each other and for files that are wrong
 */
export async function readInputs(input: VerbInput): Promise<Inputs> {
  const { flags } = input
  oneAtMost(flags, ['--actions', '--paths'])
  oneAtMost(flags, ['--profiles', '--criteria', '--population', '--profile-id'])
  const engine = await import('../outrider.ts')
  const actions = flags.text('--actions')
  const paths = flags.text('--paths')
  const profiles = await readProfiles(input)
  if (paths !== undefined) {
    const made = engine.ontologyOfPaths(splitPaths(paths))
    const own: ProfileChoice = { kind: 'given', profiles: [made.profile] }
    return { ontology: made.ontology, profiles: profiles ?? own }
  }
  const ontology = actions === undefined ? undefined : await engine.loadOntology(actions)
  return {
    ...(ontology === undefined ? {} : { ontology }),
    ...(profiles === undefined ? {} : { profiles }),
  }
}

async function readProfiles({ flags, cwd }: VerbInput): Promise<ProfileChoice | undefined> {
  const { parseCriteria, parseProfiles } = await import('../outrider.ts')
  const file = flags.text('--profiles')
  if (file !== undefined) {
    const text = await readText(resolve(cwd, file), file, 'profiles')
    return { kind: 'given', profiles: parseProfiles(text, file) }
  }
  const criteria = flags.text('--criteria')
  if (criteria !== undefined) {
    return { kind: 'criteria', criteria: parseCriteria(criteria, '--criteria') }
  }
  const name = flags.text('--population')
  if (name !== undefined) return { kind: 'population', name }
  const id = flags.text('--profile-id')
  return id === undefined ? undefined : { kind: 'profile', id }
}

const MOST_BYTES = 200_000_000

/** @throws UsageError with code `no-file` */
export async function readText(path: string, shown: string, what: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES} bytes`)
    return await readFile(path, 'utf8')
  } catch (thrown) {
    throw new UsageError(`Cannot read ${what}: "${shown}": ${fileReason(thrown)}`, {
      code: 'no-file',
      mend: 'name a file that can be read',
      cause: thrown,
    })
  }
}

/** A comma parts two paths only where the next one begins: `/a?ids=1,2,/b` are two. */
function splitPaths(text: string): string[] {
  return text.split(/,(?=\/)/).map((path) => path.trim())
}

export function oneAtMost(flags: Flags, names: readonly `--${string}`[]): void {
  const given = names.filter((name) => flags.has(name))
  if (given.length < 2) return
  throw new UsageError(`${given.join(' and ')} exclude each other`, {
    code: 'conflicting-flags',
    mend: `give one of ${names.join(', ')}`,
  })
}

export interface LoadFlags {
  readonly rate?: number
  readonly maxRps?: number
  readonly concurrency?: number
  readonly arrivals?: Arrivals
  readonly timeScale?: 'auto' | number
  readonly rampSeconds?: number
  readonly workers?: 'auto' | number
  readonly seed?: number
  readonly allowMutations?: boolean
  readonly timeoutMs?: number
}

/** How much is sent, where a flag says so. */
export function readLoad(flags: Flags): LoadFlags {
  const timeout = flags.seconds('--timeout')
  return defined({
    rate: positive(flags, '--rate'),
    maxRps: positive(flags, '--max-rps'),
    concurrency: flags.number('--concurrency', { min: 1, max: 100_000, integer: true }),
    arrivals: flags.oneOf('--arrivals', ARRIVALS),
    timeScale: autoNumber(flags, '--time-scale', { min: 0.001, max: 1000 }),
    rampSeconds: flags.seconds('--ramp'),
    workers: autoNumber(flags, '--workers', { min: 1, max: MOST_WORKERS, integer: true }),
    seed: flags.number('--seed', { min: 0, integer: true }),
    allowMutations: flags.has('--allow-mutations') ? true : undefined,
    timeoutMs: timeout === undefined ? undefined : timeout * 1000,
  })
}

function autoNumber(
  flags: Flags,
  flag: `--${string}`,
  range: NumberRange,
): 'auto' | number | undefined {
  return flags.text(flag) === 'auto' ? 'auto' : flags.number(flag, range)
}

function positive(flags: Flags, flag: `--${string}`): number | undefined {
  return flags.number(flag, { min: 0.001, max: 1_000_000 })
}

/** How a probe is to go, where a flag says so. */
export function readOverrides(flags: Flags): ProbeOverrides {
  return {
    ...readLoad(flags),
    ...defined({
      duration: flags.autoSeconds('--duration'),
      minDurationSeconds: flags.seconds('--min-duration'),
      maxDurationSeconds: flags.seconds('--max-duration'),
      warmup: flags.autoSeconds('--warmup'),
      phases: readPhases(flags),
      alpha: flags.number('--alpha', { min: 1e-9, max: 0.5 }),
      margins: flags.shares('--margin', METRICS, []),
      healthyMargins: flags.shares('--healthy-margin', HEALTHY_METRICS, []),
      require: flags.list('--require'),
      focus: readFocus(flags),
    }),
  }
}

function readFocus(flags: Flags): boolean | undefined {
  const focus = flags.oneOf('--focus', ['on', 'off'] as const)
  return focus === undefined ? undefined : focus === 'on'
}

/** What `--self-test` plants; every size must be more than nothing. */
export function readSelfTest(flags: Flags): SelfTestSizes | undefined {
  const sizes = flags.shares('--self-test', ACTION_METRICS, [])
  const empty = Object.entries(sizes ?? {}).find(([, size]) => size === 0)
  if (empty === undefined) return sizes
  throw new UsageError(`Cannot read --self-test: ${empty[0]} is 0, which changes nothing`, {
    code: 'bad-flag',
    where: '--self-test',
    mend: `write a regression that you want to be found: ${empty[0]}=20%`,
  })
}

function readPhases(flags: Flags): Phase[] | undefined {
  const phases = flags.list('--phases')?.map((name) => {
    const phase = PHASES.find((candidate) => candidate === name)
    if (phase !== undefined) return phase
    throw new UsageError(`Cannot read --phases: "${name}" is no phase`, {
      code: 'bad-flag',
      where: '--phases',
      mend: suggest(name, PHASES),
    })
  })
  return phases === undefined ? undefined : [...new Set(phases)]
}

type Defined<Values> = { [Key in keyof Values]?: Exclude<Values[Key], undefined> }

/** The same object without the keys whose value is undefined. */
export function defined<Values extends object>(values: Values): Defined<Values> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Defined<Values>
}
