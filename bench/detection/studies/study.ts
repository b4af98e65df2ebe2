/** What a study is: jobs that can run anywhere in any order, and a section of tables and curves. */

/** One simulated run; its key names it in the log of results. */
export interface Job {
  readonly study: string
  readonly case: string
  readonly seed: number
}

export interface Table {
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Bars with their standard errors, in per cent. */
export interface BarChart {
  readonly kind: 'bars'
  readonly title: string
  readonly bars: readonly { readonly name: string; readonly share: number; readonly se: number }[]
  /** A line across, such as the level that was promised. */
  readonly limit?: number
}

/** Shares that grow with time, as steps over a logarithmic axis of seconds. */
export interface CurveChart {
  readonly kind: 'curves'
  readonly title: string
  readonly curves: readonly { readonly name: string; readonly seconds: readonly number[] }[]
  /** Each curve is a share of so many runs; `seconds` holds Infinity for those that never came. */
  readonly endSeconds: number
}
export type Chart = BarChart | CurveChart

export interface Section {
  readonly title: string
  readonly text: string
  readonly tables: readonly Table[]
  readonly charts: readonly Chart[]
}

export interface Outcome<Result> {
  readonly job: Job
  readonly result: Result
}

export interface Study {
  readonly name: string
  /** @param runs of the largest case; the others have a fixed part of it */
  jobs(runs: number): readonly Job[]
  /** JSON data. */
  run(job: Job): unknown
  summarise(outcomes: readonly Outcome<unknown>[]): Section
}

/** A study whose results have a type of their own between `run` and `summarise`. */
export function defineStudy<Result>(study: {
  readonly name: string
  readonly jobs: Study['jobs']
  readonly run: (job: Job) => Result
  readonly summarise: (outcomes: readonly Outcome<Result>[]) => Section
}): Study {
  return {
    ...study,
    // The log holds what `run` of the same sources wrote: its digest was checked.
    summarise: (outcomes) => study.summarise(outcomes as readonly Outcome<Result>[]),
  }
}

/** Jobs of one case with the seeds 1 to `runs`. */
export function jobsOf(study: string, name: string, runs: number): Job[] {
  return Array.from({ length: runs }, (_, index) => ({ study, case: name, seed: index + 1 }))
}

/** A part of the runs, but never less than three: fewer have no median worth a name. */
export function partOf(runs: number, part: number): number {
  return Math.max(3, Math.round(runs * part))
}
