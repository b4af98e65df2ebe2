/** What the routes share: the parts they stand on and the checks that several of them make. */

import type { Config } from '../../src/core/contract/config.ts'
import type { Criteria } from '../../src/core/contract/criteria.ts'
import type { RolloutDocument } from '../../src/core/contract/rollout.ts'
import type { Clock } from '../../src/core/clock.ts'
import { UsageError } from '../../src/core/errors.ts'
import { suggest } from '../../src/core/suggest.ts'
import { toCriteria, type Outrider, type ProfileChoice } from '../../src/outrider.ts'
import { notFound } from '../endpoint.ts'
import type { Limits, Seats } from '../limits.ts'
import type { ProbeMemory } from '../probe-memory.ts'

export interface Room {
  readonly outrider: Outrider
  readonly memory: ProbeMemory
  readonly limits: Limits
  /** Places for event streams. */
  readonly seats: Seats
  readonly clock: Clock
  /** Aborts when the server stops: event streams end. */
  readonly stopping: AbortSignal
  /** Milliseconds between pings of an event stream, where they are not the usual 15 s. */
  readonly ping: { readonly pingMs?: number }
}

/**
 * Names an unknown criterion as `GET /profiles` does.
 * @throws UsageError with code `unknown-criterion` or `bad-criteria`
 */
export function lookAtCriteria(body: unknown): void {
  if (typeof body !== 'object' || body === null || !('criteria' in body)) return
  toCriteria(body.criteria, '/criteria')
}

/** @throws UsageError if both or a wrong pair is given */
export function profileChoice(
  criteria: Criteria | undefined,
  profileId: string | undefined,
): ProfileChoice | undefined {
  if (criteria !== undefined && profileId !== undefined) {
    throw new UsageError('Cannot choose profiles: "criteria" and "profile_id" exclude each other', {
      code: 'bad-body',
      where: '/profile_id',
      mend: 'give one of them',
    })
  }
  if (profileId !== undefined) return { kind: 'profile', id: profileId }
  return criteria === undefined ? undefined : { kind: 'criteria', criteria }
}

/**
 * The configuration names the only addresses this server sends to.
 * @throws UsageError with code `no-targets` or `unknown-target`
 */
export function refuseUnknownTarget(config: Config, name: string): void {
  refuseNoTargets(config)
  if (Object.hasOwn(config.targets, name)) return
  throw new UsageError(`Cannot find target: "${name}" is not in the configuration`, {
    code: 'unknown-target',
    where: '/target',
    mend: suggest(name, Object.keys(config.targets)),
  })
}

/**
 * Routers are names of the configuration as well.
 * @throws UsageError with code `unknown-router`
 */
export function refuseUnknownRouter(config: Config, name: string): void {
  if (Object.hasOwn(config.routers, name)) return
  const known = Object.keys(config.routers)
  throw new UsageError(`Cannot find router: "${name}" is not in the configuration`, {
    code: 'unknown-router',
    where: '/router',
    mend: known.length > 0 ? suggest(name, known) : 'add it below routers in outrider.yaml',
  })
}

/** @throws ProblemError 404 */
export function knownRollout({ rollouts }: Outrider, id: string): RolloutDocument {
  const document = rollouts.find(id)
  if (document === undefined) {
    throw notFound('rollout', id, 'GET /rollouts lists those that are known')
  }
  return document
}

/** What a list is asked for, without what was not said. */
export function pageOf({ limit, cursor }: { limit: number; cursor?: string | undefined }): {
  limit: number
  cursor?: string
} {
  return { limit, ...(cursor === undefined ? {} : { cursor }) }
}

/**
 * The address as the configuration spells it.
 * @throws UsageError with code `no-targets` or `unknown-target`
 */
export function configuredUrl(config: Config, url: string): string {
  refuseNoTargets(config)
  const known = Object.values(config.targets).flatMap((target) =>
    [target.baseline, target.canary, target.control].filter((address) => address !== undefined),
  )
  const asked = URL.parse(url)?.href
  const found = known.find((address) => asked !== undefined && URL.parse(address)?.href === asked)
  if (found !== undefined) return found
  throw new UsageError(`Cannot send to "${url.slice(0, 200)}": no configured target has it`, {
    code: 'unknown-target',
    where: '/target_url',
    mend: suggest(url, known),
  })
}

function refuseNoTargets(config: Config): void {
  if (Object.keys(config.targets).length > 0) return
  throw new UsageError('Cannot start: the configuration has no targets', {
    code: 'no-targets',
    where: 'outrider.yaml',
    mend:
      'add targets: { shop: { baseline: "http://…", canary: "http://…" } } to outrider.yaml and ' +
      'start the server again',
  })
}
