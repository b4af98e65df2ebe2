/** The documents of a rollout: from what is stored, and what its controller knows beside that. */

import { readLastLines, type JournalLine } from '../../../profiles-db/journal.ts'
import type { Database } from '../../../profiles-db/open.ts'
import type { StoredRollout } from '../../../profiles-db/rollouts.ts'
import { readLastReading } from '../../../profiles-db/rollout-notes.ts'
import {
  readingsSchema,
  type ReadingPoint,
  type RolloutDocument,
  type RolloutOutline,
} from '../../core/contract/rollout.ts'
import { courseSentence } from '../course.ts'
import { episodeCount } from '../episodes.ts'
import { consequenceOf, ladderOf } from '../ladder.ts'
import { figuresOf, guardLive } from '../live-guard.ts'
import { actsIn } from '../machine.ts'
import { sentenceFor, type RolloutState } from '../state.ts'
import type { Controller } from './controller.ts'
import { historyOf } from './lines.ts'

const HISTORY_KINDS = ['created', 'state', 'intent', 'applied', 'finding', 'alert', 'note']
const HISTORY_LINES = 800
const MOST_HISTORY = 500
const SPARK_POINTS = 59

export type LiveParts = Omit<RolloutDocument, 'history'>

/** Everything but the history. */
export function documentOf(
  rollout: StoredRollout,
  controller: Controller | undefined,
  isControlled: boolean,
): LiveParts {
  const state = controller?.state() ?? stateOf(rollout)
  const { policy, startedAt } = rollout
  const startedMs = Date.parse(startedAt)
  const isoOf = (sinceStartMs: number): string => new Date(startedMs + sinceStartMs).toISOString()
  const { code, message, sinceMs } = state.reason
  const isClimbing = state.state === 'ramping' || state.state === 'holding'
  const consequence = consequenceOf(policy, state)
  return {
    id: rollout.id,
    name: rollout.name,
    ...(rollout.version === undefined ? {} : { version: rollout.version }),
    target: rollout.target,
    router: rollout.router,
    state: state.state,
    weightBp: state.appliedBp,
    intendedBp: state.intendedBp,
    verdict: verdictOf(state),
    sentence: sentenceFor(state, state.reason),
    ...(consequence === undefined ? {} : { consequence }),
    reason: { code, message, since: isoOf(sinceMs) },
    episode: Math.min(state.hysteresis.reductions, episodeCount(policy) - 1),
    episodes: episodeCount(policy),
    ...(isClimbing ? { nextDecisionAt: isoOf(state.nextTickAtMs) } : {}),
    startedAt,
    ...(rollout.endedAt === undefined ? {} : { endedAt: rollout.endedAt }),
    startedBy: rollout.startedBy,
    policy,
    course: courseSentence(policy),
    acts: [...actsIn(state.state)],
    ...(rollout.run === undefined ? {} : { run: rollout.run }),
    controlled: isControlled,
    ...(controller === undefined ? {} : liveOf(rollout, controller, state)),
  }
}

/** With the history, for whoever asks for the whole. */
export function wholeDocument(
  database: Database,
  rollout: StoredRollout,
  controller: Controller | undefined,
  isControlled: boolean,
): RolloutDocument {
  const lines = readLastLines(database, rollout.id, HISTORY_KINDS, HISTORY_LINES)
  const history = historyOf(lines).slice(-MOST_HISTORY)
  const document = documentOf(rollout, controller, isControlled)
  // Another process controls it: what it read is at most some seconds old, and says when it was.
  const kept = controller === undefined ? keptReading(database, rollout.id) : {}
  return { ...document, ...kept, history }
}

export function outlineOf(
  database: Database,
  rollout: StoredRollout,
  controller: Controller | undefined,
  isControlled: boolean,
): RolloutOutline {
  const { id, name, version, target, router, state, weightBp, intendedBp, ...rest } = documentOf(
    rollout,
    controller,
    isControlled,
  )
  const { verdict, sentence, nextDecisionAt, startedAt, endedAt, controlled, run } = rest
  const lines = readLastLines(database, id, ['applied'], SPARK_POINTS)
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
    sparkline: sparklineOf(lines, Date.parse(startedAt)),
  }
}

/** What a stored rollout was left in; our own writing, read back. */
export function stateOf(rollout: StoredRollout): RolloutState {
  return rollout.document as RolloutState
}

function liveOf(
  { policy }: StoredRollout,
  controller: Controller,
  state: RolloutState,
): Partial<RolloutDocument> {
  const watch = controller.watch()
  const twins = controller.company().twins()
  const progress = twins?.progress()
  const reading = controller.lastReading()
  const guard = guardLive(policy, watch.guard())
  const figures = figuresOf(watch.guard().window)
  const answer = watch.answer()
  const judgement = controller.company().judgement(state)
  const problem = controller.company().problem()
  const ladder = ladderOf(policy, state, {
    judgement,
    liveGuard: guard,
    routerReads: answer.kind === 'read' ? answer.state.configuredBp : undefined,
    deliveredShare:
      progress === undefined
        ? undefined
        : Math.min(1, progress.deliveredRate / Math.max(1e-9, progress.plannedRate)),
  })
  return {
    ...(reading === undefined
      ? {}
      : readingParts(reading, answer.kind === 'read' ? 0 : answer.tries)),
    live: {
      kind: figures === undefined ? 'unknown' : guard.kind,
      windowSeconds: figures?.seconds ?? 0,
      ...(figures === undefined
        ? {}
        : { baseline: armOf(figures.baseline), canary: armOf(figures.canary) }),
      ...(guard.finding === undefined ? {} : { message: guard.finding }),
    },
    load:
      progress === undefined
        ? {
            phase: 'down',
            plannedRate: policy.rate,
            deliveredRate: 0,
            pairs: 0,
            baselineFailureShare: 0,
            generatorLagP99Ms: 0,
            unequalLoad: false,
            ...(problem === undefined ? {} : { message: problem }),
          }
        : {
            phase: progress.phase,
            plannedRate: progress.plannedRate,
            deliveredRate: progress.deliveredRate,
            pairs: progress.pairs,
            baselineFailureShare: progress.baselineFailureShare,
            generatorLagP99Ms: progress.generatorLagP99Ms,
            unequalLoad: progress.unequalLoad,
            ...(progress.message === undefined ? {} : { message: progress.message }),
          },
    ...(ladder === undefined ? {} : { ladder }),
    ...(progress === undefined
      ? {}
      : {
          actions: [...progress.actions],
          findings: [...progress.findings],
          evidence: { lnRun: progress.lnRun, lnThreshold: progress.lnThreshold },
          ...(state.state === 'probing' ? { sentence: `Probing: ${progress.sentence}` } : {}),
        }),
  }
}

function keptReading(database: Database, id: string): Partial<RolloutDocument> {
  const parsed = readingsSchema.shape.readings.element.safeParse(readLastReading(database, id))
  return parsed.success ? readingParts(parsed.data, 1) : {}
}

function readingParts(reading: ReadingPoint, tries: number): Partial<RolloutDocument> {
  const { at, configuredBp, effectiveBp, observedBp, lowBp, highBp, requests, problem } = reading
  const known: NonNullable<RolloutDocument['reading']> =
    configuredBp === undefined
      ? {
          kind: 'unreachable',
          at,
          tries,
          message: problem ?? '',
        }
      : { kind: 'read', at, configuredBp, ...(effectiveBp === undefined ? {} : { effectiveBp }) }
  return {
    reading: known,
    ...(observedBp === undefined ? {} : { observedBp }),
    ...(lowBp === undefined || highBp === undefined
      ? {}
      : { observed: { lowBp, highBp, requests: requests ?? 0 } }),
  }
}

function armOf(arm: {
  readonly requests: number
  readonly serverErrors: number
  readonly latency?: { readonly p50Ms: number; readonly p95Ms: number }
}): NonNullable<NonNullable<RolloutDocument['live']>['baseline']> {
  const { requests, serverErrors, latency } = arm
  if (latency === undefined) return { requests, serverErrors }
  return { requests, serverErrors, p50Ms: latency.p50Ms, p95Ms: latency.p95Ms }
}

const INVALID_CODES = new Set(['gate-invalid', 'baseline-ill', 'generator-strained'])
const REGRESSED_CODES = new Set(['gate-regressed', 'alarm', 'live-guard', 'critical'])

function verdictOf({ state, reason, hysteresis }: RolloutState): RolloutDocument['verdict'] {
  if (state === 'promoted' || state === 'promoting') return 'healthy'
  if (hysteresis.reductions > 0 || REGRESSED_CODES.has(reason.code)) return 'regressed'
  return INVALID_CODES.has(reason.code) ? 'invalid' : 'inconclusive'
}

function sparklineOf(lines: readonly JournalLine[], startedMs: number): [number, number][] {
  const points = lines.flatMap(({ at, document }): [number, number][] => {
    const weightBp = document['toBp']
    const seconds = Math.max(0, (Date.parse(at) - startedMs) / 1000)
    return typeof weightBp === 'number' ? [[seconds, weightBp]] : []
  })
  return [[0, 0], ...points]
}
