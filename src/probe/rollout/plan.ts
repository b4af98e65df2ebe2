/** The frozen plan of a rollout: that of a probe, with the lengths and the α of a rollout. */

import { planHashOf, type PlanSettings } from '../../analysis/plan.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { TwinsOptions } from '../../core/twins.ts'
import type { Phase } from '../../core/verdict.ts'
import { prepareRun, type PreparedRun, type RunToPrepare } from '../prepare.ts'

/** In a rollout a short incident weighs less than in a probe, so a block is longer. */
const BLOCK_SECONDS = 1
const QUIET_SECONDS = 45
/** Beside live traffic twins ask seldom twice. */
const REPEATS_PER_SECOND = 2
/** Memory is compared by the minute, so less of a difference can be told. */
const MEMORY_MARGIN = 0.1

type Terms = Pick<TwinsOptions, 'alphas' | 'maxSeconds'>

/**
 * It does not depend on where the rollout is: after a restart the plan is the same, and so its hash.
 * @throws UsageError as for a probe
 */
export function prepareRollout(run: RunToPrepare, terms: Terms): PreparedRun {
  const prepared = prepareRun(run, (settings) => ({
    settings: settingsOf(settings, terms),
    // How long a rollout may last is the policy's word, not a cap of ours.
    seconds: 0,
  }))
  const plan = withHorizons(prepared.plan, terms)
  return { ...prepared, plan, planHash: planHashOf(plan) }
}

function settingsOf(settings: PlanSettings, { alphas, maxSeconds }: Terms): PlanSettings {
  return {
    ...settings,
    alpha: alphas.later.reduce((sum, alpha) => sum + alpha, alphas.quiet + alphas.load),
    block: settings.block === 'auto' ? BLOCK_SECONDS : settings.block,
    duration: 'auto',
    maxDurationSeconds: maxSeconds,
    phases: phasesOf(settings.phases, alphas.quiet),
    repeatsPerSecond: Math.min(REPEATS_PER_SECOND, settings.repeatsPerSecond ?? 0),
    // Live users decide what is sent to a service for hours; the twins keep to the natural mix.
    focus: false,
    margins: { memory: MEMORY_MARGIN, ...settings.margins },
    healthyMargins: { memory: MEMORY_MARGIN, ...settings.healthyMargins },
  }
}

/** Without a gate there is no share of α for a quiet phase; the climb is always under load. */
function phasesOf(configured: readonly Phase[], quietAlpha: number): readonly Phase[] {
  return quietAlpha > 0 && configured.includes('quiet') ? ['quiet', 'load'] : ['load']
}

function withHorizons(plan: Plan, { maxSeconds }: Terms): Plan {
  const blocks = (seconds: number): number => Math.max(1, Math.round(seconds / plan.blockSeconds))
  return { ...plan, horizonBlocks: { quiet: blocks(QUIET_SECONDS), load: blocks(maxSeconds) } }
}
