/**
 * What must be so of every journal, whatever was killed while it was written. Each check gives the
 * problems it found in words; none is what a test expects.
 */

import { isDeepStrictEqual } from 'node:util'
import type { JournalLine, NewLine } from '../../../profiles-db/journal.ts'
import { findRollout } from '../../../profiles-db/rollouts.ts'
import { linesOf } from '../../../src/allocator/controller/lines.ts'
import { decide } from '../../../src/allocator/decide.ts'
import type { Observation } from '../../../src/allocator/observation.ts'
import type { RolloutState } from '../../../src/allocator/state.ts'
import type { Policy } from '../../../src/core/contract/policy-rules.ts'
import type { NumberedRolloutEvent } from '../../../src/core/contract/rollout.ts'
import type { World } from './support-world.ts'

/** Lines that only the journal knows; all others are events. */
const NO_EVENTS = new Set(['created'])

/** Everything at once, for a rollout that is over. */
export function journalProblems(world: World, id: string): string[] {
  const rollout = findRollout(world.books, id)
  if (rollout === undefined) return [`${id}: there is no such rollout`]
  const lines = world.journal(id)
  const ends = lines.filter(({ kind }) => kind === 'end')
  const document = world.observer.rollouts.find(id)
  const facts = [
    ...(ends.length === 1 ? [] : [`it ends ${ends.length} times`]),
    ...(rollout.endedAt === undefined ? ['it has no end'] : []),
    ...(document?.weightBp === 0 ? [] : [`it is over and says weight ${document?.weightBp}`]),
  ]
  return [
    ...facts,
    ...numberProblems(lines),
    ...intentProblems(lines),
    ...replayProblems(rollout.policy, lines),
    ...eventProblems(world, id, lines),
  ].map((problem) => `${id}: ${problem}`)
}

/** 1, 2, 3, … without a gap or a double, and epochs that never go back. */
export function numberProblems(lines: readonly JournalLine[]): string[] {
  return lines.flatMap(({ seq, epoch }, index) => [
    ...(seq === index + 1 ? [] : [`line ${index + 1} has the number ${seq}`]),
    ...(epoch >= (lines[index - 1]?.epoch ?? 1) ? [] : [`line ${seq}: epoch ${epoch} goes back`]),
  ])
}

/** What was read back as asked for was asked for, and it is that weight. */
export function intentProblems(lines: readonly JournalLine[]): string[] {
  return lines
    .filter(({ kind }) => kind === 'applied')
    .flatMap(({ seq, document }) => {
      const intent = lines[Number(document['intent']) - 1]
      const isKnown = intent?.kind === 'intent' && intent.seq < seq
      if (!isKnown)
        return [`line ${seq}: applied without its intent (${String(document['intent'])})`]
      return intent.document['toBp'] === document['toBp']
        ? []
        : [`line ${seq}: applied ${String(document['toBp'])}, intent ${intent.seq} was not that`]
    })
}

/** From the journal alone, each decision comes out again, word for word. */
export function replayProblems(policy: Policy, lines: readonly JournalLine[]): string[] {
  return lines.flatMap((line, index) => {
    const moment = momentOf(line)
    if (moment === undefined) return []
    const { before, observation } = moment
    const decision = decide(policy, before, observation)
    const again = asStored(linesOf({ before, observation, decision }))
    const kept = lines
      .slice(index, index + again.length)
      .map(({ kind, actor, document }) => ({ kind, actor, document }))
    return isDeepStrictEqual(again, asStored(kept))
      ? []
      : [`line ${line.seq}: decided again, it is ${JSON.stringify(again).slice(0, 300)}`]
  })
}

/** A listener that comes back at any number gets exactly what it missed, each once. */
function eventProblems(world: World, id: string, lines: readonly JournalLine[]): string[] {
  const all = eventsAfter(world, id, 0)
  const expected = lines.filter(({ kind }) => !NO_EVENTS.has(kind)).map(({ seq }) => seq)
  const seqs = all.map(({ seq }) => seq)
  const problems: string[] = []
  if (!isDeepStrictEqual(seqs, expected)) {
    const missing = lines.filter(({ seq }) => expected.includes(seq) && !seqs.includes(seq))
    problems.push(`events ${seqs.length}, lines ${expected.length}; missing ${kindsOf(missing)}`)
  }
  for (let after = 0; after <= lines.length; after += 1) {
    const rest = all.filter(({ seq }) => seq > after)
    if (!isDeepStrictEqual(eventsAfter(world, id, after), rest)) {
      problems.push(`resumed at ${after}, the events are others`)
    }
  }
  return problems
}

function eventsAfter(world: World, id: string, after: number): NumberedRolloutEvent[] {
  const events: NumberedRolloutEvent[] = []
  const leave = world.observer.rollouts.watch(id, after, (event) => {
    if ('seq' in event) events.push(event)
  })
  leave()
  return events
}

function momentOf({
  document,
}: JournalLine): { before: RolloutState; observation: Observation } | undefined {
  const { moment } = document
  if (typeof moment !== 'object' || moment === null) return undefined
  // Our own writing, read back.
  return moment as { before: RolloutState; observation: Observation }
}

function asStored(lines: readonly NewLine[]): NewLine[] {
  return JSON.parse(JSON.stringify(lines)) as NewLine[]
}

function kindsOf(lines: readonly JournalLine[]): string {
  return lines.map(({ seq, kind }) => `${kind} ${seq}`).join(', ')
}
