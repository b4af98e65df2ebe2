/** What the page reads from the API, and the global that chart.umd.min.js makes. */

import type { Chart as ChartClass } from 'chart.js'
import type {
  ActionReport,
  Effect,
  Finding,
  MetricReport,
  Report,
} from '../../src/core/contract/report.ts'
import type { BaselineHistory } from '../../src/core/contract/http.ts'
import type { Alert, Investigation } from '../../src/core/contract/investigation.ts'
import type {
  HistoryEntry,
  ReadingPoint,
  RolloutAct,
  RolloutDocument,
  RolloutOutline,
  Rung,
} from '../../src/core/contract/rollout.ts'

declare global {
  const Chart: typeof ChartClass

  type ApiAction = ActionReport
  type ApiFinding = Finding
  type ApiReport = Report
  type ApiEffect = Effect
  type ApiMetricReport = MetricReport
  type ApiRollout = RolloutDocument
  type ApiRolloutListed = RolloutOutline
  type ApiHistoryEntry = HistoryEntry
  type ApiReading = ReadingPoint
  type ApiAct = RolloutAct
  type ApiRung = Rung
  type ApiAlert = Alert
  type ApiBaselineHistory = BaselineHistory
  type ApiBaselineChart = BaselineHistory['charts'][number]
  type ApiInvestigation = Investigation
  type ApiExchange = Investigation['exchanges'][number]
  type ApiSegment = Investigation['segments'][number]
  /** A row of GET /investigations. */
  type ApiInvestigationListed = Pick<Investigation, 'id' | 'run' | 'at' | 'title' | 'rollout'>
  type PhaseName = 'warm-up' | 'quiet' | 'load'

  interface ApiProgress {
    readonly phase: PhaseName
    readonly seconds: number
    readonly phaseSeconds: number
    readonly phaseLimitSeconds: number
    readonly blocks: number
    readonly cappedBlocks: number
    readonly pairs: number
    readonly warmupPairs: number
    readonly deliveredRate: number
    readonly plannedRate: number
    readonly baselineFailureShare: number
    readonly generatorLagP99Ms: number
    readonly remainingSeconds?: number
    readonly actions: readonly ActionReport[]
    readonly findings: readonly Finding[]
    readonly reasons: readonly { readonly code: string; readonly message: string }[]
    readonly sentence: string
  }

  interface ApiPlan {
    readonly rate: number
    readonly alpha: number
    readonly blockSeconds: number
    readonly duration: 'auto' | number
    readonly maxDurationSeconds: number
    readonly phases: readonly ('quiet' | 'load')[]
    readonly actions: readonly {
      readonly action: string
      readonly required: boolean
      readonly margin: {
        readonly latencyTypical: number
        readonly latencyTail: number
        readonly errors: number
        readonly responses: number
      }
      readonly comparesAnswers: boolean
    }[]
  }

  interface ApiProbe {
    readonly id: string
    readonly name: string
    readonly status: 'running' | 'done' | 'failed'
    readonly startedAt?: string
    readonly seq?: number
    readonly seed?: number
    readonly addresses?: Readonly<Record<string, string>>
    readonly plan?: ApiPlan
    readonly phases?: readonly { readonly phase: PhaseName; readonly at: string }[]
    readonly progress?: ApiProgress
    readonly stop?: { readonly at: string; readonly reason?: string }
    readonly report?: Report
    readonly problem?: { readonly code: string; readonly message: string }
  }

  interface ApiPoint {
    readonly at: number
    readonly phase: 'quiet' | 'load'
    readonly episode: number
    readonly lnEvidence: number
    readonly lnHealthyEvidence?: number
    readonly lnRun: number
    readonly ratio?: number
    readonly pairs: number
    readonly minLnEvidence?: number
    readonly maxLnEvidence?: number
  }

  interface ApiSeries {
    readonly blockSeconds: number
    readonly lnThreshold: number
    readonly lnHealthyThreshold: number
    readonly points: readonly ApiPoint[]
    readonly quantiles: {
      readonly baseline: readonly (readonly [number, number])[]
      readonly canary: readonly (readonly [number, number])[]
    }
  }

  interface ApiListed {
    readonly id: string
    readonly name: string
    readonly status: 'running' | 'done' | 'failed'
    readonly startedAt: string
    readonly verdict?: string
    readonly summary?: string
    readonly seconds?: number
    readonly progress?: {
      readonly phase: PhaseName
      readonly phases: readonly ('quiet' | 'load')[]
      readonly seconds: number
      readonly phaseSeconds: number
      readonly phaseLimitSeconds: number
      readonly remainingSeconds?: number
      readonly findings: number
      readonly sentence: string
    }
  }
}
