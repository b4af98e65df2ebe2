/** What a run is about: which target, which ontology, which profiles. Wrong choices are said here. */

import { resolve } from 'node:path'
import { loadOntology } from '../actions/load.ts'
import type { Ontology } from '../actions/ontology.ts'
import { ARMS, type Arm } from '../core/arm.ts'
import type { Config } from '../core/contract/config.ts'
import type { Criteria } from '../core/contract/criteria.ts'
import type { Profile } from '../core/contract/profile.ts'
import { addressFault, parseAddress, type Address } from '../core/contract/target.ts'
import { UsageError } from '../core/errors.ts'
import { findNearest } from '../core/suggest.ts'
import type { ArmAddress } from '../generator/traffic.ts'
import type { ProfileStore } from '../profiles/store.ts'
import { loadPopulation, synthesise } from '../profiles/synthesise/population.ts'
import { checkFits, readReach } from './reach/reach.ts'
import {
  sourceOfFlags,
  sourceOfTarget,
  type Environment,
  type ReachSettings,
  type ReachSource,
} from './reach/source.ts'

/** Where a run may send to. Runs that come over HTTP name a configured target. */
export type TargetChoice =
  | { readonly kind: 'named'; readonly name: string }
  | {
      readonly kind: 'addresses'
      readonly baseline: string
      readonly canary: string
      readonly control?: string
    }

/** What a run may say of the way to its arms; it wins over what the target says. */
export interface ReachChoice {
  readonly reach?: ReachSettings
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
  readonly environment: Environment
}

/**
 * The addresses of the arms, and the way to them.
 * @throws UsageError for an unknown target, an address that is none, or a way that cannot be
 */
export async function chooseArms(
  { target: choice, reach: flags = {} }: { readonly target: TargetChoice } & ReachChoice,
  { config, baseFolder, environment }: Surroundings,
): Promise<ArmAddress[]> {
  const { sources, addresses } = addressesOf(choice, config, baseFolder)
  const reach = await readReach([...sources, sourceOfFlags(flags)], environment)
  checkFits(Object.values(addresses), reach, flags)
  return ARMS.flatMap((arm) => {
    const address = addresses[arm]
    return address === undefined ? [] : [{ arm, ...address, ...reach }]
  })
}

interface Addresses {
  readonly sources: readonly ReachSource[]
  readonly addresses: Readonly<Partial<Record<Arm, Address>>>
}

function addressesOf(choice: TargetChoice, config: Config, baseFolder: string): Addresses {
  if (choice.kind === 'addresses') {
    const { baseline, canary, control } = choice
    const addresses = {
      baseline: checkedAddress(baseline, '--baseline'),
      canary: checkedAddress(canary, '--canary'),
      ...(control === undefined ? {} : { control: checkedAddress(control, '--control') }),
    }
    return { sources: [], addresses }
  }
  const target = Object.hasOwn(config.targets, choice.name)
    ? config.targets[choice.name]
    : undefined
  if (target === undefined) throw unknownTarget(choice.name, Object.keys(config.targets))
  const { baseline, canary, control } = target
  const place = `targets.${choice.name}`
  const addresses = {
    baseline: checkedAddress(baseline, `${place}.baseline`),
    canary: checkedAddress(canary, `${place}.canary`),
    ...(control === undefined ? {} : { control: checkedAddress(control, `${place}.control`) }),
  }
  return { sources: [sourceOfTarget(choice.name, target, baseFolder)], addresses }
}

/**
 * An http(s) address without credentials, or a unix socket.
 * @throws UsageError with code `bad-url`
 */
export function checkedAddress(text: string, where: string): Address {
  const fault = addressFault(text)
  const address = parseAddress(text)
  if (fault === undefined && address !== undefined) return address
  const { why = 'is none', mend = '', isShown = false } = fault ?? {}
  const shown = isShown ? `"${text}"` : where
  throw new UsageError(`Cannot use ${shown} as an address: it ${why}`, {
    code: 'bad-url',
    where,
    mend,
  })
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
