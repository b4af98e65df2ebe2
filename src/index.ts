/** The public exports of the package. */

export { openOutrider } from './outrider.ts'
export type { Outrider, OutriderOptions } from './outrider.ts'
export type { Plan } from './core/contract/plan.ts'
export type { Profile } from './core/contract/profile.ts'
export type { Report } from './core/contract/report.ts'
export type { Sample } from './core/contract/sample.ts'
