/** What a probe would prove and find: the same choices and the same frozen plan, nothing sent. */

import { forecastRun, type RunForecast } from '../../analysis/forecast/forecast.ts'
import type { Arm } from '../../core/arm.ts'
import type { Config } from '../../core/contract/config.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Skipped } from '../../core/contract/report.ts'
import { RESOURCE_METRICS, type ResourceMetric } from '../../core/verdict.ts'
import { prepareRun } from '../prepare.ts'
import type { ProbeRequest } from '../requests.ts'
import { addressesOf, chooseProbe, type Parts } from '../start.ts'

export interface PlannedProbe {
  readonly plan: Plan
  readonly forecast: RunForecast
  readonly addresses: Readonly<Partial<Record<Arm, string>>>
  readonly skipped: readonly Skipped[]
}

/** @throws UsageError for whatever the probe itself would refuse before it sends anything */
export async function planProbe(parts: Parts, request: ProbeRequest): Promise<PlannedProbe> {
  const { config } = parts
  const resources = resourcesOf(config, request)
  const silent = { ...parts, config: withoutMetrics(config) }
  const { arms, chosen } = await chooseProbe(silent, request, (run) =>
    prepareRun({ ...run, resources }),
  )
  return {
    plan: chosen.plan,
    forecast: forecastRun(chosen.plan, chosen.planHash),
    addresses: addressesOf(arms),
    skipped: chosen.skipped,
  }
}

/** What the run would read if its sources answer, which only asking them would tell. */
function resourcesOf({ targets }: Config, { target, aa }: ProbeRequest): readonly ResourceMetric[] {
  const metrics = target.kind === 'named' ? targets[target.name]?.metrics : undefined
  return metrics === undefined || aa === true ? [] : RESOURCE_METRICS
}

/** Sources of metrics are asked before a run begins; a plan asks nobody. */
function withoutMetrics(config: Config): Config {
  const targets = Object.entries(config.targets).map(([name, { metrics: _metrics, ...target }]) => [
    name,
    target,
  ])
  return { ...config, targets: Object.fromEntries(targets) }
}
