/** Who goes into the database: users synthesised from a model of the sessions, or the sessions. */

import type { Profile } from '../../core/contract/profile.ts'
import { compareSessions, type Closeness } from '../distance/compare.ts'
import { sessionOf } from '../distance/description.ts'
import { fitPopulation, type FittedPopulation } from '../fit/fit.ts'
import type { MeasuredCosts } from '../resource.ts'
import { synthesise } from '../synthesise/population.ts'
import type { Imported } from './import.ts'

export interface UserOptions {
  /** Default: as many as there are sessions, within what is made at once. */
  readonly count?: number
  readonly seed: number
  readonly measured?: MeasuredCosts
  /** What the population's file calls the ontology: a path as seen from it. */
  readonly reference?: string
}

export interface FittedUsers {
  readonly profiles: Profile[]
  readonly fitted: FittedPopulation
  /** Of these users to the sessions. */
  readonly closeness: Closeness
}

const MOST_USERS = 1_000_000

/**
 * Users of a population that is fitted to the import.
 * @throws UsageError with code `nothing-to-fit` or `bad-count`
 */
export function fitUsers(
  { sessions, ontology, report, name }: Imported,
  { count = Math.min(sessions.length, MOST_USERS), seed, measured, reference }: UserOptions,
): FittedUsers {
  const fitted = fitPopulation(sessions, {
    ontology,
    k: report.k,
    seed,
    name,
    ...(reference === undefined ? {} : { reference }),
  })
  const profiles = synthesise(fitted.population, count, seed, measured)
  const real = sessions.map((session) =>
    session.map(({ action, timeMs }) => ({
      action,
      seconds: (timeMs - (session[0]?.timeMs ?? 0)) / 1000,
    })),
  )
  return { profiles, fitted, closeness: compareSessions(real, profiles.map(sessionOf), seed) }
}
