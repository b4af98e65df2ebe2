/**
 * Cause and victim: which of the actions that were named under load are slow by themselves, and
 * which only waited behind another one in the same process (STATISTICS 5).
 *
 * Idea: the action with the largest mean excess in milliseconds is a cause: whoever waits behind it
 * waits for less than all of it. The others are judged again on their clean pairs, those that met no
 * request of a cause. Who still alarms there is another cause, and its requests make pairs dirty as
 * well; who is proven to be well there is a victim; of the rest it cannot be said.
 * The mean, not the total: a frequent victim waits longer in total than a rare cause works.
 *
 * Limits: a label, without any guarantee. The cause is chosen on the same data, clean pairs are few
 * where the cause is frequent or slow, and what a cause holds up for longer than its own latency (a
 * queue that it leaves behind, a cache that it emptied) still counts against the others.
 */

import type { Finding } from '../../core/contract/report.ts'
import { RARE_POOL, WHOLE_SERVICE, type Metric, type Role } from '../../core/verdict.ts'
import { hasLatency, inTime, judgeAgain, medianOf, type RememberedPair } from './again.ts'
import { createWindows, type Windows } from './windows.ts'

/** The remembered pairs of an action of the plan, or of all together for `*`. */
export type RowsOf = (action: string) => readonly RememberedPair[]

export interface SeparateOptions {
  readonly alphaHealthy: number
  readonly seed: number
  /** Latencies closer than this are not told apart: the least margin, in milliseconds. */
  readonly floorMs: number
  /** Seconds from the start of the run at which the load phase began. */
  readonly fromSeconds: number
}

export interface Separation {
  /** Left out where it cannot be said. */
  readonly role?: Role
  /** The causes that the clean pairs met no request of. */
  readonly causes: readonly string[]
  /** Pairs of the action under load, and how many of them are clean. */
  readonly pairs: number
  readonly cleanPairs: number
}

/** What a queue changes; an answer that differs or a figure of the process is nobody's victim. */
const SEPARABLE: ReadonlySet<Metric> = new Set(['latency_typical', 'latency_tail', 'errors'])
/** What a victim is proven to stay within; failures as of an action with as few pairs as are clean. */
const WELL = { typical: 0.1, errors: 0.05 }
/** A tail says nothing before its thresholds are known. */
const LEAST_FOR_TAIL = 100

/** What a finding is known by among those of a run. */
export function findingKey({ action, metric, phase, episode, rule }: Finding): string {
  return JSON.stringify([action, metric, phase, episode, rule])
}

/**
 * What can be said of the findings under load, by `findingKey`; findings that it does not know keep
 * the role they have, as those of a quiet phase do, where no request meets another.
 */
export function separate(
  findings: readonly Finding[],
  rowsOf: RowsOf,
  options: SeparateOptions,
): ReadonlyMap<string, Separation> {
  const known = [...new Set(findings.filter(isQuietCause).map(({ action }) => action))]
  const suspects = suspectsOf(findings, known, rowsOf, options)
  const windows = createWindows()
  for (const action of known) windows.add(action, rowsUnderLoad(rowsOf, action, options))
  const separations = new Map<string, Separation>()
  const open = suspects.filter((suspect) => {
    const isFirst = windows.actions().length === 0
    if (!isFirst && !isCause(suspect, windows, options)) return true
    for (const finding of suspect.findings) {
      // Where nobody else was named, "only under load" says more than "cause".
      const kept = isFirst && suspects.length === 1 ? finding.role : undefined
      separations.set(findingKey(finding), separationOf(suspect, windows, kept ?? 'cause'))
    }
    windows.add(suspect.action, suspect.pairs)
    return false
  })
  // Only now all causes are known, and with them which pairs are clean.
  for (const suspect of open) {
    for (const finding of suspect.findings.filter(({ metric }) => SEPARABLE.has(metric))) {
      const role = isVictim(suspect, finding, windows, options) ? 'victim' : undefined
      separations.set(findingKey(finding), separationOf(suspect, windows, role))
    }
  }
  return separations
}

function separationOf({ pairs }: Suspect, windows: Windows, role: Role | undefined): Separation {
  return {
    ...(role === undefined ? {} : { role }),
    causes: windows.actions(),
    pairs: pairs.length,
    cleanPairs: pairs.filter(isCleanIn(windows)).length,
  }
}

/** The fixed rule first, then causes, then those of which nothing is known, victims last. */
export function rankOf({ rule, role }: Pick<Finding, 'rule' | 'role'>): number {
  if (rule === 'critical') return 3
  if (role === 'cause') return 2
  return role === 'victim' ? 0 : 1
}

function isQuietCause({ phase, role }: Finding): boolean {
  return phase === 'quiet' && role === 'cause'
}

/** An action that was named under load. */
interface Suspect {
  readonly action: string
  readonly findings: readonly Finding[]
  /** In time order. */
  readonly pairs: readonly RememberedPair[]
  readonly meanExcessMs: number
}

/** The largest mean excess first. */
function suspectsOf(
  findings: readonly Finding[],
  known: readonly string[],
  rowsOf: RowsOf,
  options: SeparateOptions,
): Suspect[] {
  const named = new Map<string, Finding[]>()
  for (const finding of findings) {
    const { action, phase, rule } = finding
    const isOne = action !== WHOLE_SERVICE && action !== RARE_POOL && rule === 'evidence'
    if (!isOne || phase !== 'load' || known.includes(action)) continue
    const others = named.get(action)
    if (others === undefined) named.set(action, [finding])
    else others.push(finding)
  }
  return [...named]
    .filter(([, its]) => its.some(({ metric }) => SEPARABLE.has(metric)))
    .map(([action, its]) => {
      const pairs = rowsUnderLoad(rowsOf, action, options)
      return { action, findings: its, pairs, meanExcessMs: meanExcessOf(pairs) }
    })
    .toSorted((left, right) => right.meanExcessMs - left.meanExcessMs)
}

function rowsUnderLoad(
  rowsOf: RowsOf,
  action: string,
  { fromSeconds }: SeparateOptions,
): RememberedPair[] {
  return inTime(rowsOf(action).filter(({ at }) => at >= fromSeconds))
}

/** Canary minus baseline in milliseconds, on average; −∞ where no latency can be compared. */
function meanExcessOf(pairs: readonly RememberedPair[]): number {
  const measured = pairs.filter(hasLatency)
  if (measured.length === 0) return -Infinity
  const total = measured.reduce((sum, { baselineMs, canaryMs }) => sum + canaryMs - baselineMs, 0)
  return total / measured.length
}

/** Whether one of its findings alarms again without any request of the causes nearby. */
function isCause(suspect: Suspect, windows: Windows, { seed }: SeparateOptions): boolean {
  return suspect.findings.some(({ metric, margin, lnThreshold }) => {
    const measure = MEASURES[metric]
    if (measure === undefined) return false
    const question = { measure, margin, seed }
    return judgeAgain(suspect.pairs, isCleanIn(windows), question).lnUp >= lnThreshold
  })
}

const MEASURES: Readonly<Partial<Record<Metric, 'typical' | 'tail' | 'errors'>>> = {
  latency_typical: 'typical',
  latency_tail: 'tail',
  errors: 'errors',
}

/**
 * Whether it is proven to be well on its clean pairs. A tail cannot be proven on so few pairs: there
 * the typical latency has to be proven, and nothing may speak for a longer tail.
 */
function isVictim(
  suspect: Suspect,
  finding: Finding,
  windows: Windows,
  { alphaHealthy, floorMs, seed }: SeparateOptions,
): boolean {
  const lnProof = -Math.log(alphaHealthy)
  const judge = (
    measure: 'typical' | 'tail' | 'errors',
    margin: number,
  ): ReturnType<typeof judgeAgain> =>
    judgeAgain(suspect.pairs, isCleanIn(windows), { measure, margin, seed })
  if (finding.metric === 'errors') return judge('errors', WELL.errors).lnDown >= lnProof
  const medianMs = medianOf(suspect.pairs.map(({ baselineMs }) => baselineMs))
  const margin = Math.max(WELL.typical, medianMs > 0 ? floorMs / medianMs : 0)
  if (judge('typical', margin).lnDown < lnProof) return false
  if (finding.metric === 'latency_typical') return true
  const tail = judge('tail', finding.margin)
  return tail.pairs >= LEAST_FOR_TAIL && tail.lnUp <= 0
}

function isCleanIn(windows: Windows): (pair: RememberedPair) => boolean {
  return ({ at }) => windows.isClean(at)
}
