/** The first reading of a samples file that brings no plan: which actions, how many, how long. */

import type { Arm } from '../../core/arm.ts'
import type { SampleLine } from '../../core/contract/sample.ts'
import { RESOURCE_METRICS, type ResourceMetric } from '../../core/verdict.ts'

export interface NumberedLine {
  readonly line: SampleLine
  /** From 1. */
  readonly lineNumber: number
}

export interface Survey {
  /** Requests that belong to a pair, by action and arm. */
  readonly actions: ReadonlyMap<string, { baseline: number; canary: number }>
  /** Seconds of the first send and the last end of a pair. */
  readonly firstSent: number
  readonly lastEnd: number
  readonly longestSeconds: number
  /** The last send of a sample that is marked as warm-up; −1 where none is. */
  readonly lastWarmUp: number
  /** All pairs outside the warm-up carry the number of their block. */
  readonly numbered: boolean
  /** Distinct block numbers, or 0. */
  readonly blocks: number
  /** Actions whose answers were compared, with a second baseline answer beside. */
  readonly compared: ReadonlySet<string>
  /** What was read of the processes of both arms. */
  readonly resources: readonly ResourceMetric[]
}

/** Seconds at which a sample was sent. */
export function sentSeconds(sample: { at: number; latencyMs: number; serviceMs: number }): number {
  return sample.at + (sample.latencyMs - sample.serviceMs) / 1000
}

export async function surveyLines(lines: AsyncIterable<NumberedLine>): Promise<Survey> {
  const actions = new Map<string, { baseline: number; canary: number }>()
  let firstSent = Infinity
  let lastEnd = 0
  let longestSeconds = 0
  let lastWarmUp = -1
  let unnumbered = 0
  let lastBlock = 0
  const compared = new Set<string>()
  const read = { cpu: new Set<Arm>(), memory: new Set<Arm>() }
  for await (const { line } of lines) {
    if (line.kind === 'resource') {
      if (line.reading.cpuSeconds !== undefined) read.cpu.add(line.reading.arm)
      if (line.reading.rssBytes !== undefined) read.memory.add(line.reading.arm)
    }
    if (line.kind === 'block') lastBlock = Math.max(lastBlock, line.block.block)
    if (line.kind !== 'request') continue
    const { sample } = line
    const isSecond = sample.repeat === true || sample.arm === 'control'
    if (isSecond && sample.diff !== undefined) compared.add(sample.action)
    if (sample.repeat === true) continue
    const counts = actions.get(sample.action) ?? { baseline: 0, canary: 0 }
    actions.set(sample.action, counts)
    if (sample.pair === undefined || !isTwin(sample.arm)) continue
    counts[sample.arm] += 1
    const sent = sentSeconds(sample)
    firstSent = Math.min(firstSent, sent)
    lastEnd = Math.max(lastEnd, sample.at + sample.latencyMs / 1000)
    longestSeconds = Math.max(longestSeconds, sample.latencyMs / 1000)
    if (sample.warmup === true) lastWarmUp = Math.max(lastWarmUp, sent)
    else if (sample.block === undefined) unnumbered += 1
    lastBlock = Math.max(lastBlock, sample.block ?? 0)
  }
  if (firstSent === Infinity) firstSent = 0
  const blocks = unnumbered === 0 ? lastBlock : 0
  const numbered = blocks > 0
  const resources = RESOURCE_METRICS.filter(
    (metric) => read[metric].has('baseline') && read[metric].has('canary'),
  )
  const times = { firstSent, lastEnd, longestSeconds, lastWarmUp }
  return { actions, ...times, numbered, blocks, compared, resources }
}

export function isTwin(arm: Arm): arm is 'baseline' | 'canary' {
  return arm !== 'control'
}
