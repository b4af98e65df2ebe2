/** Rollouts with real documents behind the real HTTP door: what the pages read, said by a test. */

import { onTestFinished } from 'vitest'
import { listen, type Listening } from '../../../server/listen.ts'
import type { Alert, Investigation } from '../../../src/core/contract/investigation.ts'
import type {
  ReadingPoint,
  RolloutDocument,
  RolloutEvent,
  RolloutOutline,
} from '../../../src/core/contract/rollout.ts'
import type { TwinSeries } from '../../../src/core/twins.ts'
import type { Metric } from '../../../src/core/verdict.ts'
import type { Rollouts, Word } from '../../../src/outrider.ts'
import {
  scriptOutrider,
  type Script,
  type ScriptedOutrider,
} from '../../server/scripted-outrider.ts'

export interface Stage {
  readonly rollouts: readonly RolloutDocument[]
  readonly readings?: readonly ReadingPoint[]
  readonly series?: (action: string, metric: Metric) => TwinSeries
  readonly investigations?: readonly Investigation[]
  readonly alerts?: readonly Alert[]
}

export interface Staged {
  readonly told: readonly ({ readonly id: string } & Word)[]
  /** Changes the document that is read from now on. */
  change(id: string, changes: Partial<RolloutDocument>): void
  /** Sends an event to everybody who watches. */
  happen(event: RolloutEvent): void
}

export interface StagedServer extends Listening, Staged {
  readonly outrider: ScriptedOutrider
}

/** A server with these rollouts, closed with the test that asked for it. */
export async function serveStage(stage: Stage, script: Script = {}): Promise<StagedServer> {
  const outrider = scriptOutrider(script)
  const { rollouts, staged } = stageRollouts(stage, outrider.rollouts)
  const listening = await listen({ ...outrider, rollouts }, { listen: '127.0.0.1:0' })
  onTestFinished(async () => {
    await listening.close()
    await outrider.close()
  })
  return { ...listening, ...staged, outrider }
}

export function stageRollouts(
  stage: Stage,
  base: Rollouts,
): { readonly rollouts: Rollouts; readonly staged: Staged } {
  const documents = new Map(stage.rollouts.map((rollout) => [rollout.id, rollout]))
  const listeners = new Map<(event: RolloutEvent) => void, string>()
  const told: ({ id: string } & Word)[] = []
  const { readings = [], series, investigations = [], alerts = [] } = stage
  const rollouts: Rollouts = {
    ...base,
    find: (id) => documents.get(id),
    list: () => ({ rollouts: [...documents.values()].map(outlineOf) }),
    tell(id, word) {
      told.push({ id, ...word })
      return Promise.resolve()
    },
    watch(id, _afterSeq, listener) {
      listeners.set(listener, id)
      return () => listeners.delete(listener)
    },
    series: (_id, action, metric) => series?.(action, metric),
    readings: () => readings,
    alerts: () => ({ alerts: [...alerts] }),
    findAlert: (id) => alerts.find((alert) => alert.id === id),
    investigations: ({ rollout, run }) => ({
      investigations: investigations
        .filter((one) => rollout === undefined || one.rollout === rollout)
        .filter((one) => run === undefined || one.run === run)
        .map(({ id, rollout: of, run: ofRun, at, title }) => ({
          id,
          run: ofRun,
          at,
          title,
          ...(of === undefined ? {} : { rollout: of }),
        })),
    }),
    findInvestigation: (id) => investigations.find((one) => one.id === id),
  }
  const staged: Staged = {
    told,
    change(id, changes) {
      const before = documents.get(id)
      if (before !== undefined) documents.set(id, { ...before, ...changes })
    },
    happen(event) {
      for (const [listener, id] of listeners) if (id === event.rollout) listener(event)
    },
  }
  return { rollouts, staged }
}

function outlineOf(document: RolloutDocument): RolloutOutline {
  const { id, name, version, target, router, state, weightBp, intendedBp } = document
  const { verdict, sentence, nextDecisionAt, startedAt, endedAt, controlled, history, run } =
    document
  const startMs = Date.parse(startedAt)
  const points = history.flatMap(({ at, toBp }): [number, number][] =>
    toBp === undefined ? [] : [[(Date.parse(at) - startMs) / 1000, toBp]],
  )
  return {
    id,
    name,
    ...(version === undefined ? {} : { version }),
    target,
    router,
    state,
    weightBp,
    intendedBp,
    verdict,
    sentence,
    ...(nextDecisionAt === undefined ? {} : { nextDecisionAt }),
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(run === undefined ? {} : { run }),
    controlled,
    sparkline: [[0, 0], ...points.slice(-59)],
  }
}
