/** A rollout as facts, its ladder and its latest history; and the list of rollouts. */

import type {
  HistoryEntry,
  RolloutDocument,
  RolloutOutline,
  Rung,
} from '../../../core/contract/rollout.ts'
import { clip, padEnd, padStart, widthOf, wrap } from '../../../report/columns.ts'
import { NARROW_SPACE, formatCount } from '../../../report/numbers.ts'
import { paint, plainText, type TextStyle } from '../../../report/text.ts'
import { plainWeight } from '../../router-verb.ts'
import { directionOf, renderLine, renderMark } from '../course/line.ts'
import { renderSentences } from './sentence.ts'
import { countdownTo, whenOf } from '../course/timing.ts'
import { ENDS, readingWords, stateWords, timesWords } from '../words.ts'

const LABEL = 11
const WIDTH = 79
const HISTORY = 10

/** Ends with the sentence. */
export function renderStatus(document: RolloutDocument, nowMs: number, style: TextStyle): string {
  const { id, name, version, ladder = [], history } = document
  const title = [name, ...(version === undefined || name.includes(version) ? [] : [version])]
  const head = `${paint('bold', plainText(`Rollout ${id}`, style), style)}  ${plainText(title.join(' '), style)}`
  const facts = factsOf(document, nowMs).flatMap((fact) => renderFact(fact, style))
  const rungs = ladder.flatMap((rung) => renderRung(rung, style))
  const past = withWeights(history)
    .slice(-HISTORY)
    .map((entry) => renderEntry(entry, nowMs, style))
  const parts = [[head, ...facts], rungs, past, renderSentences(document, style)]
  const text = parts.filter((part) => part.length > 0).map((part) => part.join('\n'))
  return `${text.join('\n\n')}\n`.replaceAll(NARROW_SPACE, ' ')
}

/** What the router says is known to the process that asks it. */
const NOT_ASKED = 'not known: only the process that controls it asks the router'

type Fact = readonly [label: string, text: string]

function factsOf(document: RolloutDocument, nowMs: number): Fact[] {
  const { target, router, state, verdict, intendedBp, episode, episodes, startedBy } = document
  const { reading, nextDecisionAt, startedAt, endedAt, evidence, controlled } = document
  const isOpen = !ENDS.has(state)
  const when = reading === undefined ? '' : ` at ${whenOf(reading.at, nowMs)}`
  return [
    ['target', `${target}, router ${router}`],
    ['state', `${stateWords(state)}, ${verdict}, episode ${episode + 1} of ${episodes}`],
    ['intended', plainWeight(intendedBp)],
    ['read', reading === undefined ? NOT_ASKED : `${readingWords(document)}${when}`],
    ['observed', observedWords(document)],
    ...liveFacts(document),
    ...loadFacts(document),
    ...(evidence === undefined
      ? []
      : [
          [
            'evidence',
            `${timesWords(evidence.lnRun)} of ${timesWords(evidence.lnThreshold)}`,
          ] as const,
        ]),
    ...(nextDecisionAt === undefined || !isOpen
      ? []
      : [
          [
            'next',
            `${whenOf(nextDecisionAt, nowMs)}, ${countdownTo(nextDecisionAt, nowMs)}`,
          ] as const,
        ]),
    ['started', `${whenOf(startedAt, nowMs)} by ${startedBy}`],
    ...(endedAt === undefined ? [] : [['ended', whenOf(endedAt, nowMs)] as const]),
    ...(isOpen && !controlled
      ? [
          [
            'controlled',
            `by nobody, so it stands still: outrider rollout resume ${document.id}`,
          ] as const,
        ]
      : []),
  ]
}

function observedWords({ observedBp, observed }: RolloutDocument): string {
  if (observedBp === undefined) return 'not known'
  if (observed === undefined) return plainWeight(observedBp)
  const { lowBp, highBp, requests, users } = observed
  const of = users === undefined ? '' : ` of ${formatCount(users)} users`
  const range = `${lowBp / 100}–${highBp / 100}`
  return `${plainWeight(observedBp)} (${range}) of ${formatCount(requests)} requests${of}`
}

function liveFacts({ live }: RolloutDocument): Fact[] {
  if (live === undefined) return []
  const arms = (['baseline', 'canary'] as const).flatMap((name) => {
    const arm = live[name]
    if (arm === undefined) return []
    const { requests, serverErrors } = arm
    return [`${name} ${formatCount(requests)} requests, ${formatCount(serverErrors)} failed`]
  })
  const words = live.kind === 'too-few' ? 'too few requests to say' : live.kind
  const why = live.message === undefined ? [] : [live.message]
  return [['live', [`${words} over ${live.windowSeconds} s`, ...arms, ...why].join('; ')]]
}

function loadFacts({ load }: RolloutDocument): Fact[] {
  if (load === undefined) return []
  const { phase, deliveredRate, plannedRate, pairs, unequalLoad, message } = load
  const rate = `${Number(deliveredRate.toFixed(1))} of ${Number(plannedRate.toFixed(1))} pairs/s`
  const parts = [`${phase}: ${rate}, ${formatCount(pairs)} pairs`]
  if (unequalLoad) parts.push('latencies do not count, the live load is unequal')
  if (message !== undefined) parts.push(message)
  return [['load', parts.join('; ')]]
}

function renderFact([label, text]: Fact, style: TextStyle): string[] {
  const lines = wrap(plainText(text, style), WIDTH - 2 - LABEL)
  return lines.map((line, index) => `  ${padEnd(index === 0 ? label : '', LABEL)}${line}`)
}

/** The rung that holds now has the mark; each condition says whether it is met. */
function renderRung({ kind, now, title, conditions }: Rung, style: TextStyle): string[] {
  const text = plainText(`${now ? '>' : ' '} ${kind} ${title}`, style)
  return [
    now ? paint('bold', text, style) : text,
    ...conditions.flatMap(({ text: condition, value, holds }) => {
      const sign = plainText(holds ? '✔' : '-', style)
      const words = value === undefined ? condition : `${condition}: ${value}`
      const lines = wrap(plainText(words, style), WIDTH - 6)
      return lines.map((line, index) => `    ${index === 0 ? sign : ' '} ${line}`)
    }),
  ]
}

interface Placed {
  readonly entry: HistoryEntry
  /** Where the weight was after it. */
  readonly weightBp: number
}

/**
 * An entry that moves nothing stands at the weight of the last one that did. A state that changes
 * with its weight is told by the weight.
 */
function withWeights(history: readonly HistoryEntry[]): Placed[] {
  let weightBp = history.find(({ fromBp }) => fromBp !== undefined)?.fromBp ?? 0
  return history.flatMap((entry, index) => {
    const next = history[index + 1]
    weightBp = entry.toBp ?? weightBp
    const isToldByNext =
      entry.kind === 'state' &&
      next?.kind === 'weight' &&
      next.state === entry.state &&
      next.reason.code === entry.reason.code
    return isToldByNext ? [] : [{ entry, weightBp }]
  })
}

function renderEntry({ entry, weightBp }: Placed, nowMs: number, style: TextStyle): string {
  const { at, kind, state, fromBp, actor, reason, verified } = entry
  const clock = whenOf(at, nowMs)
  const by = actor === 'policy' || reason.message.includes(actor) ? '' : ` (${actor})`
  const text = `${reason.message}${by}`
  if (kind === 'finding') return renderMark({ clock, text }, { sign: '✖', mark: 'red' }, style)
  if (kind === 'alert') return renderMark({ clock, text }, { sign: '!', mark: 'yellow' }, style)
  const read = kind !== 'weight' ? '' : verified === true ? ', read back' : ', not read back'
  const direction = directionOf(fromBp ?? weightBp, weightBp)
  return renderLine({ clock, state, weightBp, direction, text: `${text}${read}` }, style)
}

const NAME_MOST = 20

/** A table; newest first. */
export function renderList(
  rollouts: readonly RolloutOutline[],
  hasMore: boolean,
  nowMs: number,
  style: TextStyle,
): string {
  if (rollouts.length === 0) {
    return 'No rollouts yet: outrider rollout start NAME --target T --router R\n'
  }
  const cells = (rollout: RolloutOutline): string[] => [
    plainText(rollout.id, style),
    stateCell(rollout),
    plainWeight(rollout.weightBp),
    clip(plainText(rollout.router, style), 12, style.unicode ? '…' : '~'),
    clip(plainText(rollout.name, style), NAME_MOST, style.unicode ? '…' : '~'),
    whenOf(rollout.startedAt, nowMs),
  ]
  const table = [['id', 'state', 'weight', 'router', 'name', 'started'], ...rollouts.map(cells)]
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => widthOf(row[column] ?? ''))),
  )
  const lines = table.map((row) => {
    const padded = row.map((cell, column) =>
      (column === WEIGHT_COLUMN ? padStart : padEnd)(cell, widths[column] ?? 0),
    )
    return `  ${padded.join('  ')}`.trimEnd()
  })
  const open = rollouts.filter(({ state }) => !ENDS.has(state)).length
  const count = `${rollouts.length} ${rollouts.length === 1 ? 'rollout' : 'rollouts'}`
  const more = hasMore ? ', and more than shown' : ''
  return `${lines.join('\n')}\n${count}, ${open} not over${more}\n`.replaceAll(NARROW_SPACE, ' ')
}

const WEIGHT_COLUMN = 2

/** What stands still because nobody controls it is said where it is looked for first. */
function stateCell({ state, controlled }: RolloutOutline): string {
  return ENDS.has(state) || controlled ? stateWords(state) : `${stateWords(state)}, uncontrolled`
}
