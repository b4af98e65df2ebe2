/** What must be so before a rollout is written down: nothing is moved here. */

import type { Config } from '../../core/contract/config.ts'
import type { Policy } from '../../core/contract/policy-rules.ts'
import type { RolloutBody } from '../../core/contract/rollout.ts'
import { RouterError, UsageError } from '../../core/errors.ts'
import { suggest } from '../../core/suggest.ts'
import type { TwinMaker } from '../../core/twins.ts'
import { formatWeight } from '../../core/weight.ts'
import { checkChannels } from '../alerts/channels.ts'
import { expectedCourse } from '../course.ts'
import type { Router } from '../routers/router.ts'
import { checkPromotion } from './promotion.ts'

export interface PreflightParts {
  readonly config: Config
  readonly baseFolder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly openRouter: (name: string) => Promise<Router>
  readonly twins: TwinMaker
}

/**
 * The router, ready and reading 0.
 * @throws UsageError, RouterError or TargetError with the first thing that stands in the way
 */
export async function checkStart(
  request: RolloutBody,
  policy: Policy,
  parts: PreflightParts,
): Promise<Router> {
  const { config } = parts
  checkTarget(config, request)
  expectedCourse(policy)
  checkPromotion(policy, parts)
  checkChannels(config.alerts, parts.environment)
  const router = await parts.openRouter(request.router)
  for (const { level, code, message, mend } of await router.preflight()) {
    if (level === 'error' || code === 'canary-down') {
      throw new RouterError(`Cannot start the rollout: router "${router.name}": ${message}`, {
        code: 'router-not-ready',
        where: `routers.${router.name}`,
        ...(mend === undefined ? {} : { mend }),
      })
    }
  }
  const reading = await router.read()
  if (reading.kind === 'unreachable') throw reading.error
  if (reading.configuredBp !== 0) {
    throw new RouterError(
      `Cannot start the rollout: router "${router.name}" reads ${formatWeight(reading.configuredBp)}`,
      {
        code: 'router-not-at-zero',
        where: `routers.${router.name}`,
        mend: `outrider router set ${router.name} 0% first, if nobody needs that weight`,
      },
    )
  }
  await parts.twins.check(request.target)
  return router
}

function checkTarget({ targets, routers }: Config, { target, router }: RolloutBody): void {
  if (!Object.hasOwn(targets, target)) {
    const known = Object.keys(targets)
    throw new UsageError(`no target "${target}" in outrider.yaml`, {
      code: 'unknown-target',
      where: '/target',
      mend: known.length === 0 ? 'name one under "targets:" there' : suggest(target, known),
    })
  }
  const settings = Object.hasOwn(routers, router) ? routers[router] : undefined
  if (settings?.kind === 'embedded' && settings.target !== target) {
    throw new UsageError(
      `Cannot start the rollout: router "${router}" serves target "${settings.target}", not "${target}"`,
      {
        code: 'unknown-router',
        where: '/router',
        mend: 'name a router of this target',
      },
    )
  }
}
