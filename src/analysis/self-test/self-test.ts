/**
 * The self-test: would this very run have seen a regression of a known size, and when? The recorded
 * samples are judged again with the regression planted into the canary, one action at a time, by
 * the plan of the run. Health that is reported beside a blind self-test is worth little.
 * Limits: the copy ends where the run ended, so a run that stopped at its proof had less time than a
 * really regressed one would have taken; a real slow-down also holds up its neighbours.
 */

import type { Report, SelfTest } from '../../core/contract/report.ts'
import { isFailure, type Sample } from '../../core/contract/sample.ts'
import { messageOf } from '../../core/errors.ts'
import { ACTION_METRICS, WHOLE_SERVICE, type ActionMetric } from '../../core/verdict.ts'
import { replay, type ReplayOptions, type ReplaySource } from '../recorded/replay.ts'
import { addBins, binOf, createSketch, findQuantile, type Sketch } from '../sketch.ts'
import { plant, type Planted, type Planting } from './plant.ts'

/** What is planted: 0.2 = 20 % slower, 0.02 = 2 pp more failures. */
export type SelfTestSizes = Readonly<Partial<Record<ActionMetric, number>>>

export interface SelfTestHooks {
  /** Asked at every line; true ends the test with the rows that are there. */
  readonly stopped?: () => boolean
  readonly starting?: (planting: Planting, number: number, of: number) => void
}

/** Each one reads the whole file again. */
const MOST_PLANTINGS = 6

/**
 * The rows of `Report.selfTest`, at most six.
 * @param report of the run that the samples are of
 * @throws UsageError as `replay`
 */
export async function selfTest(
  source: ReplaySource,
  options: ReplayOptions,
  report: Report,
  sizes: SelfTestSizes,
  hooks: SelfTestHooks = {},
): Promise<SelfTest[]> {
  const plantings = plantingsOf(report, sizes)
  const known = await survey(source, options, sizes.latency_tail !== undefined)
  const rows: SelfTest[] = []
  for (const [index, planting] of plantings.entries()) {
    hooks.starting?.(planting, index + 1, plantings.length)
    const copy = plantedSource(source, { ...planting, ...known }, hooks)
    const planted = await findReport(copy, options, hooks)
    if (planted === undefined) break
    rows.push(rowOf(planting, planted))
  }
  return rows
}

/** Undefined once it was stopped: a file that was cut off in the middle says nothing. */
async function findReport(
  copy: ReplaySource,
  options: ReplayOptions,
  { stopped }: SelfTestHooks,
): Promise<Report | undefined> {
  try {
    const report = await replay(copy, options)
    return stopped?.() === true ? undefined : report
  } catch (thrown) {
    if (stopped?.() === true) return undefined
    throw thrown
  }
}

/**
 * The report with its self-test, or with the reason why it has none: the run was judged, and what
 * is added to it may fail without taking that back.
 * @param source the samples of the run, or of the file
 * @param options as they were judged
 */
export async function addSelfTest(
  report: Report,
  source: ReplaySource,
  options: ReplayOptions,
  sizes: SelfTestSizes,
  hooks: SelfTestHooks = {},
): Promise<Report> {
  const because = (message: string): Report => ({
    ...report,
    reasons: [...report.reasons, { code: 'self-test', message }],
  })
  const obstacle = findSelfTestObstacle(report)
  if (obstacle !== undefined) return because(obstacle)
  try {
    return { ...report, selfTest: await selfTest(source, options, report, sizes, hooks) }
  } catch (thrown) {
    return because(`the self-test failed: ${messageOf(thrown)}`)
  }
}

/** Whether a self-test can say anything, in words if it cannot. */
export function findSelfTestObstacle({ verdict }: Report): string | undefined {
  switch (verdict) {
    case 'regressed':
      return 'the self-test says nothing: the run was regressed anyway'
    case 'invalid':
      return 'the self-test says nothing: the run could not be judged'
    case 'healthy':
    case 'inconclusive':
      return undefined
  }
}

/**
 * Each metric gets its share of the six: required actions, those with the most pairs first, and the
 * whole service last.
 */
export function plantingsOf({ actions }: Report, sizes: SelfTestSizes): Planting[] {
  const metrics = ACTION_METRICS.filter((metric) => sizes[metric] !== undefined)
  const places = Math.floor(MOST_PLANTINGS / Math.max(1, metrics.length))
  const required = actions
    .filter((entry) => entry.required && entry.action !== WHOLE_SERVICE)
    .toSorted((left, right) => right.pairs - left.pairs)
    .slice(0, places - 1)
    .map(({ action }) => action)
  return metrics.flatMap((metric) =>
    [...required, WHOLE_SERVICE].map((action) => ({ action, metric, size: sizes[metric] ?? 0 })),
  )
}

function rowOf({ action, metric, size }: Planting, report: Report): SelfTest {
  const isHere = (found: string): boolean => action === WHOLE_SERVICE || found === action
  const named = report.findings.filter((finding) => isHere(finding.action))
  const unnamed = report.findings.filter((finding) => finding.action === WHOLE_SERVICE)
  const times = [...named, ...unnamed].map(({ detectedAt }) => detectedAt)
  return {
    action,
    metric,
    size,
    found: times.length > 0,
    named: named.length > 0,
    ...(times.length === 0 ? {} : { detectedAt: Math.min(...times) }),
  }
}

function plantedSource(
  source: ReplaySource,
  planted: Planted & { readonly seed: number },
  { stopped }: SelfTestHooks,
): ReplaySource {
  return {
    file: source.file,
    async *open() {
      for await (const { line, lineNumber } of source.open()) {
        if (stopped?.() === true) return
        yield line.kind === 'request'
          ? {
              line: { kind: 'request', sample: plant(line.sample, planted, planted.seed) },
              lineNumber,
            }
          : { line, lineNumber }
      }
    },
  }
}

interface Known {
  readonly seed: number
  readonly timeoutMs: number
  readonly tailMs?: ReadonlyMap<string, number>
}

/** What the file says of itself; only the tail needs it whole. */
async function survey(
  source: ReplaySource,
  options: ReplayOptions,
  needsTail: boolean,
): Promise<Known> {
  let known: Known = { seed: 1, timeoutMs: options.settings.timeoutMs }
  const latencies = new Map<string, Sketch>()
  for await (const { line } of source.open()) {
    if (line.kind === 'run') known = { seed: line.run.seed, timeoutMs: line.run.plan.timeoutMs }
    else if (!needsTail) break
    if (line.kind === 'request') count(latencies, line.sample)
  }
  if (!needsTail) return known
  const tailMs = new Map(
    [...latencies].map(([action, sketch]) => [action, findQuantile(sketch, 0.95) ?? Infinity]),
  )
  return { ...known, tailMs }
}

function count(latencies: Map<string, Sketch>, sample: Sample): void {
  const { action, arm, latencyMs, outcome, warmup } = sample
  if (arm !== 'canary' || warmup === true || isFailure(outcome)) return
  const sketch = latencies.get(action) ?? createSketch()
  latencies.set(action, sketch)
  addBins(sketch, { [binOf(latencyMs)]: 1 })
}
