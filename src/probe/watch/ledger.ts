/**
 * Tells one process from the next: when counters fall, or what was added up is something else, the
 * readings go on under another name, so that nobody subtracts across a restart.
 */

import type { Said, Usage } from './meter.ts'

export interface Entry {
  /** Without time and arm; the name is that of the reading. */
  readonly usage: Omit<Usage, 'startedAt' | 'members'>
  /** Whether this is another process than the one that was read before. */
  readonly isRestart: boolean
}

export interface Ledger {
  /** What is new in an answer. */
  admit(said: Said): Entry[]
}

interface Known {
  last: Usage
  restarts: number
}

/** Different names over a run; behind them come pods that were replaced for hours. */
const MOST_INSTANCES = 10_000
/** A start time that is computed anew at each scrape may wander by a second. */
const SAME_START_SECONDS = 2

export function createLedger(): Ledger {
  const known = new Map<string, Known>()
  return {
    admit: ({ usages, mayRepeat, countsRequests }) =>
      usages.flatMap((told) => {
        const before = known.get(told.instance)
        const usage = countsRequests ? withRequests(told, before?.last) : told
        if (usage === undefined) return []
        if (before === undefined) {
          if (known.size >= MOST_INSTANCES) return []
          known.set(usage.instance, { last: usage, restarts: 0 })
          return [entryOf(usage, usage.instance, false)]
        }
        if (mayRepeat && isSame(before.last, usage)) return []
        const isRestart = isAnother(before.last, usage)
        // What is not told for once is still the last that is known.
        before.last = { ...before.last, ...usage }
        if (isRestart) before.restarts += 1
        const { restarts } = before
        const name = restarts === 0 ? usage.instance : `${usage.instance}#${restarts + 1}`
        return [entryOf(usage, name, isRestart)]
      }),
  }
}

/**
 * A counter that has not counted yet is often not shown: it stands at 0. One that was shown before
 * is missing by mistake, and CPU without its requests would belong to nothing.
 */
function withRequests(usage: Usage, last: Usage | undefined): Usage | undefined {
  if (usage.requests !== undefined) return usage
  const isFresh = last === undefined || (last.requests ?? 0) === 0 || isAnother(last, usage)
  return isFresh ? { ...usage, requests: 0 } : undefined
}

function entryOf(usage: Usage, instance: string, isRestart: boolean): Entry {
  const { startedAt: _startedAt, members: _members, ...rest } = usage
  return { usage: { ...rest, instance }, isRestart }
}

function isSame(before: Usage, now: Usage): boolean {
  return (
    before.cpuSeconds === now.cpuSeconds &&
    before.rssBytes === now.rssBytes &&
    before.requests === now.requests
  )
}

function isAnother(before: Usage, now: Usage): boolean {
  const isLater = Math.abs((now.startedAt ?? 0) - (before.startedAt ?? 0)) > SAME_START_SECONDS
  return (
    fell(before.cpuSeconds, now.cpuSeconds) ||
    fell(before.requests, now.requests) ||
    (before.startedAt !== undefined && now.startedAt !== undefined && isLater) ||
    (now.members !== undefined && before.members !== now.members)
  )
}

function fell(before: number | undefined, now: number | undefined): boolean {
  return before !== undefined && now !== undefined && now < before
}
