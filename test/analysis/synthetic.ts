/** A synthetic service under twins: pairs with shared noise, stalls, errors; seeded, no clock. */

import { foldPairs, type PairRecord } from '../../src/analysis/fold.ts'
import { createJudge, type Decision, type Judge, type RunEnd } from '../../src/analysis/judge.ts'
import {
  freezePlan,
  planHashOf,
  type PlanAction,
  type PlanSettings,
} from '../../src/analysis/plan.ts'
import { createOrderTally } from '../../src/analysis/order/order.ts'
import { createTally, type Tally } from '../../src/analysis/tally.ts'
import type { Arm } from '../../src/core/arm.ts'
import type { Plan } from '../../src/core/contract/plan.ts'
import type { Report } from '../../src/core/contract/report.ts'
import {
  formatBlockLine,
  formatGeneratorReading,
  formatRunHeader,
  formatSample,
  type BlockWaits,
  type Outcome,
  type Sample,
} from '../../src/core/contract/sample.ts'
import { createRandom, type Random } from '../../src/core/random.ts'
import type { Phase } from '../../src/core/verdict.ts'

export const settings: PlanSettings = {
  rate: 50,
  concurrency: 50,
  alpha: 0.05,
  alphaHealthy: 0.05,
  block: 'auto',
  maxStallSeconds: 10,
  floorMs: 0.5,
  timeoutMs: 10_000,
  duration: 'auto',
  minDurationSeconds: 60,
  maxDurationSeconds: 600,
  warmup: 'auto',
  phases: ['quiet', 'load'],
  margins: {},
  healthyMargins: {},
}

export const shopActions = [
  { action: 'home', share: 0.4 },
  { action: 'search', share: 0.3 },
  { action: 'view', share: 0.2 },
  { action: 'checkout', share: 0.1 },
]

export function planOf(
  changed: Partial<PlanSettings> = {},
  actions: readonly PlanAction[] = shopActions,
): Plan {
  return freezePlan({ ...settings, ...changed }, actions)
}

/** What one arm does with a request. */
export interface Answer {
  readonly latencyMs: number
  readonly outcome: Outcome
}

/** How an arm differs from the plain service; `seconds` count from the start of the run. */
export type Change = (
  answer: Answer,
  request: { readonly action: string; readonly seconds: number; readonly phase: Phase },
  random: Random,
) => Answer

const same: Change = (answer) => answer
const MEDIANS_MS = [20, 30, 12, 45, 25, 60, 9, 15, 38, 52]

export interface SyntheticOptions {
  readonly plan?: Plan
  readonly seed?: number
  readonly canary?: Change
  readonly baseline?: Change
  /** Share of failures that both arms have. */
  readonly errorShare?: number
  readonly warmupSeconds?: number
  /** Pairs per second that are sent, if not those of the plan. */
  readonly rate?: number
  /** Blocks, by index, that end at the cap with these arms stalled. */
  readonly capped?: (index: number) => Arm[]
  /** Blocks, by index, in which the generator itself was late. */
  readonly strained?: (index: number) => boolean
  /** Blocks, by index, of which requests waited for a connection. */
  readonly waits?: (index: number) => BlockWaits | undefined
  readonly lagP99Ms?: number
  readonly notSent?: number
  /** Ends the run from outside after this many blocks. */
  readonly interruptAfter?: number
}

export interface SyntheticRun {
  readonly judge: Judge
  readonly report: Report
  readonly decision: Decision
  readonly blocks: number
  /** The samples file of the run. */
  readonly lines: readonly string[]
  readonly plan: Plan
}

const STARTED_AT = '2026-01-01T00:00:00Z'

/** Runs until the judge says stop, the plan's end has passed, or someone interrupts. */
export function runSynthetic(options: SyntheticOptions = {}): SyntheticRun {
  const plan = options.plan ?? planOf()
  const seed = options.seed ?? 1
  const warmupSeconds = options.warmupSeconds ?? 10
  const world = createWorld(plan, seed, options)
  const judge = createJudge(plan, seed)
  const tally = createTally()
  const order = createOrderTally()
  const planHash = planHashOf(plan)
  const lines = [formatRunHeader({ plan, planHash, seed, startedAt: STARTED_AT })]

  const warm = world.pairs(0, warmupSeconds, 'load')
  note(lines, tally, plan, warm, { warmup: true })
  judge.warmedUp(foldPairs(plan, seed, judge.initialParameters(), warm), warmupSeconds)

  let phase = plan.phases[0] ?? 'load'
  let now = warmupSeconds
  let index = 0
  let decision: Decision = { kind: 'go-on' }
  const phases: { name: Phase; seconds: number }[] = [{ name: phase, seconds: 0 }]
  while (decision.kind !== 'stop' && index < (options.interruptAfter ?? 4000)) {
    index += 1
    const end = now + plan.blockSeconds
    const pairs = world.pairs(now, end, phase)
    const capped = options.capped?.(index) ?? []
    const parameters = judge.parametersFor(index)
    if (parameters === undefined) throw new Error(`no parameters for block ${index}`)
    for (const pair of pairs) order.add(seed, pair)
    const waits = options.waits?.(index)
    const marked = {
      ...(waits !== undefined || options.strained?.(index) === true ? { strained: true } : {}),
      ...(waits === undefined ? {} : { waits }),
    }
    note(lines, tally, plan, pairs, { block: index, phase })
    lines.push(formatBlockLine({ block: index, phase, at: now, end, capped, ...marked }))
    if (Math.floor(end) > Math.floor(now)) {
      const reading = {
        at: end - 0.01,
        lagP99Ms: options.lagP99Ms ?? 1.23456,
        cpu: 0.31234567,
        notSent: options.notSent ?? 0,
      }
      lines.push(formatGeneratorReading(reading))
      judge.generator(reading)
    }
    decision = judge.add({
      index,
      phase,
      startSeconds: now,
      endSeconds: end,
      capped,
      ...marked,
      sums: foldPairs(plan, seed, parameters, pairs),
    })
    const last = phases.at(-1)
    if (last !== undefined) last.seconds += end - now
    now = end
    if (decision.kind === 'end-phase') {
      phase = 'load'
      phases.push({ name: phase, seconds: 0 })
    }
  }
  const end: RunEnd = {
    run: 'p1',
    planHash,
    startedAt: STARTED_AT,
    seconds: now,
    phases,
    interrupted: decision.kind !== 'stop',
    tally,
    order,
    skipped: [],
  }
  return { judge, report: judge.conclude(end), decision, blocks: index, lines, plan }
}

export interface World {
  /** The pairs sent in (from, to], in the order of sending. */
  pairs(fromSeconds: number, toSeconds: number, phase: Phase): PairRecord[]
}

export function createWorld(plan: Plan, seed: number, options: SyntheticOptions = {}): World {
  const random = createRandom(seed, 'world')
  const { baseline = same, canary = same, errorShare = 0.001 } = options
  let sent = 0
  return {
    pairs(fromSeconds, toSeconds, phase) {
      const rate = options.rate ?? plan.rate
      const found: PairRecord[] = []
      let at = fromSeconds + random.exponential() / rate
      while (at <= toSeconds) {
        sent += 1
        const action = draw(plan, random)
        const name = plan.actions[action]?.action ?? ''
        const median = MEDIANS_MS[action % MEDIANS_MS.length] ?? 20
        const shared = median * Math.exp(0.3 * random.normal())
        const failed = random.next() < errorShare
        const request = { action: name, seconds: at, phase }
        const answer = (change: Change): Answer =>
          change(
            {
              latencyMs: shared * Math.exp(0.3 * random.normal()),
              outcome: failed || random.next() < errorShare ? 'http_error' : 'ok',
            },
            request,
            random,
          )
        const [b, c] = [answer(baseline), answer(canary)]
        found.push({
          pair: `s${sent}.0`,
          action,
          baselineMs: b.latencyMs,
          canaryMs: c.latencyMs,
          baseline: b.outcome,
          canary: c.outcome,
          at,
        })
        at += random.exponential() / rate
      }
      return found
    },
  }
}

/** Slower by a factor, for one action or all, from a second on. */
export function slower(factor: number, action?: string, fromSeconds = 0): Change {
  return (answer, request) =>
    (action === undefined || request.action === action) && request.seconds >= fromSeconds
      ? { ...answer, latencyMs: answer.latencyMs * factor }
      : answer
}

/** Fails additionally with a probability. */
export function failing(share: number, action?: string, outcome: Outcome = 'http_error'): Change {
  return (answer, request, random) =>
    (action === undefined || request.action === action) && random.next() < share
      ? { latencyMs: outcome === 'timeout' ? 10_000 : answer.latencyMs, outcome }
      : answer
}

/** The two samples of a pair, as a run records them. */
export function samplesOf(plan: Plan, pair: PairRecord, extra: Partial<Sample> = {}): Sample[] {
  const { action, at, baseline, canary, baselineMs, canaryMs } = pair
  const shared = {
    at,
    action: plan.actions[action]?.action ?? '',
    pair: pair.pair,
    session: pair.pair.split('.')[0] ?? '',
    ...extra,
  }
  const one = (arm: Arm, latencyMs: number, outcome: Outcome): Sample => ({
    ...shared,
    arm,
    latencyMs,
    serviceMs: latencyMs,
    outcome,
    ...(outcome === 'ok' ? { status: 200 } : outcome === 'http_error' ? { status: 500 } : {}),
  })
  return [one('baseline', baselineMs, baseline), one('canary', canaryMs, canary)]
}

function note(
  lines: string[],
  tally: Tally,
  plan: Plan,
  pairs: readonly PairRecord[],
  extra: Partial<Sample>,
): void {
  for (const pair of pairs) {
    for (const sample of samplesOf(plan, pair, extra)) {
      tally.add(sample)
      lines.push(formatSample(sample))
    }
  }
}

function draw(plan: Plan, random: Random): number {
  let left = random.next()
  for (const [index, { share }] of plan.actions.entries()) {
    left -= share
    if (left <= 0) return index
  }
  return plan.actions.length - 1
}
