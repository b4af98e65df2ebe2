/** Recorded samples: judged by a replay, and by the documented rules of other tools beside it. */

import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { loadOntology } from '../actions/load.ts'
import type { PlanSettings } from '../analysis/plan.ts'
import { replay } from '../analysis/recorded/replay.ts'
import { createRuleFeed } from '../analysis/rules/feed.ts'
import type { RuleVerdict } from '../analysis/rules/rule.ts'
import { createRule, type RuleName } from '../analysis/rules/rules.ts'
import { defaultConfig, type Config } from '../core/contract/config.ts'
import { ontologySchema } from '../core/contract/ontology.ts'
import type { Report } from '../core/contract/report.ts'
import { fileReason } from '../core/file-reason.ts'
import { noFile, readSampleLines, type SampleLines } from './recorded/lines.ts'
import {
  createPasses,
  interrupted,
  partialReport,
  type Passes,
  type ReadingProgress,
} from './recorded/passes.ts'

export interface AnalysisOverrides {
  readonly alpha?: number
  /** Leaves out so much at the start where no sample is marked as warm-up. */
  readonly warmupSeconds?: number
  readonly margins?: Config['analysis']['margins']
  readonly healthyMargins?: Config['analysis']['healthy_margins']
  /** The ontology whose actions bring margins; only for files without a plan. */
  readonly ontologyFile?: string
  /** Default: the defaults of the contract. */
  readonly config?: Config
  /** Folder that the file names are seen from. */
  readonly cwd?: string
  /** Once it is aborted the file counts as ending there. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ReadingProgress) => void
}

export interface RuleComparison {
  /** Ours. */
  readonly report: Report
  /** Of other rules, in the order in which they were asked for. */
  readonly verdicts: readonly { readonly rule: RuleName; readonly verdict: RuleVerdict }[]
  /** The share of the file after which the reading was interrupted. */
  readonly cutAt?: number
}

/**
 * The report of the samples in `file` (`-` = stdin).
 * @throws UsageError with code `no-file`, `bad-sample`, `too-many-actions` or one of the replay's,
 *   with `file:line`; OutriderError with code `interrupted` if the signal came before the judgement
 */
export async function analyzeSamples(file: string, overrides: AnalysisOverrides): Promise<Report> {
  const { report } = await compareRules(file, [], overrides)
  return report
}

/**
 * Our report and, where rules are named, what they say of the same samples.
 * @throws as `analyzeSamples`
 */
export async function compareRules(
  file: string,
  rules: readonly RuleName[],
  overrides: AnalysisOverrides,
): Promise<RuleComparison> {
  if (file !== '-') return compare(resolve(overrides.cwd ?? '.', file), file, rules, overrides)
  // A file without a plan is read twice, so stdin is kept on disk, not in memory.
  const folder = await mkdtemp(join(tmpdir(), 'outrider-'))
  try {
    const copy = join(folder, 'samples.ndjson')
    await copyStdin(copy, overrides.signal)
    return await compare(copy, 'stdin', rules, overrides)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function copyStdin(path: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    const copy = createWriteStream(path, { mode: 0o600 })
    await pipeline(process.stdin, copy, signal === undefined ? {} : { signal })
  } catch (thrown) {
    throw signal?.aborted === true ? interrupted('stdin') : thrown
  }
}

async function compare(
  path: string,
  shown: string,
  rules: readonly RuleName[],
  overrides: AnalysisOverrides,
): Promise<RuleComparison> {
  const { size, mtime } = await look(path, shown)
  const { signal, onProgress } = overrides
  const passes = createPasses(path, {
    shown,
    totalBytes: size,
    withRules: rules.length > 0,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  })
  const whole = await judge(passes, shown, mtime, overrides)
  const cutAt = passes.cutAt()
  const report = cutAt === undefined ? whole : partialReport(whole, cutAt)
  if (rules.length === 0 || cutAt !== undefined) {
    return { report, verdicts: [], ...(cutAt === undefined ? {} : { cutAt }) }
  }
  const verdicts = await judgeByRules(passes, shown, rules, originOf(report, passes, overrides))
  const cutLater = passes.cutAt()
  return { report, verdicts, ...(cutLater === undefined ? {} : { cutAt: cutLater }) }
}

async function judge(
  passes: Passes,
  shown: string,
  writtenAt: Date,
  overrides: AnalysisOverrides,
): Promise<Report> {
  const { alpha, margins, healthyMargins, warmupSeconds, ontologyFile } = overrides
  const ontology = ontologyFile === undefined ? undefined : await loadOntology(ontologyFile)
  return replay(
    { file: shown, open: () => passes.open() },
    {
      settings: settingsOf(overrides.config ?? defaultConfig),
      ...(ontology === undefined ? {} : { documents: ontology.document.actions }),
      replace: {
        ...(alpha === undefined ? {} : { alpha }),
        ...(margins === undefined ? {} : { margins }),
        ...(healthyMargins === undefined ? {} : { healthyMargins }),
        ...(warmupSeconds === undefined ? {} : { warmupSeconds }),
      },
      run: basename(shown).replace(/\.ndjson(\.gz)?$/, ''),
      startedAt: writtenAt.toISOString(),
    },
  )
}

/** Where the rules begin: with our first block, or without pairs at the first request. */
function originOf(
  report: Report,
  passes: Passes,
  { warmupSeconds = 0 }: AnalysisOverrides,
): number {
  return report.pairs > 0 ? report.warmupSeconds : passes.firstAt() + warmupSeconds
}

async function judgeByRules(
  passes: Passes,
  shown: string,
  names: readonly RuleName[],
  originSeconds: number,
): Promise<RuleComparison['verdicts']> {
  const options = { actions: passes.actions(), seed: 1 }
  const rules = names.map((name) => createRule(name, options))
  const feed = createRuleFeed(rules, originSeconds)
  for await (const { line, lineNumber } of passes.openForRules()) {
    if (line.kind === 'request') feed.add(line.sample, `${shown}:${lineNumber}`)
  }
  const verdicts = feed.finish()
  return names.flatMap((rule, index) => {
    const verdict = verdicts[index]
    return verdict === undefined ? [] : [{ rule, verdict }]
  })
}

/** What a plan takes from the configuration. */
export function settingsOf({ probe, analysis }: Config): PlanSettings {
  return {
    rate: probe.rate,
    concurrency: probe.concurrency,
    alpha: analysis.alpha,
    alphaHealthy: analysis.alpha_healthy,
    block: analysis.block,
    maxStallSeconds: analysis.max_stall,
    floorMs: analysis.floor_ms,
    timeoutMs: ontologySchema.shape.defaults.parse({}).timeout_ms,
    duration: probe.duration,
    minDurationSeconds: probe.min_duration,
    maxDurationSeconds: probe.max_duration,
    warmup: probe.warmup,
    phases: probe.phases,
    margins: analysis.margins,
    healthyMargins: analysis.healthy_margins,
  }
}

/** Its size, and when it was written last: the best guess where it does not say when it began. */
async function look(
  path: string,
  shown: string,
): Promise<{ readonly size: number; readonly mtime: Date }> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new Error('it is a folder')
    if (!found.isFile()) throw new Error('it is no file that can be read twice')
    return found
  } catch (thrown) {
    throw noFile(shown, fileReason(thrown), thrown)
  }
}

/** Every line of the file that is not blank, parsed. @param shown the name that errors show */
export function readSamples(path: string, shown: string): SampleLines {
  return readSampleLines(path, shown)
}
