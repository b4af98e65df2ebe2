/** The regressions of the study, as changes of the canary. */

import type { Change } from './world.ts'

export interface Regression {
  readonly name: string
  readonly change: Change
}

export interface ServiceRegression extends Regression {
  /** Median of ours at margin 0, 1 s blocks and α 0.01 that the specification measured. */
  readonly goalSeconds: number
}

/** Of the whole service or of one action among ten, at 50 pairs a second (STATISTICS 9.5, 9.6). */
export const SERVICE_REGRESSIONS: readonly ServiceRegression[] = [
  { name: 'all +5 %', change: { factor: 1.05 }, goalSeconds: 82 },
  { name: 'all +10 %', change: { factor: 1.1 }, goalSeconds: 27 },
  { name: 'all +20 %', change: { factor: 1.2 }, goalSeconds: 13 },
  { name: 'all +50 %', change: { factor: 1.5 }, goalSeconds: 12 },
  { name: 'slow mode 1 to 3 %', change: { slowShare: 0.03 }, goalSeconds: 71 },
  { name: 'slow mode 1 to 5 %', change: { slowShare: 0.05 }, goalSeconds: 31 },
  { name: 'errors 0.1 to 1 %', change: { errors: 0.01 }, goalSeconds: 41 },
  { name: 'errors 0.1 to 5 %', change: { errors: 0.05 }, goalSeconds: 14 },
  { name: 'errors 100 %', change: { errors: 1 }, goalSeconds: 12 },
  { name: 'action 7.6/s +20 %', change: { actions: [1], factor: 1.2 }, goalSeconds: 51 },
  { name: 'action 7.6/s +50 %', change: { actions: [1], factor: 1.5 }, goalSeconds: 20 },
  { name: 'action 1/s +50 %', change: { actions: [4], factor: 1.5 }, goalSeconds: 78 },
  { name: 'action 1/s errors 20 %', change: { actions: [4], errors: 0.2 }, goalSeconds: 77 },
  { name: 'all +20 % from 600 s', change: { factor: 1.2, fromSeconds: 600 }, goalSeconds: 26 },
]

/** Of one action alone, at a rate of its own (STATISTICS 9.4). */
export const ACTION_REGRESSIONS: readonly Regression[] = [
  { name: '+5 %', change: { factor: 1.05 } },
  { name: '+10 %', change: { factor: 1.1 } },
  { name: '+20 %', change: { factor: 1.2 } },
  { name: '+50 %', change: { factor: 1.5 } },
  { name: 'slow mode 1 to 2 %', change: { slowShare: 0.02 } },
  { name: 'slow mode 1 to 3 %', change: { slowShare: 0.03 } },
  { name: 'slow mode 1 to 5 %', change: { slowShare: 0.05 } },
  { name: 'slow mode x3', change: { slowFactor: 3 } },
  { name: 'errors 0.1 to 0.5 %', change: { errors: 0.005 } },
  { name: 'errors 0.1 to 1 %', change: { errors: 0.01 } },
  { name: 'errors 0.1 to 5 %', change: { errors: 0.05 } },
  { name: 'errors 100 %', change: { errors: 1 } },
  { name: '+10 % from 600 s', change: { factor: 1.1, fromSeconds: 600 } },
  { name: '+50 % from 600 s', change: { factor: 1.5, fromSeconds: 600 } },
  { name: 'slow 5 % from 600 s', change: { slowShare: 0.05, fromSeconds: 600 } },
  { name: 'errors 1 % from 600 s', change: { errors: 0.01, fromSeconds: 600 } },
]

/** The change with its onset moved behind a warm-up that already has it, unless it comes later. */
export function afterWarmUp({ fromSeconds, ...change }: Change, warmUpSeconds: number): Change {
  return fromSeconds === undefined
    ? change
    : { ...change, fromSeconds: fromSeconds + warmUpSeconds }
}
