/** Counts of what was sent, per arm: requests by status, latency quantiles, sessions. */

import { ARMS, type Arm } from '../core/arm.ts'
import type { ArmReport, Report } from '../core/contract/report.ts'
import type { Sample } from '../core/contract/sample.ts'
import { countInto, createSketch, findQuantile, mergeBins, type Bins } from './sketch.ts'

/** Plain data: survives JSON and structured clone. */
export interface ArmTally {
  readonly requests: number
  /** Second requests that were sent to learn the noise of answers, not among `requests`. */
  readonly repeats?: number
  readonly byStatus: Readonly<Record<string, number>>
  readonly latencyBins: Bins
  readonly sessions: number
  readonly sessionsCompleted: number
}
export type TallyState = Readonly<Partial<Record<Arm, ArmTally>>>

export interface Tally {
  /**
   * Blocked and aborted steps are left out: nothing was sent, or nothing was measured. Of repeats only
   * the number is kept.
   */
  add(sample: Sample): void
  /** A session ended in this arm; `completed` = all of its steps were carried out. */
  session(arm: Arm, completed: boolean): void
  merge(part: TallyState): void
  report(): Report['arms']
  requests(): number
  state(): TallyState
}

interface MutableTally {
  requests: number
  repeats: number
  readonly byStatus: Map<string, number>
  latencyBins: Bins
  sessions: number
  sessionsCompleted: number
}

export function createTally(restored: TallyState = {}): Tally {
  const arms = new Map<Arm, MutableTally>()

  function tallyOf(arm: Arm): MutableTally {
    const known = arms.get(arm)
    if (known !== undefined) return known
    const fresh = emptyTally()
    arms.set(arm, fresh)
    return fresh
  }

  function merge(part: TallyState): void {
    for (const arm of ARMS) {
      const from = part[arm]
      if (from === undefined) continue
      const into = tallyOf(arm)
      into.requests += from.requests
      into.repeats += from.repeats ?? 0
      into.sessions += from.sessions
      into.sessionsCompleted += from.sessionsCompleted
      into.latencyBins = mergeBins(into.latencyBins, from.latencyBins)
      for (const [status, count] of Object.entries(from.byStatus)) {
        into.byStatus.set(status, (into.byStatus.get(status) ?? 0) + count)
      }
    }
  }
  merge(restored)

  return {
    add(sample) {
      if (sample.outcome === 'blocked' || sample.outcome === 'aborted') return
      const tally = tallyOf(sample.arm)
      if (sample.repeat === true) {
        tally.repeats += 1
        return
      }
      // A request without an answer is counted by how it ended, so that the counts sum up.
      const status = String(sample.status ?? sample.outcome)
      tally.requests += 1
      tally.byStatus.set(status, (tally.byStatus.get(status) ?? 0) + 1)
      if (sample.latencyMs > 0) countInto(tally.latencyBins, sample.latencyMs)
    },
    session(arm, completed) {
      const tally = tallyOf(arm)
      tally.sessions += 1
      tally.sessionsCompleted += Number(completed)
    },
    merge,
    report: () => Object.fromEntries([...arms].map(([arm, tally]) => [arm, armReport(tally)])),
    requests: () => [...arms.values()].reduce((sum, tally) => sum + tally.requests, 0),
    state: () => Object.fromEntries([...arms].map(([arm, tally]) => [arm, armState(tally)])),
  }
}

function emptyTally(): MutableTally {
  return {
    requests: 0,
    repeats: 0,
    byStatus: new Map(),
    latencyBins: {},
    sessions: 0,
    sessionsCompleted: 0,
  }
}

function armState(tally: MutableTally): ArmTally {
  return {
    requests: tally.requests,
    ...repeatsOf(tally),
    byStatus: Object.fromEntries(tally.byStatus),
    latencyBins: { ...tally.latencyBins },
    sessions: tally.sessions,
    sessionsCompleted: tally.sessionsCompleted,
  }
}

function armReport(tally: MutableTally): ArmReport {
  const sketch = createSketch(tally.latencyBins)
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((q) => findQuantile(sketch, q))
  const byStatus = [...tally.byStatus].toSorted(([left], [right]) => (left < right ? -1 : 1))
  return {
    requests: tally.requests,
    byStatus: Object.fromEntries(byStatus),
    ...(p50Ms === undefined ? {} : { p50Ms: rounded(p50Ms) }),
    ...(p95Ms === undefined ? {} : { p95Ms: rounded(p95Ms) }),
    ...(p99Ms === undefined ? {} : { p99Ms: rounded(p99Ms) }),
    sessions: tally.sessions,
    sessionsCompleted: tally.sessionsCompleted,
    ...repeatsOf(tally),
  }
}

function repeatsOf({ repeats }: MutableTally): { readonly repeats?: number } {
  return repeats === 0 ? {} : { repeats }
}

/** A sketch knows about three figures; more would be made up. */
function rounded(milliseconds: number): number {
  return Number(milliseconds.toPrecision(3))
}
