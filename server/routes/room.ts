/** What the routes share: the parts they stand on and the checks that several of them make. */

import type { Config } from '../../src/core/contract/config.ts'
import type { Criteria } from '../../src/core/contract/criteria.ts'
import type { Clock } from '../../src/core/clock.ts'
import { UsageError } from '../../src/core/errors.ts'
import { suggest } from '../../src/core/suggest.ts'
import { toCriteria, type Outrider, type ProfileChoice } from '../../src/outrider.ts'
import type { Limits } from '../limits.ts'
import type { ProbeMemory } from '../probe-memory.ts'

export interface Room {
  readonly outrider: Outrider
  readonly memory: ProbeMemory
  readonly limits: Limits
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
