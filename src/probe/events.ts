/** What a running probe tells those who watch it: the terminal, the event stream, the page. */

import type { ActionReport, Finding, Reason, Report } from '../core/contract/report.ts'
import type { Phase } from '../core/verdict.ts'

export type ProbePhase = 'warm-up' | Phase

export interface ProbeProgress {
  readonly phase: ProbePhase
  /** Seconds since the start of the run, warm-up included. */
  readonly seconds: number
  /** Seconds since this phase began. */
  readonly phaseSeconds: number
  /** When this phase ends at the latest, in seconds from its start. */
  readonly phaseLimitSeconds: number
  /** Closed and scored blocks. */
  readonly blocks: number
  readonly cappedBlocks: number
  readonly pairs: number
  readonly warmupPairs: number
  /** Pairs per second that were sent lately, and that were asked for. */
  readonly deliveredRate: number
  readonly plannedRate: number
  /** Share of failed baseline requests since the warm-up. */
  readonly baselineFailureShare: number
  readonly generatorLagP99Ms: number
  /** Expected seconds to the proof; left out while nothing is known. */
  readonly remainingSeconds?: number
  readonly lnRun: number
  readonly lnRunThreshold: number
  /** Actions as in the report, live. */
  readonly actions: readonly ActionReport[]
  readonly findings: readonly Finding[]
  readonly reasons: readonly Reason[]
  /** The state in one sentence. */
  readonly sentence: string
}

interface EventBase {
  /** 1, 2, 3, … within the probe. */
  readonly seq: number
  /** Wall time, ISO 8601. */
  readonly at: string
  readonly probe: string
}

/** `state` at each change of phase, `block` about once a second, `finding` once each, `end` last. */
export type ProbeEvent =
  | (EventBase & { readonly kind: 'state'; readonly phase: ProbePhase; readonly message: string })
  | (EventBase & { readonly kind: 'block'; readonly progress: ProbeProgress })
  | (EventBase & { readonly kind: 'finding'; readonly finding: Finding })
  | (EventBase & {
      readonly kind: 'end'
      readonly status: 'done' | 'failed'
      readonly report?: Report
      readonly problem?: { readonly code: string; readonly message: string }
    })
