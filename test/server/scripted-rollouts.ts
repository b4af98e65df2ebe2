/**
 * Rollouts that follow a script: what a person may do in each state is the real table, every event
 * and every document is what the test says.
 */

import { actsIn, isEnd } from '../../src/allocator/machine.ts'
import type { Config } from '../../src/core/contract/config.ts'
import type { AuditEntry } from '../../src/core/contract/investigation.ts'
import { mergePolicy } from '../../src/core/contract/policy.ts'
import type {
  NumberedRolloutEvent,
  ReadingPoint,
  RolloutBody,
  RolloutDocument,
  RolloutEvent,
} from '../../src/core/contract/rollout.ts'
import { ConflictError } from '../../src/core/errors.ts'
import type { TwinSeries } from '../../src/core/twins.ts'
import type { Rollouts, Word } from '../../src/outrider.ts'
import { AT, exampleAlert, exampleInvestigation, exampleRollout } from './example-rollout.ts'

export interface ScriptedRollouts extends Rollouts {
  readonly started: readonly { readonly request: RolloutBody; readonly by: string }[]
  readonly told: readonly ({ readonly id: string } & Word)[]
  readonly resumed: readonly string[]
  readonly notes: readonly Omit<AuditEntry, 'number' | 'at'>[]
  readonly watching: () => number
  /** The next call of `start`, `resume`, `tell` or `noteAudit` fails with this. */
  refuse(error: Error): void
  /** Puts a rollout there without a start, or changes one. */
  show(changes: Partial<RolloutDocument> & { readonly id: string }): void
  happen(id: string, event: RolloutEvent): void
  draw(series: TwinSeries): void
  read(id: string, points: readonly ReadingPoint[]): void
}

type Listener = (event: RolloutEvent) => void

export function scriptRollouts(config: () => Config): ScriptedRollouts {
  const documents = new Map<string, RolloutDocument>()
  const kept = new Map<string, NumberedRolloutEvent[]>()
  const listeners = new Map<Listener, string>()
  const readings = new Map<string, readonly ReadingPoint[]>()
  const series: TwinSeries[] = []
  const started: { request: RolloutBody; by: string }[] = []
  const told: ({ id: string } & Word)[] = []
  const resumed: string[] = []
  const notes: Omit<AuditEntry, 'number' | 'at'>[] = []
  let refusal: Error | undefined

  function refuseOnce(): void {
    const reason = refusal
    refusal = undefined
    if (reason !== undefined) throw reason
  }

  return {
    started,
    told,
    resumed,
    notes,
    watching: () => listeners.size,
    refuse: (error) => {
      refusal = error
    },
    show(changes) {
      const before = documents.get(changes.id) ?? exampleRollout({ id: changes.id })
      const state = changes.state ?? before.state
      documents.set(changes.id, { ...before, acts: [...actsIn(state)], ...changes })
    },
    happen(id, event) {
      if ('seq' in event) kept.set(id, [...(kept.get(id) ?? []), event])
      for (const [listener, watched] of listeners) if (watched === id) listener(event)
    },
    draw: (one) => series.push(one),
    read: (id, points) => readings.set(id, points),

    policyFor: (request) => mergePolicy(config().policy, request.policy ?? {}),
    async start(request, by) {
      refuseOnce()
      const policy = mergePolicy(config().policy, request.policy ?? {})
      const { name, target, router } = request
      const id = `r${documents.size + 1}`
      const document = exampleRollout({ id, name, target, router, policy, startedBy: by })
      documents.set(id, document)
      started.push({ request, by })
      return Promise.resolve(document)
    },
    async resume(id) {
      refuseOnce()
      resumed.push(id)
      const document = { ...(documents.get(id) ?? exampleRollout({ id })), controlled: true }
      documents.set(id, document)
      return Promise.resolve(document)
    },
    resumeAll: () => Promise.resolve([]),
    async tell(id, word) {
      refuseOnce()
      const state = documents.get(id)?.state ?? 'pending'
      if (!actsIn(state).includes(word.act)) throw actRefused(word, state)
      told.push({ id, ...word })
      return Promise.resolve()
    },
    find: (id) => documents.get(id),
    list({ limit }) {
      const rollouts = [...documents.values()].toReversed().slice(0, limit).map(outlineOf)
      return { rollouts, ...(documents.size > limit ? { nextCursor: 'n1' } : {}) }
    },
    watch(id, afterSeq, listener) {
      for (const event of kept.get(id) ?? []) if (event.seq > afterSeq) listener(event)
      listeners.set(listener, id)
      return () => listeners.delete(listener)
    },
    series: (_id, action, metric) =>
      series.find((one) => one.action === action && one.metric === metric),
    readings: (id) => readings.get(id) ?? [],
    alerts: () => ({ alerts: [exampleAlert] }),
    findAlert: (id) => (id === exampleAlert.id ? exampleAlert : undefined),
    investigations({ rollout, run }) {
      const { id, run: ofRun, at, title } = exampleInvestigation
      const isMeant = (rollout ?? 'r1') === 'r1' && (run ?? ofRun) === ofRun
      return { investigations: isMeant ? [{ id, rollout: 'r1', run: ofRun, at, title }] : [] }
    },
    findInvestigation: (id) => (id === exampleInvestigation.id ? exampleInvestigation : undefined),
    openOn(router) {
      const open = [...documents.values()].find((one) => one.router === router && !isEnd(one.state))
      return open === undefined ? undefined : { id: open.id, name: open.name }
    },
    audit: ({ limit }) => ({
      entries: notes
        .map((note, index) => ({ number: index + 1, at: AT, ...note }))
        .toReversed()
        .slice(0, limit),
    }),
    noteAudit(entry) {
      refuseOnce()
      notes.push(entry)
    },
    settled: () => new Promise(() => {}),
    release: (id) => Promise.resolve(documents.get(id) ?? exampleRollout({ id })),
    close: () => Promise.resolve(),
  }
}

function outlineOf(document: RolloutDocument): ReturnType<Rollouts['list']>['rollouts'][number] {
  const { id, name, target, router, state, weightBp, intendedBp } = document
  const { verdict, sentence, startedAt, controlled } = document
  const base = { id, name, target, router, state, weightBp, intendedBp, verdict, sentence }
  return { ...base, startedAt, controlled, sparkline: [[0, weightBp]] }
}

function actRefused({ act }: Word, state: string): ConflictError {
  const why = state === 'rolled_back' ? 'Already rolled back at 14:09:00' : `Cannot ${act} now`
  return new ConflictError(`${why}; nothing was changed.`, { code: 'act-refused' })
}
