/**
 * A running probe on the terminal. A terminal gets one block of fixed height, redrawn with each
 * event and wiped before the final table; anything else gets lines: one per phase and verdict, and
 * one every thirty seconds.
 */

import type { ActionReport, Finding } from '../../core/contract/report.ts'
import type { ProbeEvent, ProbeProgress, RunningProbe } from '../../outrider.ts'
import { formatCount, formatEffect } from '../../report/numbers.ts'
import { METRIC_WORDS, actionName } from '../../report/words.ts'
import { toAscii } from '../../report/escape.ts'
import { plainText } from '../../report/text.ts'
import { createBlock } from './block.ts'
import type { Terminal } from '../terminal.ts'

export interface Progress {
  show(event: ProbeEvent): void
  /** Wipes what stands in the way of the result. */
  end(): void
}

/** A probe that runs, here or at a server, as far as it is shown and waited for. */
export interface FollowedProbe extends Pick<
  RunningProbe,
  'id' | 'name' | 'addresses' | 'seed' | 'watch' | 'stop' | 'done'
> {
  readonly plan: { readonly rate: number; readonly actions: readonly unknown[] }
}

export function createProgress(terminal: Terminal, running: FollowedProbe): Progress {
  return terminal.errIsTty ? createBlock(terminal, running) : createLines(terminal, running.id)
}

const LINE_EVERY_SECONDS = 30

/** Lines for logs: ASCII, each with time and run. */
export function createLines(terminal: Pick<Terminal, 'err'>, run: string): Progress {
  const verdicts = new Map<string, ActionReport['verdict']>()
  let lastLineSeconds = 0
  const say = (at: string, text: string): void => {
    const line = toAscii(plainText(text, { colour: false, unicode: true }))
    terminal.err(`${clockOf(at)} ${run} ${line}\n`)
  }
  const sayNews = (at: string, progress: ProbeProgress): void => {
    for (const action of progress.actions) {
      const before = verdicts.get(action.action) ?? 'inconclusive'
      verdicts.set(action.action, action.verdict)
      if (action.verdict === 'healthy' && before !== 'healthy') say(at, healthyLine(action))
    }
    if (progress.seconds - lastLineSeconds < LINE_EVERY_SECONDS) return
    lastLineSeconds = progress.seconds
    say(at, progress.sentence)
  }
  return {
    show(event) {
      if (event.kind === 'state') say(event.at, event.message)
      if (event.kind === 'block') sayNews(event.at, event.progress)
      if (event.kind === 'finding') say(event.at, findingLine(event.finding))
    },
    end() {},
  }
}

function healthyLine(action: ActionReport): string {
  const typical = action.metrics.find((metric) => metric.metric === 'latency_typical')?.effect
  const effect = typical === undefined ? '' : ` ${formatEffect(typical)},`
  return `healthy: ${actionName(action.action)}${effect} ${formatCount(action.pairs)} pairs`
}

function findingLine(finding: Finding): string {
  const effect = finding.effect === undefined ? '' : ` ${formatEffect(finding.effect)},`
  return `regressed: ${actionName(finding.action)}${effect} ${METRIC_WORDS[finding.metric]}`
}

/** `14:02:11`, local time. */
function clockOf(at: string): string {
  const date = new Date(at)
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}
