/** Who goes into the database: users synthesised from a model of the sessions, or the sessions. */

import type { Profile } from '../../core/contract/profile.ts'
import { compareSliced, type Closeness } from '../distance/compare.ts'
import { sessionOf } from '../distance/description.ts'
import { fitSliced, type FittedPopulation } from '../fit/fit.ts'
import type { MeasuredCosts } from '../resource.ts'
import { within, type Sliced } from '../slices.ts'
import { checkUserCount, synthesiseUsers } from '../synthesise/users.ts'
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

/** A slice of users that are made. */
const USERS_TOGETHER = 500

/**
 * Users of a population that is fitted to the import. It takes seconds for a hundred thousand
 * sessions, so it is done in slices.
 * @throws UsageError with code `nothing-to-fit` or `bad-count`
 */
export function* fitUsers(
  { sessions, ontology, report, name }: Imported,
  { count = Math.min(sessions.length, MOST_USERS), seed, measured, reference }: UserOptions,
): Sliced<FittedUsers> {
  checkUserCount(count)
  const options = {
    ontology,
    k: report.k,
    seed,
    name,
    ...(reference === undefined ? {} : { reference }),
  }
  const fitted = yield* within(0, 0.6, fitSliced(sessions, options))
  const profiles: Profile[] = []
  for (const user of synthesiseUsers(fitted.population, count, seed, measured)) {
    profiles.push(user)
    if (profiles.length % USERS_TOGETHER === 0) yield 0.6 + (0.2 * profiles.length) / count
  }
  const real = sessions.map((session) =>
    session.map(({ action, timeMs }) => ({
      action,
      seconds: (timeMs - (session[0]?.timeMs ?? 0)) / 1000,
    })),
  )
  yield 0.85
  const compared = compareSliced(real, profiles.map(sessionOf), seed)
  return { profiles, fitted, closeness: yield* within(0.85, 1, compared) }
}
