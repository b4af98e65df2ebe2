/** What a run is about: which target, which ontology, which profiles. Wrong choices are said here. */

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { loadOntology } from '../actions/load.ts'
import type { Ontology } from '../actions/ontology.ts'
import type { Config, Target } from '../core/contract/config.ts'
import type { Criteria } from '../core/contract/criteria.ts'
import type { Profile } from '../core/contract/profile.ts'
import { UsageError, messageOf } from '../core/errors.ts'
import { findNearest } from '../core/suggest.ts'
import type { ArmAddress } from '../generator/traffic.ts'
import type { ProfileStore } from '../profiles/store.ts'
import { loadPopulation, synthesise } from '../profiles/synthesise/population.ts'

/** Where a run may send to. Runs that come over HTTP name a configured target. */
export type TargetChoice =
  | { readonly kind: 'named'; readonly name: string }
  | {
      readonly kind: 'addresses'
      readonly baseline: string
      readonly canary: string
      readonly control?: string
    }

export type ProfileChoice =
  | { readonly kind: 'criteria'; readonly criteria: Criteria }
  | { readonly kind: 'profile'; readonly id: string }
  | { readonly kind: 'population'; readonly name: string; readonly count?: number }
  | { readonly kind: 'given'; readonly profiles: readonly Profile[] }

/** Profiles drawn from the database for one run: enough variety, bounded memory. */
const DRAWN_PROFILES = 5000
const SYNTHESISED_PROFILES = 1000

export interface Surroundings {
  readonly config: Config
  /** Folder that relative paths of the configuration are seen from. */
  readonly baseFolder: string
}

/**
 * The addresses of the arms.
 * @throws UsageError for an unknown target or an address that is none
 */
export async function chooseArms(
  choice: TargetChoice,
  { config, baseFolder }: Surroundings,
): Promise<ArmAddress[]> {
  if (choice.kind === 'addresses') {
    const { baseline, canary, control } = choice
    return [
      { arm: 'baseline', url: checkedUrl(baseline, '--baseline') },
      { arm: 'canary', url: checkedUrl(canary, '--canary') },
      ...(control === undefined
        ? []
        : [{ arm: 'control' as const, url: checkedUrl(control, '--control') }]),
    ]
  }
  const target = Object.hasOwn(config.targets, choice.name)
    ? config.targets[choice.name]
    : undefined
  if (target === undefined) throw unknownTarget(choice.name, Object.keys(config.targets))
  const rest = await reachOf(target, baseFolder)
  return [
    { arm: 'baseline', url: target.baseline, ...rest },
    { arm: 'canary', url: target.canary, ...rest },
    ...(target.control === undefined
      ? []
      : [{ arm: 'control' as const, url: target.control, ...rest }]),
  ]
}

/** What a target says beside its addresses: the Host to send and the authority to trust. */
export async function reachOf(
  target: Target,
  baseFolder: string,
): Promise<Pick<ArmAddress, 'host' | 'ca'>> {
  const ca = await readAuthority(target.tls?.ca, baseFolder)
  return {
    ...(target.host === undefined ? {} : { host: target.host }),
    ...(ca === undefined ? {} : { ca }),
  }
}

/**
 * An http(s) address without credentials.
 * @throws UsageError with code `bad-url`
 */
export function checkedUrl(text: string, where: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `Cannot use "${text}" as an address: it is not an http:// or https:// URL`,
      {
        code: 'bad-url',
        where,
        mend: 'write it like http://10.0.0.5:8080',
      },
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`Cannot use ${url.origin} as an address: it carries credentials`, {
      code: 'bad-url',
      where,
      mend: 'put them in a header of the ontology: authorization: "Bearer {{secret.NAME}}"',
    })
  }
  return text
}

/**
 * What was given, else that of the population, else the configured one.
 * @throws UsageError with code `no-ontology` if there is none
 */
export async function chooseOntology(
  given: Ontology | undefined,
  profiles: ProfileChoice | undefined,
  { config, baseFolder }: Surroundings,
): Promise<Ontology> {
  if (given !== undefined) return given
  if (profiles?.kind === 'population') return (await loadPopulation(profiles.name)).ontology
  if (config.ontology !== undefined) return loadOntology(resolve(baseFolder, config.ontology))
  throw new UsageError('Cannot start: no ontology says how actions become requests', {
    code: 'no-ontology',
    where: '--actions',
    mend: 'name one with --actions F, set "ontology" in outrider.yaml, or use --paths /,/a?q=1',
  })
}

/** @throws UsageError with code `no-profiles` if none fits */
export async function chooseProfiles(
  choice: ProfileChoice,
  store: ProfileStore,
  seed: number,
): Promise<readonly Profile[]> {
  switch (choice.kind) {
    case 'given':
      return some(choice.profiles, 'the file holds none', 'name a file with profiles')
    case 'population': {
      const population = await loadPopulation(choice.name)
      return synthesise(population, choice.count ?? SYNTHESISED_PROFILES, seed)
    }
    case 'profile': {
      const profile = store.get(choice.id)
      return some(
        profile === undefined ? [] : [profile],
        `there is no profile "${choice.id}"`,
        'list them with: outrider profiles list',
      )
    }
    case 'criteria':
      return some(
        store.draw(choice.criteria, DRAWN_PROFILES, seed),
        `the database has none for ${JSON.stringify(choice.criteria)}`,
        'make some: outrider profiles synthesize --population shop --count 1000, or import a log',
      )
  }
}

function some(profiles: readonly Profile[], why: string, mend: string): readonly Profile[] {
  if (profiles.length > 0) return profiles
  throw new UsageError(`Cannot start without profiles: ${why}`, { code: 'no-profiles', mend })
}

function unknownTarget(name: string, known: readonly string[]): UsageError {
  const nearest = findNearest(name, known)
  const there = known.length === 0 ? 'no targets there' : `targets there: ${known.join(', ')}`
  return new UsageError(`no target "${name}" in outrider.yaml`, {
    code: 'unknown-target',
    where: '--target',
    mend: nearest === undefined ? there : `${there}. Did you mean ${nearest}?`,
  })
}

async function readAuthority(
  file: string | undefined,
  baseFolder: string,
): Promise<string | undefined> {
  if (file === undefined) return undefined
  const path = resolve(baseFolder, file)
  try {
    return await readFile(path, 'utf8')
  } catch (thrown) {
    throw new UsageError(`Cannot read tls.ca: "${path}": ${messageOf(thrown)}`, {
      code: 'bad-config',
      where: 'tls.ca',
      mend: 'name a PEM file that can be read',
      cause: thrown,
    })
  }
}
