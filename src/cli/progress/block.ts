/** The live block of a probe: a fixed number of lines, drawn over themselves. */

import type { ActionReport } from '../../core/contract/report.ts'
import type { ProbeEvent, ProbePhase, ProbeProgress } from '../../outrider.ts'
import { clip, padEnd, padStart, widthOf } from '../../report/columns.ts'
import { NARROW_SPACE, formatCount, formatEffect, formatSeconds } from '../../report/numbers.ts'
import { paint, plainText, type TextStyle } from '../../report/text.ts'
import { METRIC_WORDS, actionName } from '../../report/words.ts'
import type { FollowedProbe, Progress } from './progress.ts'
import type { Terminal } from '../terminal.ts'

const MOST_ROWS = 8
/** Two lines above the rows, a blank one, and two below. */
const OTHER_LINES = 5

export interface BlockState {
  readonly run: Pick<FollowedProbe, 'id' | 'name' | 'addresses' | 'seed'>
  /** How long each phase that is over took. */
  readonly over: ReadonlyMap<ProbePhase, number>
  readonly phase: ProbePhase
  readonly progress?: ProbeProgress
  readonly plannedRate: number
  /** Lines for actions, whatever their number now. */
  readonly rows: number
}

export function createBlock(terminal: Terminal, running: FollowedProbe): Progress {
  const over = new Map<ProbePhase, number>()
  let phase: ProbePhase = 'warm-up'
  let progress: ProbeProgress | undefined
  let drawn = 0
  const wipe = (): void => {
    if (drawn > 0) terminal.err(`\u001B[${drawn}A\u001B[0J`)
    drawn = 0
  }
  const draw = (): void => {
    const { columns, rows: height } = terminal.size()
    const rows = Math.min(MOST_ROWS, running.plan.actions.length, height - OTHER_LINES - 1)
    const state: BlockState = {
      run: running,
      over,
      phase,
      plannedRate: running.plan.rate,
      rows: Math.max(1, rows),
      ...(progress === undefined ? {} : { progress }),
    }
    const lines = renderBlock(state, terminal.errStyle, Math.min(80, columns - 1))
    wipe()
    terminal.err(`${lines.join('\n')}\n`)
    drawn = lines.length
  }
  return {
    show(event: ProbeEvent) {
      if (event.kind === 'state') {
        if (event.phase !== phase) over.set(phase, progress?.phaseSeconds ?? 0)
        phase = event.phase
      }
      if (event.kind === 'block') progress = event.progress
      if (event.kind === 'state' || event.kind === 'block') draw()
    },
    end: wipe,
  }
}

/** Lines of the block, always `rows + 5` of them, none wider than `width`. */
export function renderBlock(state: BlockState, style: TextStyle, width: number): string[] {
  const rows = renderRows(state, style, width)
  while (rows.length < state.rows + 1) rows.push('')
  return [
    headOf(state, style, width),
    phasesOf(state, style, width),
    '',
    ...rows,
    footOf(state, style, width),
  ].map((line) => line.replaceAll(NARROW_SPACE, ' '))
}

function headOf({ run }: BlockState, style: TextStyle, width: number): string {
  const title = plainText(`Probe ${run.id}`, style)
  const hosts = Object.entries(run.addresses).map(([arm, url]) => [arm, hostOf(url)] as const)
  // A run without a name of its own is called after its canary, which stands there anyway.
  const isNamed = hosts.every(([, host]) => host !== run.name)
  const name = isNamed ? `  ${plainText(clip(run.name, 30), style)}` : ''
  const facts = [...hosts.map((pair) => pair.join(' ')), `seed ${run.seed}`].join('  ')
  const room = Math.max(1, width - title.length - widthOf(name) - 2)
  const rest = clip(plainText(facts, style), room, style.unicode ? '…' : '~')
  return `${paint('bold', title, style)}${name}  ${paint('dim', rest, style)}`
}

function hostOf(url: string | undefined): string {
  return url !== undefined && URL.canParse(url) ? new URL(url).host || url : (url ?? '')
}

function phasesOf(state: BlockState, style: TextStyle, width: number): string {
  const { over, phase, progress } = state
  const past = [...over].map(
    ([name, seconds]) =>
      `${name} ${paint('green', plainText('✔', style), style)} ${formatSeconds(seconds)}`,
  )
  const left = progress?.remainingSeconds
  const seconds = progress === undefined ? 0 : progress.phaseSeconds
  const limit = progress?.phaseLimitSeconds
  const about = left === undefined ? undefined : seconds + left
  const bound =
    limit === undefined
      ? ''
      : about !== undefined && about < limit && phase === 'load'
        ? ` of about ${formatSeconds(about)}`
        : ` of at most ${formatSeconds(limit)}`
  const now = `${formatSeconds(seconds)}${bound}`
  const plainLength = widthOf([...past, `${phase} ${now}`].join('   '))
  const line = [...past, `${paint('bold', phase, style)} ${plainText(now, style)}`].join('   ')
  return plainLength > width + 30 ? paint('bold', phase, style) : line
}

interface Line {
  readonly verdict: string
  readonly action: string
  readonly effect: string
  readonly count: string
  readonly rest: string
  readonly entry: ActionReport
}

const ORDER = ['regressed', 'inconclusive', 'healthy'] as const
const SIGNS = { regressed: '✖', healthy: '✔', inconclusive: '?' } as const
const MARKS = { regressed: 'red', healthy: 'green', inconclusive: undefined } as const

function renderRows(state: BlockState, style: TextStyle, width: number): string[] {
  // The order changes with a verdict only, so that no row jumps from second to second.
  const actions = ORDER.flatMap((verdict) =>
    (state.progress?.actions ?? []).filter((entry) => entry.verdict === verdict),
  )
  const lines = actions.slice(0, state.rows).map((entry) => lineOf(entry, style))
  const action = Math.min(24, widest(lines.map((line) => line.action)))
  const effect = widest(lines.map((line) => line.effect))
  const count = widest(lines.map((line) => line.count))
  const rows = lines.map((line) => {
    const { verdict } = line.entry
    const sign = `${paint(MARKS[verdict], line.verdict, style)}${' '.repeat(14 - line.verdict.length)}`
    const name = padEnd(clip(line.action, action, style.unicode ? '…' : '~'), action)
    const taken = 2 + 14 + 2 + action + 2 + effect + 2
    const end = clip(`${padStart(line.count, count)} ${line.rest}`, Math.max(1, width - taken))
    const dim = verdict === 'inconclusive' ? 'dim' : undefined
    return `  ${sign}  ${name}  ${padEnd(line.effect, effect)}  ${paint(dim, end, style)}`
  })
  const more = ORDER.flatMap((verdict) => {
    const left = actions.slice(state.rows).filter((entry) => entry.verdict === verdict).length
    return left === 0 ? [] : [`${left} more ${verdict}`]
  })
  return more.length === 0 ? rows : [...rows, `  ${paint('dim', more.join(', '), style)}`]
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(widthOf))
}

function lineOf(entry: ActionReport, style: TextStyle): Line {
  const { verdict, need, pairs, metrics } = entry
  const effect = metrics.find((metric) => metric.metric === 'latency_typical')?.effect
  const text = (value: string): string => plainText(value, style)
  const needed = verdict === 'inconclusive' ? need : undefined
  return {
    entry,
    verdict: text(`${SIGNS[verdict]} ${verdict}`),
    action: text(actionName(entry.action)),
    effect: text(effect === undefined ? '' : formatEffect(effect)),
    count: text(formatCount(needed === undefined ? pairs : Math.ceil(needed.pairs))),
    rest: needed === undefined ? 'pairs' : `more pairs, ${METRIC_WORDS[needed.metric]}`,
  }
}

function footOf({ progress, plannedRate }: BlockState, style: TextStyle, width: number): string {
  const parts: string[] = []
  if (progress?.remainingSeconds !== undefined && progress.remainingSeconds >= 1) {
    parts.push(`about ${formatSeconds(progress.remainingSeconds)} left`)
  }
  if (progress !== undefined) {
    const rate = progress.deliveredRate.toFixed(1)
    parts.push(`${rate} of ${formatCount(progress.plannedRate || plannedRate)} pairs/s`)
  }
  parts.push('Ctrl-C: partial report')
  return paint('dim', clip(plainText(parts.join(' · '), style), width), style)
}
