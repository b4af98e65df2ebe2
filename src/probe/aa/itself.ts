/** The baseline against itself: what an A/A run is made of, and whether there was one before. */

import type { Database } from '../../../profiles-db/open.ts'
import { hasReportOf } from '../../../profiles-db/runs.ts'
import type { Config } from '../../core/contract/config.ts'
import { hostOf } from '../../core/contract/target.ts'
import type { ArmAddress } from '../../generator/traffic.ts'
import type { ProbeOverrides } from '../requests.ts'

/** Long enough for a typical ratio within about five per cent at 20 pairs per second. */
const AA_SECONDS = 120

/** Both arms at the address of the baseline, and nothing beside them. */
export function armsOfItself(arms: readonly ArmAddress[]): ArmAddress[] {
  return arms.flatMap((address) =>
    address.arm === 'baseline' ? [address, { ...address, arm: 'canary' as const }] : [],
  )
}

/**
 * Load only and for a fixed time, since nothing is to be found and the longer the run, the smaller
 * the margins. `auto` lasts as long as it may.
 */
export function overridesOfItself(overrides: ProbeOverrides, { probe }: Config): ProbeOverrides {
  const { duration, maxDurationSeconds = probe.max_duration, phases } = overrides
  const configured = probe.duration === 'auto' ? AA_SECONDS : probe.duration
  return {
    ...overrides,
    duration: duration === 'auto' ? maxDurationSeconds : (duration ?? configured),
    phases: phases ?? ['load'],
    focus: overrides.focus ?? false,
  }
}

/** What the run is called: `10.0.0.5:8080 against itself`, behind a name that was asked for. */
export function nameOfItself(baselineUrl: string, asked?: string): string {
  const own = `${hostOf(baselineUrl)} against itself`
  return asked === undefined ? own : `${asked}: ${own}`
}

/**
 * Whether this baseline was compared with itself before and its margins are known.
 * @param baselineUrl address of the baseline; its path does not matter
 * @throws StoreError
 */
export function hasAa(database: Database, baselineUrl: string): boolean {
  return hasReportOf(database, { nameEnd: nameOfItself(baselineUrl), key: 'aa' })
}
