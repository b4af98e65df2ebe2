/** A rollout on its way up, as a document, and events as they stand in its journal. */

import { policySchema } from '../../src/core/contract/policy.ts'
import type { Alert, Investigation } from '../../src/core/contract/investigation.ts'
import type {
  NumberedRolloutEvent,
  RolloutDocument,
  RolloutEvent,
} from '../../src/core/contract/rollout.ts'

export const AT = '2026-01-01T14:09:00.000Z'

export function exampleRollout(changes: Partial<RolloutDocument> = {}): RolloutDocument {
  return {
    id: 'r1',
    name: 'shop 1.4.2',
    target: 'shop',
    router: 'edge',
    state: 'ramping',
    weightBp: 500,
    intendedBp: 500,
    verdict: 'inconclusive',
    sentence: 'The canary has 5 %; no alarm.',
    reason: { code: 'no-alarm', message: 'no alarm since the start' },
    episode: 0,
    episodes: 3,
    startedAt: AT,
    startedBy: 'local',
    policy: policySchema.parse({}),
    course: '100 % after 95 minutes at best',
    acts: ['promote', 'pause', 'abort'],
    controlled: true,
    history: [],
    ...changes,
  }
}

const numbered = { at: AT, rollout: 'r1' }

/** @param seq its place in the journal, where lines that are no events stand too */
export function weightEvent(seq: number, fromBp = 400, toBp = 500): NumberedRolloutEvent {
  return {
    kind: 'weight',
    seq,
    ...numbered,
    fromBp,
    toBp,
    state: 'ramping',
    actor: 'policy',
    reason: { code: 'no-alarm', message: 'no alarm' },
    verified: true,
  }
}

export function endEvent(seq: number): NumberedRolloutEvent {
  return { kind: 'end', seq, ...numbered, state: 'promoted', sentence: 'Promoted.' }
}

export function readingEvent(intendedBp = 500): RolloutEvent {
  return { kind: 'reading', ...numbered, reading: { at: AT, intendedBp, configuredBp: intendedBp } }
}

export function blockEvent(): RolloutEvent {
  const { history: _history, ...document } = exampleRollout()
  return { kind: 'block', ...numbered, document }
}

export const exampleAlert: Alert = {
  id: 'a1',
  key: 'r1/checkout/latency_typical',
  kind: 'regressed',
  state: 'firing',
  severity: 'page',
  since: AT,
  rollout: 'r1',
  title: 'checkout 1.31× slower',
  investigation: 'i1',
}

export const exampleInvestigation: Investigation = {
  id: 'i1',
  rollout: 'r1',
  run: 'p1',
  at: AT,
  title: 'checkout 1.31× slower',
  finding: {
    action: 'checkout',
    metric: 'latency_typical',
    verdict: 'regressed',
    effect: { kind: 'ratio', estimate: 1.31, low: 1.22, high: 1.41 },
    margin: 0.1,
    lnEvidence: 14.2,
    lnThreshold: 6.4,
    detectedAt: 14,
    onset: 0,
    phase: 'load',
    episode: 0,
    transient: false,
    rule: 'evidence',
  },
  onset: 0,
  segments: [],
  pairs: 310,
  exchanges: [],
}
