/** The public exports of the package. */

export { createUnpaired, judgeSeries, openOutrider } from './outrider.ts'
export type {
  JudgedSeries,
  Outrider,
  OutriderOptions,
  SeriesOptions,
  Unpaired,
  UnpairedOptions,
} from './outrider.ts'
export type { Plan } from './core/contract/plan.ts'
export type { Profile } from './core/contract/profile.ts'
export type { Report } from './core/contract/report.ts'
export type { Sample } from './core/contract/sample.ts'
