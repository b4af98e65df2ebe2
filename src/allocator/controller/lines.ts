/** From decisions to lines of the journal, and from lines to events and history. Pure. */

import type { JournalLine, NewLine } from '../../../profiles-db/journal.ts'
import {
  rolloutEventSchema,
  type HistoryEntry,
  type NumberedRolloutEvent,
} from '../../core/contract/rollout.ts'
import { isEnd } from '../machine.ts'
import type { Observation } from '../observation.ts'
import type { Decision, RolloutState } from '../state.ts'

export interface Decided {
  readonly before: RolloutState
  readonly observation: Observation
  readonly decision: Decision
}

/** Whether this decision is one to be written down: it changes something, or it is a tick's. */
export function isNotable({ before, observation, decision }: Decided): boolean {
  const { state, intent, reason } = decision
  const isClimbing = state.state === 'ramping' || state.state === 'holding'
  return (
    intent.kind !== 'none' ||
    state.state !== before.state ||
    state.reason.code !== before.reason.code ||
    reason.code === 'act-refused' ||
    (isClimbing && state.nextTickAtMs !== before.nextTickAtMs) ||
    (observation.person !== undefined && decision.actor === observation.person.by)
  )
}

/** The same weight as was asked for last and was not taken yet: the journal has it already. */
export function isRepeated({ before, decision, observation }: Decided): boolean {
  const { intent, state } = decision
  return (
    intent.kind === 'weight' &&
    intent.toBp === before.intendedBp &&
    state.state === before.state &&
    state.reason.code === before.reason.code &&
    observation.reading.kind !== 'read'
  )
}

/**
 * The lines of a decision. The first one keeps the moment it was made from, so that it can be made
 * again from the journal alone.
 */
export function linesOf(decided: Decided): NewLine[] {
  const { before, observation, decision } = decided
  const { state, intent, actor, sentence } = decision
  const reason = decision.reason
  const moment = { before, observation }
  const shared = { state: state.state, reason }
  if (reason.code === 'act-refused') {
    return [{ kind: 'note', actor, document: { ...shared, moment } }]
  }
  const lines: NewLine[] = []
  if (intent.kind !== 'weight' || state.state !== before.state) {
    const document = { ...shared, from: before.state, weightBp: state.intendedBp, sentence, moment }
    lines.push({ kind: 'state', actor, document })
  }
  if (intent.kind === 'weight') {
    const document = {
      ...shared,
      expectBp: intent.fromBp,
      fromBp: intent.fromBp,
      toBp: intent.toBp,
      sentence,
      ...(lines.length === 0 ? { moment } : {}),
    }
    lines.push({ kind: 'intent', actor, document })
  }
  if (isEnd(state.state)) {
    lines.push({ kind: 'end', actor, document: { state: state.state, sentence } })
  }
  return lines
}

/** The event that a line is; undefined for one that only the journal knows. */
export function eventOf(rollout: string, line: JournalLine): NumberedRolloutEvent | undefined {
  const { seq, at, kind, actor, document } = line
  const base = { seq, at, rollout }
  const given = { ...document, ...base, actor, reason: reasonOf(document) }
  const parsed = rolloutEventSchema.safeParse(
    kind === 'intent' || kind === 'applied'
      ? { ...given, kind: 'weight', verified: kind === 'applied' }
      : { ...given, kind },
  )
  return parsed.success && 'seq' in parsed.data ? parsed.data : undefined
}

/** What people read of the journal: an intent and what came of it are one entry. */
export function historyOf(lines: readonly JournalLine[]): HistoryEntry[] {
  const applied = new Set(
    lines.filter(({ kind }) => kind === 'applied').map(({ document }) => document['intent']),
  )
  let told = ''
  return lines.flatMap((line): HistoryEntry[] => {
    const { seq, at, actor, document } = line
    const entry = entryOf(line)
    if (entry === undefined) return []
    // Ticks that hold for the same reason are one entry: routine is no exception.
    const holds = entry === 'state' ? `${String(document['state'])} ${reasonOf(document).code}` : ''
    if (holds !== '' && holds === told) return []
    told = holds
    const { fromBp, toBp, state } = document
    const weights =
      typeof fromBp === 'number' && typeof toBp === 'number'
        ? { fromBp, toBp, verified: applied.has(seq) }
        : {}
    const name = stateOf(state)
    return [{ seq, at, kind: entry, state: name, actor, reason: reasonOf(document), ...weights }]
  })
}

function entryOf({ kind }: JournalLine): HistoryEntry['kind'] | undefined {
  switch (kind) {
    case 'intent':
      return 'weight'
    case 'created':
      return 'state'
    case 'state':
    case 'finding':
    case 'alert':
    case 'note':
      return kind
    default:
      return undefined
  }
}

function reasonOf(document: JournalLine['document']): { code: string; message: string } {
  const { reason, title } = document
  if (typeof reason === 'object' && reason !== null) {
    // What else the journal keeps of a reason is no part of an event.
    const { code, message } = { code: '', message: '', ...reason }
    return { code, message }
  }
  return { code: 'told', message: typeof title === 'string' ? title : '' }
}

function stateOf(state: unknown): HistoryEntry['state'] {
  const parsed = rolloutEventSchema.options[0].shape.state.safeParse(state)
  return parsed.success ? parsed.data : 'pending'
}
