/**
 * Replay: the verdict on a recorded run. A file that carries its plan and block numbers gives the
 * same verdict, findings and evidence as the run did, bit for bit; any other file of twins is judged
 * by a plan made from its own counts.
 */

import type { ActionDocument } from '../../core/contract/ontology.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Report } from '../../core/contract/report.ts'
import type { GeneratorReading, RunHeader } from '../../core/contract/sample.ts'
import { UsageError } from '../../core/errors.ts'
import { correlateFindings } from '../cause/correlate.ts'
import { freezePlan, planHashOf, replaceInPlan, type PlanSettings } from '../plan.ts'
import { NumberedRecording, type Recording } from './numbered.ts'
import { createSessionCounter } from './pairing.ts'
import { createRebuild } from './rebuild.ts'
import { createRecordedRun, type RecordedRun } from './recorded-run.ts'
import { surveyLines, type NumberedLine, type Survey } from './survey.ts'
import { createTally } from '../tally.ts'

export type { NumberedLine } from './survey.ts'

export interface ReplaySource {
  /** The name that errors show. */
  readonly file: string
  /** The lines from the beginning; asked for once or twice. */
  open(): AsyncIterable<NumberedLine>
}

export interface ReplayOptions {
  /** For files without a plan: everything that their own counts do not say. */
  readonly settings: PlanSettings
  /** Margins, objectives and `require` of an ontology, for files without a plan. */
  readonly documents?: Readonly<Record<string, ActionDocument>>
  /** Explicit wishes replace what the file's plan or the settings say. */
  readonly replace?: {
    readonly alpha?: number
    readonly margins?: PlanSettings['margins']
    readonly healthyMargins?: PlanSettings['healthyMargins']
    readonly warmupSeconds?: number
  }
  /** What the report calls the run, and when it began if the file does not say so. */
  readonly run: string
  readonly startedAt: string
}

/** Nominal pairs of a plan are those of one minute; of a file they are all it has. */
const NOMINAL_SECONDS = 60
const DEFAULT_SEED = 1

/**
 * The report on a recorded run.
 * @throws UsageError if the file holds no sample, is out of order by more than 30 s, or has a second
 * plan
 */
export async function replay(source: ReplaySource, options: ReplayOptions): Promise<Report> {
  const header = await findHeader(source)
  if (header !== undefined) {
    const plan = replaced(header.plan, options)
    const run = createRecordedRun(plan, header.seed, false)
    const recording = new NumberedRecording(run, options.replace?.warmupSeconds)
    const report = await judgeLines(source, options, { run, recording, plan, header })
    if (run.phases().length > 0) return report
  }
  const survey = await surveyLines(source.open())
  if (survey.actions.size === 0) {
    throw new UsageError(`Cannot analyze "${source.file}": it holds no sample`, {
      code: 'no-samples',
      where: source.file,
      mend: 'record one with outrider probe --samples FILE',
    })
  }
  const unnumbered = header === undefined || !survey.numbered
  const plan = planOfSurvey(survey, options, header)
  const run = createRecordedRun(plan, header?.seed ?? DEFAULT_SEED, unnumbered)
  const warmupSeconds = options.replace?.warmupSeconds
  const recording = survey.numbered
    ? new NumberedRecording(run, warmupSeconds)
    : createRebuild(run, { ...survey, ...(warmupSeconds === undefined ? {} : { warmupSeconds }) })
  return judgeLines(source, options, { run, recording, plan, ...(header && { header }) })
}

interface Replaying {
  readonly run: RecordedRun
  readonly recording: Recording
  readonly plan: Plan
  readonly header?: RunHeader
}

async function judgeLines(
  source: ReplaySource,
  options: ReplayOptions,
  { run, recording, plan, header }: Replaying,
): Promise<Report> {
  const tally = createTally()
  const sessions = createSessionCounter()
  const readings: GeneratorReading[] = []
  for await (const { line, lineNumber } of source.open()) {
    const where = `${source.file}:${lineNumber}`
    if (line.kind === 'request') {
      tally.add(line.sample)
      sessions.add(line.sample)
      if (!run.stopped()) recording.sample(line.sample, where)
    }
    if (line.kind === 'block' && !run.stopped()) recording.block(line.block, where)
    if (line.kind === 'resource') run.resource(line.reading)
    if (line.kind === 'generator') readings.push(line.reading)
  }
  recording.finish()
  sessions.tell(tally)
  for (const reading of readings) run.judge.generator(reading)
  const unchanged = header !== undefined && plan === header.plan
  const end = {
    run: options.run,
    planHash: unchanged ? header.planHash : planHashOf(plan),
    startedAt: header?.startedAt ?? options.startedAt,
    seconds: run.seconds(),
    phases: run.phases(),
    interrupted: header !== undefined && !run.stopped(),
    tally,
    ...(header === undefined ? {} : { order: run.order }),
    skipped: [],
  }
  const report = run.judge.conclude(end)
  if (report.findings.length === 0) return report
  const { seed } = run
  const moments = { plan, seed, ...run.origins() }
  return run.judge.conclude({
    ...end,
    correlated: correlateFindings(report.findings, (action) => run.rows(action), moments),
  })
}

/** The run line, which is the first line if there is one. */
async function findHeader(source: ReplaySource): Promise<RunHeader | undefined> {
  for await (const { line } of source.open()) return line.kind === 'run' ? line.run : undefined
  return undefined
}

function replaced(plan: Plan, { replace }: ReplayOptions): Plan {
  if (replace === undefined || Object.keys(replace).length === 0) return plan
  return replaceInPlan(plan, replace)
}

/** A plan from the file's own counts: one phase with the whole α, H its blocks. */
function planOfSurvey(survey: Survey, options: ReplayOptions, header?: RunHeader): Plan {
  const duration = Math.max(0.001, survey.lastEnd - survey.firstSent)
  const counts = [...survey.actions]
    .map(([action, { baseline, canary }]) => ({ action, pairs: Math.min(baseline, canary) }))
    .toSorted((left, right) => (left.action < right.action ? -1 : 1))
  const pairs = counts.reduce((sum, one) => sum + one.pairs, 0)
  const { settings, documents = {}, replace = {} } = options
  const blockSeconds = header?.plan.blockSeconds ?? settings.block
  const plan =
    header === undefined
      ? freezePlan(
          {
            ...settings,
            alpha: replace.alpha ?? settings.alpha,
            margins: { ...settings.margins, ...replace.margins },
            healthyMargins: { ...settings.healthyMargins, ...replace.healthyMargins },
            rate: Math.max(1, pairs) / NOMINAL_SECONDS,
            block: blockSeconds,
            duration,
            phases: ['load'],
            resources: survey.resources,
          },
          counts.map(({ action, pairs: own }) => {
            const document = documents[action]
            const share = own / Math.max(1, pairs)
            const comparesAnswers = survey.compared.has(action)
            return {
              action,
              share,
              comparesAnswers,
              ...(document === undefined ? {} : { document }),
            }
          }),
        )
      : replaceInPlan(header.plan, { ...replace, phases: ['load'] })
  const blocks = survey.blocks || Math.max(1, Math.round(duration / plan.blockSeconds))
  return {
    ...plan,
    rate: header === undefined ? Math.max(1, pairs) / duration : plan.rate,
    horizonBlocks: { quiet: blocks, load: blocks },
  }
}
