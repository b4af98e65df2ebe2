/**
 * The course of a rollout as lines: one for each change of state or weight. Raises between which
 * nothing else happened are joined, and a state that lasts says now and then how it stands.
 */

import type {
  RolloutDocument,
  RolloutEvent,
  RolloutStateName,
} from '../../../core/contract/rollout.ts'
import type { TextStyle } from '../../../report/text.ts'
import { plainWeight } from '../../router-verb.ts'
import { directionOf, renderLine, renderMark, type Line } from './line.ts'
import { createMoves, type Move } from './moves.ts'
import { createRaises } from './raises.ts'
import { clockOf } from './timing.ts'
import { afterWeight, findingWords, type Sign } from '../words.ts'

export interface RolloutLines {
  /** The first line: where it stands before anything is told. */
  begin(document: RolloutDocument, text: string, nowMs: number): void
  show(event: RolloutEvent, nowMs: number): void
  /** What has waited for long enough is printed; to be called about once a second. */
  tick(nowMs: number): void
  /** Nothing follows: what waits is printed. */
  flush(nowMs: number): void
}

type BlockEvent = Extract<RolloutEvent, { kind: 'block' }>

/** What was printed last, and when something was told last. */
interface Last {
  readonly text: string
  /** Of the reason of the last move. */
  readonly code: string
  readonly atMs: number
  readonly phase: string
}

const STILL_EVERY_MS = 30_000
/** A rollout that climbs is told by its raises; where those are rare, by this. */
const CLIMBING_EVERY_MS = 5 * 60_000

/** @param say takes one line, or a few where it was wrapped, without the last line break */
export function createLines(
  id: string,
  style: TextStyle,
  say: (line: string) => void,
): RolloutLines {
  let place: Pick<Line, 'state' | 'weightBp'> = { state: 'pending', weightBp: 0 }
  let last: Last = { text: '', code: '', atMs: 0, phase: '' }
  const put = (at: number, line: Omit<Line, 'clock' | 'id'>): void => {
    place = { state: line.state, weightBp: line.weightBp }
    last = { ...last, text: line.text }
    say(renderLine({ clock: clockOf(at), id, ...line }, style))
  }
  const raises = createRaises((move, more) => put(Date.parse(move.at), lineOf(move, more)))
  const moves = createMoves((move, nowMs) => {
    if (isRoutine(move, last, nowMs)) return
    last = { ...last, atMs: nowMs, code: move.code }
    raises.take(move, nowMs)
  })
  const flush = (nowMs: number): void => {
    moves.flush(nowMs)
    raises.flush()
  }
  const mark = (at: string, text: string, sign: Sign): void => {
    say(renderMark({ clock: clockOf(Date.parse(at)), id, text }, sign, style))
  }
  const note = (at: string, text: string): void => {
    if (text === last.text) return
    raises.flush()
    put(Date.parse(at), { ...place, direction: 'level', text })
  }
  const stand = (event: BlockEvent, nowMs: number): void => {
    const text = standingText(event.document, last, nowMs)
    if (text === undefined) return
    last = { ...last, atMs: nowMs, phase: event.document.load?.phase ?? '' }
    note(event.at, text)
  }
  return {
    begin({ state, weightBp, reason }, text, nowMs) {
      put(nowMs, { state, weightBp, text })
      last = { ...last, atMs: nowMs, code: reason.code }
      raises.begin(nowMs)
    },
    show(event, nowMs) {
      if (event.kind === 'reading') return
      if (event.kind === 'block') {
        stand(event, nowMs)
        return
      }
      if (event.kind === 'state' || event.kind === 'weight') {
        moves.take(event, nowMs)
        return
      }
      last = { ...last, atMs: nowMs }
      if (event.kind === 'note') moves.flush(nowMs)
      else flush(nowMs)
      if (event.kind === 'note') note(event.at, event.reason.message)
      if (event.kind === 'finding') mark(event.at, findingWords(event.finding), RED)
      if (event.kind === 'alert') mark(event.at, event.title, YELLOW)
    },
    tick(nowMs) {
      moves.tick(nowMs)
      raises.tick(nowMs)
    },
    flush,
  }
}

const RED: Sign = { sign: '✖', mark: 'red' }
const YELLOW: Sign = { sign: '!', mark: 'yellow' }

/** What was said before: a tick that holds for the same reason, a weight that is asked for again. */
function isRoutine(move: Move, last: Last, nowMs: number): boolean {
  if (move.weight === 'asked') return textOf(move) === last.text
  if (move.weight === 'read-back' || move.isNewState || move.code !== last.code) return false
  return nowMs - last.atMs < everyMs(move.state)
}

/** How it stands, where that is due: at each phase of the gate, and every so often. */
function standingText(
  document: BlockEvent['document'],
  last: Last,
  nowMs: number,
): string | undefined {
  const { state, sentence, load } = document
  const text = afterWeight(sentence, state)
  if (load?.phase === 'down' && load.message !== undefined && last.phase !== 'down') {
    return `no synthetic load: ${load.message}`
  }
  if (state === 'probing' && load !== undefined && load.phase !== last.phase) {
    return `${load.phase}: ${text}`
  }
  return nowMs - last.atMs >= everyMs(state) ? text : undefined
}

function everyMs(state: RolloutStateName): number {
  return state === 'ramping' ? CLIMBING_EVERY_MS : STILL_EVERY_MS
}

function lineOf(move: Move, more = ''): Omit<Line, 'clock' | 'id'> {
  const { state, fromBp, toBp } = move
  // What was only asked for is not where the weight is.
  const weightBp = move.weight === 'asked' ? fromBp : toBp
  return { state, weightBp, direction: directionOf(fromBp, toBp), text: `${textOf(move)}${more}` }
}

function textOf({ weight, toBp, message }: Move): string {
  if (weight === 'kept') return message
  if (weight === 'read-back')
    return message.includes('read back') ? message : `${message}, read back`
  return `${message}; ${plainWeight(toBp)} is asked for and not read back yet`
}
