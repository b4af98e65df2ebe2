/** Puts a controller together for one stored rollout: its router, its twins, its herald. */

import { nextInvestigationId, saveInvestigation } from '../../../profiles-db/investigations.ts'
import { readLastLines } from '../../../profiles-db/journal.ts'
import type { Database } from '../../../profiles-db/open.ts'
import { readEvidence } from '../../../profiles-db/rollout-notes.ts'
import type { StoredRollout } from '../../../profiles-db/rollouts.ts'
import type { Clock } from '../../core/clock.ts'
import type { Config } from '../../core/contract/config.ts'
import type { Finding } from '../../core/contract/report.ts'
import type { TwinMaker } from '../../core/twins.ts'
import type { Alerts } from '../alerts/alerts.ts'
import { courseSentence } from '../course.ts'
import type { Router } from '../routers/router.ts'
import { singleInstances } from '../unequal-load.ts'
import { startController, type Controller } from './controller.ts'
import { stateOf } from './document.ts'
import { createHerald, type Herald } from './herald.ts'

export interface RolloutParts {
  readonly config: Config
  readonly baseFolder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Waits shortly and writes durably: see `openDatabase`. */
  readonly database: Database
  readonly clock: Clock
  readonly openRouter: (name: string) => Promise<Router>
  readonly twins: TwinMaker
  readonly alerts: Alerts
  /** A finding in words. */
  readonly describe: (finding: Finding) => string
  readonly log: (line: string) => void
}

/** What those who watch may want to look at anew. */
export type Changed = 'journal' | 'reading' | 'block'

const MOST_FINDINGS = 500

/**
 * Begins to control it.
 * @returns the controller, and a promise for its end with everything written down
 */
export async function control(
  parts: RolloutParts,
  rollout: StoredRollout,
  epoch: number,
  how: { readonly isTakenOver: boolean; readonly changed: (what: Changed) => void },
): Promise<{ readonly controller: Controller; readonly over: Promise<void> }> {
  const { config, database, clock, log } = parts
  const { id, name, version, target, policy } = rollout
  const router = await parts.openRouter(rollout.router)
  let running: Controller | undefined
  const herald = heraldOf(parts, rollout, () => running)
  const snapshot = how.isTakenOver ? readEvidence(database, id) : undefined
  const controller = startController({
    rollout: {
      id,
      epoch,
      name,
      ...(version === undefined ? {} : { version }),
      target,
      policy,
      startedMs: Date.parse(rollout.startedAt),
      state: stateOf(rollout),
      isTakenOver: how.isTakenOver,
    },
    database,
    router,
    clock,
    promotion: parts,
    herald,
    company: {
      maker: parts.twins,
      policy,
      target,
      name,
      instances: config.targets[target]?.instances ?? singleInstances,
      hasControl: config.targets[target]?.control !== undefined,
      clock,
      ...(snapshot === undefined ? {} : { snapshot }),
      onFinding: (finding) => herald.found(finding),
      describe: parts.describe,
      onBlock: () => {
        how.changed('block')
        running?.wake()
      },
      onWarning: (reason) => running?.note({ kind: 'note', actor: 'policy', document: { reason } }),
    },
    changed: how.changed,
    log,
  })
  running = controller
  if (!how.isTakenOver) herald.started(courseSentence(policy))
  return { controller, over: controller.done.then(() => herald.idle()) }
}

function heraldOf(
  { alerts, database, describe, clock, log }: RolloutParts,
  { id, name, router }: StoredRollout,
  running: () => Controller | undefined,
): Herald {
  return createHerald({
    rollout: { id, name, router },
    alerts,
    describe,
    tell: (line) => running()?.note(line),
    isTold: (finding) => isTold(database, id, finding),
    twins: () => running()?.company().twins(),
    keep(record) {
      const investigation = { id: nextInvestigationId(database), ...record }
      saveInvestigation(database, investigation)
      return investigation.id
    },
    now: () => new Date(clock.wallMs()).toISOString(),
    log,
  })
}

/** One finding of an episode is told once, also over a restart of the controller. */
function isTold(database: Database, id: string, finding: Finding): boolean {
  return readLastLines(database, id, ['finding'], MOST_FINDINGS).some(({ document }) => {
    const { finding: told } = document
    return typeof told === 'object' && told !== null && keyOf(told) === keyOf(finding)
  })
}

function keyOf({ action, metric, episode }: Partial<Finding>): string {
  return `${episode} ${action} ${metric}`
}
