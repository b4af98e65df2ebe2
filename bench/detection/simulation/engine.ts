/**
 * The real engine on a simulated trace: its block closer on a simulated clock, its folding, its
 * parameters two blocks late, its evidence. Nothing of the statistics is written again here; only
 * what a probe does around it, without a socket and without waiting.
 */

import { foldPairs, type PairRecord } from '../../../src/analysis/fold.ts'
import { applyFixedRules, createFixedRules } from '../../../src/analysis/judging/fixed-rules.ts'
import { createPhaseState, updatePhase } from '../../../src/analysis/judging/phase-state.ts'
import type { PhaseState } from '../../../src/analysis/judging/phase-state.ts'
import { createLearning, learn, parametersOf } from '../../../src/analysis/parameters.ts'
import { freezePlan, type PlanSettings } from '../../../src/analysis/plan.ts'
import { createBlockCloser, type BlockCloser } from '../../../src/analysis/quiescence.ts'
import type { Plan } from '../../../src/core/contract/plan.ts'
import type { WorldAction } from './world.ts'

/** Both arms run this long before anything is scored. */
export const WARM_UP_SECONDS = 10
/** A probe asks this often whether the block may end. */
const ASK_SECONDS = 0.02

export interface StudyPlan {
  readonly actions: readonly WorldAction[]
  readonly rate: number
  /** Seconds after the warm-up. */
  readonly seconds: number
  readonly blockSeconds: number
  readonly alpha: number
  /** The same for typical and tail, 0 for errors; `default` = those of the product. */
  readonly margin: number | 'default'
  /** What must be proven for health; left out = nothing is proven, which is faster. */
  readonly healthyMargins?: PlanSettings['healthyMargins']
  /** Only these actions must be proven; default those of the tiers. */
  readonly require?: readonly string[]
}

/** A frozen plan as a probe would have it, one phase under load. */
export function planOf(study: StudyPlan): Plan {
  const { rate, seconds, blockSeconds, alpha, margin, actions, healthyMargins } = study
  const plan = freezePlan(
    {
      rate,
      concurrency: 50,
      alpha,
      alphaHealthy: 0.05,
      block: blockSeconds,
      maxStallSeconds: 10,
      floorMs: margin === 'default' ? 0.5 : 0,
      timeoutMs: 10_000,
      duration: WARM_UP_SECONDS + seconds,
      minDurationSeconds: 60,
      maxDurationSeconds: WARM_UP_SECONDS + seconds,
      warmup: WARM_UP_SECONDS,
      phases: ['load'],
      margins:
        margin === 'default'
          ? {}
          : { latency_typical: margin, latency_tail: margin, errors: 0, responses: 0 },
      healthyMargins: healthyMargins ?? {},
      ...(study.require === undefined ? {} : { require: study.require }),
    },
    actions.map(({ action, share }) => ({ action, share })),
  )
  return healthyMargins === undefined ? withoutProofs(plan) : plan
}

function withoutProofs(plan: Plan): Plan {
  return {
    ...plan,
    actions: plan.actions.map((planned) => ({ ...planned, healthyMargin: {} })),
    service: { ...plan.service, healthyMargin: {} },
    rare: { judged: false, healthyMargin: {} },
  }
}

export interface Engine {
  /** In order of the send. */
  pair(pair: PairRecord): void
  /** Undefined before the first block. */
  readonly phase: () => PhaseState | undefined
}

export interface EngineOptions {
  /** Confidence sequences, which cost most; default none. */
  readonly intervals?: boolean
  /** Told once, when so much fails that a probe would not wait for evidence. */
  readonly onCritical?: (seconds: number) => void
}

/**
 * @param onBlock told after each scored block; seconds from the end of the warm-up at which the last
 * answer of the block was there
 */
export function createEngine(
  plan: Plan,
  seed: number,
  onBlock: (phase: PhaseState, seconds: number) => void,
  { intervals = false, onCritical }: EngineOptions = {},
): Engine {
  const learning = createLearning(plan)
  const closer = createBlockCloser({
    startMs: WARM_UP_SECONDS * 1000,
    blockMs: plan.blockSeconds * 1000,
    maxStallMs: plan.maxStallSeconds * 1000,
  })
  const state = createPhaseState(plan, 'load', WARM_UP_SECONDS, { intervals })
  const rules = createFixedRules()
  let open: PairRecord[] = []
  let known = parametersOf(plan, learning, -1)
  let newest = known
  let nextAsk = WARM_UP_SECONDS + plan.blockSeconds
  let answeredAt = 0
  let isWarm = false

  function endWarmUp(): void {
    learn(learning, foldPairs(plan, seed, known, open))
    known = parametersOf(plan, learning, 0)
    newest = known
    open = []
    isWarm = true
  }

  function closeBlock(endSeconds: number, capped: boolean): void {
    const startSeconds = state.endSeconds
    const sums = foldPairs(plan, seed, known, open, { intervals })
    open = []
    updatePhase(state, plan, sums, { endSeconds, capped })
    learn(learning, sums)
    known = newest
    newest = parametersOf(plan, learning, state.blocks)
    const scoredAt = Math.max(endSeconds, answeredAt) - WARM_UP_SECONDS
    if (onCritical !== undefined && rules.critical === undefined) {
      applyFixedRules(rules, plan, sums, { seconds: endSeconds - startSeconds, endSeconds })
      if (rules.critical !== undefined) onCritical(scoredAt)
    }
    onBlock(state, scoredAt)
  }

  const limMs = (action: number): number => known.limMs[action] ?? 0

  function askUntil(atSeconds: number): void {
    while (nextAsk < atSeconds) {
      const answer = closer.ask(nextAsk * 1000, limMs)
      if (answer.kind === 'close') closeBlock(nextAsk, answer.capped.length > 0)
      nextAsk += answer.kind === 'close' ? plan.blockSeconds : ASK_SECONDS
    }
  }

  return {
    pair(pair) {
      const { at, baselineMs, canaryMs } = pair
      if (!isWarm && at > WARM_UP_SECONDS) endWarmUp()
      askUntil(at)
      tellCloser(closer, pair)
      answeredAt = Math.max(answeredAt, at + Math.max(baselineMs, canaryMs) / 1000)
      open.push(pair)
    },
    phase: () => (state.blocks === 0 ? undefined : state),
  }
}

/** A request is asked about only when it is older than its limit, so its end may be told now. */
function tellCloser(closer: BlockCloser, pair: PairRecord): void {
  const atMs = pair.at * 1000
  for (const arm of ['baseline', 'canary'] as const) {
    closer.started(arm, pair.pair, pair.action, atMs)
    closer.ended(arm, pair.pair, atMs + (arm === 'baseline' ? pair.baselineMs : pair.canaryMs))
  }
}
