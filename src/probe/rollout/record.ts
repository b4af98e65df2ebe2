/** What those who watch a rollout's twins are shown: series of each stream, findings told once. */

import type { ClosedBlock } from '../../analysis/judge.ts'
import { marksOf } from '../../analysis/rollout/state.ts'
import type { RolloutJudge } from '../../analysis/rollout/judge.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Finding } from '../../core/contract/report.ts'
import type { TwinSeries } from '../../core/twins.ts'
import { WHOLE_SERVICE, type Metric } from '../../core/verdict.ts'
import { chartedStreams, createSeriesRecorder } from '../series.ts'

export interface TwinsRecord {
  /** After the judge has taken the block. */
  add(block: ClosedBlock, warmSeconds: number): void
  /** Undefined for an action the plan does not have. */
  series(action: string, metric: Metric): TwinSeries | undefined
  onFinding(listener: (finding: Finding) => void): void
  onBlock(listener: () => void): void
  /** Tells findings that were not told yet. */
  tell(findings: readonly Finding[]): void
  /** What was told, for those who go on later. */
  told(): string[]
}

/** @param told by an earlier process */
export function createRecord(
  plan: Plan,
  judge: RolloutJudge,
  told: readonly string[],
): TwinsRecord {
  const recorder = createSeriesRecorder()
  const names = [...plan.actions.map((planned) => planned.action), WHOLE_SERVICE]
  const toldKeys = new Set(told)
  const onFinding: ((finding: Finding) => void)[] = []
  const onBlock: (() => void)[] = []

  function record(block: ClosedBlock, warmSeconds: number): void {
    const at = block.endSeconds - warmSeconds
    const { episode } = marksOf(block)
    const moment = { at, phase: block.phase, episode, lnRun: judge.lnRun() }
    for (const { action, metric } of chartedStreams(plan)) {
      const { lnThreshold: _threshold, ...value } = judge.stream(action, metric)
      recorder.add(action, metric, moment, value)
    }
  }

  return {
    add(block, warmSeconds) {
      if (judge.hears(block)) record(block, warmSeconds)
      for (const listener of onBlock) listener()
    },
    series(action, metric) {
      if (!names.includes(action)) return undefined
      return {
        action,
        metric,
        blockSeconds: plan.blockSeconds,
        lnThreshold: judge.stream(action, metric).lnThreshold,
        lnHealthyThreshold: -Math.log(plan.alphaHealthy),
        points: recorder.points(action, metric),
        quantiles: judge.quantiles(action),
      }
    },
    onFinding: (listener) => void onFinding.push(listener),
    onBlock: (listener) => void onBlock.push(listener),
    tell(findings) {
      for (const finding of findings) {
        const { episode, phase, action, metric, rule } = finding
        const key = [episode, phase, action, metric, rule].join(' ')
        if (toldKeys.has(key)) continue
        toldKeys.add(key)
        for (const listener of onFinding) listener(finding)
      }
    },
    told: () => [...toldKeys],
  }
}
