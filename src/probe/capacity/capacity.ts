/**
 * `probe --capacity`: what is refused before the run, and what is added to its report afterwards.
 *
 * The measurement follows the comparison and only where that found nothing wrong: driving an arm to
 * its limit that is known to be worse, or that could not be judged, does harm and shows nothing.
 */

import type { Ontology } from '../../actions/ontology.ts'
import type { Clock } from '../../core/clock.ts'
import type { Profile } from '../../core/contract/profile.ts'
import type { Capacity, Report } from '../../core/contract/report.ts'
import { UsageError, messageOf } from '../../core/errors.ts'
import { checkCapacityReach } from '../../generator/capacity/target.ts'
import type { ArmAddress } from '../../generator/client.ts'
import { isLoopback } from '../../generator/guard.ts'
import { measureCapacity, type CapacityProgress } from './measurement.ts'
import { createMix, type Mix } from './mix.ts'

export type { CapacityProgress } from './measurement.ts'

/** What a request asks for. */
export interface CapacityRequest {
  /** At most; default: `CAPACITY_SECONDS`. */
  readonly seconds?: number
  readonly progress?: (progress: CapacityProgress) => void
}

const CAPACITY_SECONDS = 120

export interface PreparedCapacity {
  readonly mix: Mix
  readonly ontology: Ontology
  readonly timeoutMs: number
  readonly seed: number
}

export interface CapacityToPrepare {
  readonly arms: readonly ArmAddress[]
  readonly iOwnThis: boolean
  readonly ontology: Ontology
  readonly profiles: readonly Profile[]
  readonly secrets: Readonly<Record<string, string>>
  readonly seed: number
  readonly timeoutMs?: number
}

/**
 * Nothing is sent here.
 * @throws UsageError with code `cap-exceeded` for a target that is not this machine, unless it is
 *   owned; `capacity-reach` for what autocannon cannot reach; `nothing-to-send`
 */
export function prepareCapacity(given: CapacityToPrepare): PreparedCapacity {
  const { ontology, timeoutMs = ontology.document.defaults.timeout_ms } = given
  const arms = given.arms.filter(({ arm }) => arm !== 'control')
  const far = arms.find(({ url, socketPath }) => socketPath === undefined && !isLoopback(url))
  if (far !== undefined && !given.iOwnThis) {
    throw new UsageError(
      `Cannot measure the capacity of ${far.url}: it sends as much as the target can take, ` +
        'which no cap allows',
      {
        code: 'cap-exceeded',
        where: '--capacity',
        mend: 'give --i-own-this if the target is yours and nobody else uses it, or leave out --capacity',
      },
    )
  }
  checkCapacityReach(arms)
  return { mix: createMix({ ...given, arms }), ontology, timeoutMs, seed: given.seed }
}

export interface CapacityToAdd {
  readonly prepared: PreparedCapacity
  readonly request: CapacityRequest
  readonly clock: Clock
  /** Aborted by the person who has had enough. */
  readonly signal: AbortSignal
}

/** The report with the capacity of both arms, or with why it has none. Never rejects. */
export async function addCapacity(report: Report, given: CapacityToAdd): Promise<Report> {
  const why = whyNot(report, given.signal)
  if (why !== undefined) return withReasons(report, [`not measured: ${why}`])
  const { ontology, mix, timeoutMs, seed } = given.prepared
  const { seconds = CAPACITY_SECONDS, progress } = given.request
  try {
    const { capacity, reasons } = await measureCapacity({
      mix,
      seconds,
      timeoutMs,
      seed,
      clock: given.clock,
      signal: given.signal,
      limits: (action) => sloOf(ontology, action),
      ...(progress === undefined ? {} : { progress }),
    })
    const told = withReasons(
      report,
      reasons.map(({ message }) => message),
    )
    if (capacity === undefined) return told
    return { ...told, capacity, summary: `${told.summary}${noteOf(capacity)}` }
  } catch (thrown) {
    return withReasons(report, [`not measured: ${messageOf(thrown)}`])
  }
}

function whyNot({ verdict }: Report, { aborted }: AbortSignal): string | undefined {
  if (aborted) return 'the run was stopped'
  switch (verdict) {
    case 'regressed':
      return 'the canary is regressed already'
    case 'invalid':
      return 'the run could not be judged'
    case 'healthy':
    case 'inconclusive':
      return undefined
  }
}

function sloOf(ontology: Ontology, action: string): { p95Ms?: number; errorShare?: number } {
  const { p95_ms: p95Ms, error_rate: errorShare } = ontology.actions.get(action)?.document.slo ?? {}
  return {
    ...(p95Ms === undefined ? {} : { p95Ms }),
    ...(errorShare === undefined ? {} : { errorShare }),
  }
}

/** Said in the sentence only where the canary sustains less for certain. */
function noteOf({ ratio }: Capacity): string {
  if (ratio?.low === undefined || ratio.high === undefined || ratio.high >= 1) return ''
  const [estimate, low, high] = [ratio.estimate, ratio.low, ratio.high].map((value) =>
    value.toFixed(2),
  )
  return `; the canary sustains ${estimate}× (${low}–${high}) of the baseline's requests/s`
}

function withReasons(report: Report, messages: readonly string[]): Report {
  const told = messages.map((message) => ({ code: 'capacity', message: `capacity: ${message}` }))
  return { ...report, reasons: [...report.reasons, ...told] }
}
