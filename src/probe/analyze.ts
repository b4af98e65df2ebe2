/** Recorded samples: read line by line, each fault with file and line, then judged by a replay. */

import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { loadOntology } from '../actions/load.ts'
import type { PlanSettings } from '../analysis/plan.ts'
import { replay, type NumberedLine } from '../analysis/recorded/replay.ts'
import { defaultConfig, type Config } from '../core/contract/config.ts'
import { ontologySchema } from '../core/contract/ontology.ts'
import type { Report } from '../core/contract/report.ts'
import { sampleLineSchemaOf, toSampleLine, type SampleLine } from '../core/contract/sample.ts'
import { messageOf, UsageError } from '../core/errors.ts'
import { fileReason } from '../core/file-reason.ts'
import { parseWith } from '../core/parse.ts'

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
}

/** A line of samples is short; a longer one is another kind of file. */
const MOST_LINE_BYTES = 10_000_000

/**
 * The report of the samples in `file` (`-` = stdin).
 * @throws UsageError with code `no-file`, `bad-sample` or one of the replay's, with `file:line`
 */
export async function analyzeSamples(file: string, overrides: AnalysisOverrides): Promise<Report> {
  if (file !== '-') return judge(resolve(overrides.cwd ?? '.', file), file, overrides)
  // A file without a plan is read twice, so stdin is kept on disk, not in memory.
  const folder = await mkdtemp(join(tmpdir(), 'outrider-'))
  try {
    const copy = join(folder, 'samples.ndjson')
    await pipeline(process.stdin, createWriteStream(copy, { mode: 0o600 }))
    return await judge(copy, 'stdin', overrides)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function judge(path: string, shown: string, overrides: AnalysisOverrides): Promise<Report> {
  const { alpha, margins, healthyMargins, warmupSeconds, ontologyFile } = overrides
  const startedAt = (await timeOf(path, shown)).toISOString()
  const ontology = ontologyFile === undefined ? undefined : await loadOntology(ontologyFile)
  return replay(
    { file: shown, open: () => readSamples(path, shown) },
    {
      settings: settingsOf(overrides.config ?? defaultConfig),
      ...(ontology === undefined ? {} : { documents: ontology.document.actions }),
      replace: {
        ...(alpha === undefined ? {} : { alpha }),
        ...(margins === undefined ? {} : { margins }),
        ...(healthyMargins === undefined ? {} : { healthyMargins }),
        ...(warmupSeconds === undefined ? {} : { warmupSeconds }),
      },
      run: basename(shown).replace(/\.ndjson$/, ''),
      startedAt,
    },
  )
}

function settingsOf({ probe, analysis }: Config): PlanSettings {
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

/** When the file was written last: the best guess where it does not say itself when it began. */
async function timeOf(path: string, shown: string): Promise<Date> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new Error('it is a folder')
    return found.mtime
  } catch (thrown) {
    throw new UsageError(`Cannot read samples: "${shown}": ${fileReason(thrown)}`, {
      code: 'no-file',
      mend: 'name a file of samples, or - for stdin',
      cause: thrown,
    })
  }
}

/** Every line of the file that is not blank, parsed. */
export async function* readSamples(path: string, shown: string): AsyncGenerator<NumberedLine> {
  let lineNumber = 0
  for await (const text of linesOf(path, shown)) {
    lineNumber += 1
    if (text.trim() !== '') yield { line: parseLine(text, `${shown}:${lineNumber}`), lineNumber }
  }
}

async function* linesOf(path: string, shown: string): AsyncGenerator<string> {
  let rest = ''
  let count = 0
  for await (const chunk of createReadStream(path, 'utf8')) {
    const parts = (rest + String(chunk)).split('\n')
    rest = parts.pop() ?? ''
    count += parts.length
    yield* parts
    if (rest.length > MOST_LINE_BYTES) throw badSample(`${shown}:${count + 1}`, 'it is too long')
  }
  if (rest !== '') yield rest
}

function parseLine(text: string, where: string): SampleLine {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    throw badSample(where, messageOf(thrown), thrown)
  }
  try {
    return toSampleLine(value)
  } catch (thrown) {
    // The second look costs time, but only for the line that ends the work anyway.
    const door = { what: 'sample', code: 'bad-sample', locate: () => where }
    parseWith(sampleLineSchemaOf(value), value, door)
    throw badSample(where, messageOf(thrown), thrown)
  }
}

function badSample(where: string, why: string, cause?: unknown): UsageError {
  return new UsageError(`Cannot read sample: ${where}: ${why}`, {
    code: 'bad-sample',
    where,
    mend: 'each line is one JSON document, as probe --samples writes them',
    ...(cause === undefined ? {} : { cause }),
  })
}
