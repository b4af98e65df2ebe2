/** What is to be said of a generation beside its figures: why it stopped, and who was too slow. */

import type { Reason } from '../../core/contract/report.ts'
import { limitWords } from '../../core/wire/connection-limit.ts'
import type { WaitSpan } from './wait-span.ts'

/** As in a probe: a loop that lags behind by this, and by this share of the median answer. */
const LAG_MS = 10
const LAG_SHARE_OF_MEDIAN = 0.2
const NOT_SENT_SHARE = 0.05
const HELD_SHARE = 0.05
/** Seconds: fewer may all be those in which everything starts. */
const LEAST_READINGS = 5
/** A thread that computes for so much of its time sends no faster. */
const BUSY_CPU = 0.95

export interface Strains {
  readonly seconds: number
  /** Of each second the worst thread's. */
  readonly lagsMs: readonly number[]
  readonly cpus: readonly number[]
  readonly due: number
  readonly notSent: number
  readonly heldSeconds: number
  readonly medianServiceMs: number | undefined
}

/** Why the generator, and not the target, set the pace; empty if it did not. */
export function bottleneckReasons(strains: Strains): Reason[] {
  const { seconds, due, notSent, heldSeconds, medianServiceMs } = strains
  const isLong = strains.lagsMs.length >= LEAST_READINGS
  const lagMs = isLong ? medianOf(strains.lagsMs) : 0
  const cpu = isLong ? medianOf(strains.cpus) : 0
  const said: string[] = []
  if (
    medianServiceMs !== undefined &&
    lagMs > LAG_MS &&
    lagMs > LAG_SHARE_OF_MEDIAN * medianServiceMs
  ) {
    said.push(
      `its event loop lagged ${lagMs.toFixed(1)} ms, the median answer took ${medianServiceMs.toFixed(1)} ms`,
    )
  }
  if (cpu >= BUSY_CPU) said.push(`a thread of it computed for ${percent(cpu)} of the time`)
  if (seconds > 0 && heldSeconds > HELD_SHARE * seconds) {
    said.push(`it waited ${percent(heldSeconds / seconds)} of the time for samples to be written`)
  }
  if (notSent > NOT_SENT_SHARE * due) {
    said.push(`it did not send ${percent(notSent / due)} of ${due} due steps`)
  }
  return said.map((what) => ({
    code: 'generator-bottleneck',
    message: `the generator itself was the bottleneck: ${what}`,
  }))
}

export function breakerReason(seconds: number): Reason {
  const when = `after ${seconds.toFixed(1)} s`
  return {
    code: 'breaker',
    message: `the traffic was stopped ${when}: half of the requests failed`,
  }
}

/** That the limit of connections was reached, what it means for the figures, and what can be done. */
export function waitReason({ limit, requests, unsent, fromSeconds, toSeconds }: WaitSpan): Reason {
  const lost = unsent === 0 ? '' : `, ${unsent} of them in vain (they were never sent)`
  return {
    code: 'connection-limit',
    message:
      `the limit of connections was reached from ${fromSeconds.toFixed(1)} s to ` +
      `${toSeconds.toFixed(1)} s: ${requests} requests waited for one${lost}, and their latencies ` +
      `are left out; ${limitWords(limit)}`,
  }
}

/** That the target asked for pauses; empty if it did not. */
export function pauseReasons(seconds: number): Reason[] {
  if (seconds === 0) return []
  const message = `the target asked for pauses (Retry-After): nothing new was sent for ${seconds.toFixed(1)} s`
  return [{ code: 'target-paused', message }]
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
