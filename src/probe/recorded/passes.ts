/**
 * The readings of one samples file: a look at its first line, a count where it brings no plan, the
 * judgement, and one more for the rules of other tools. Says how far it has come.
 */

import type { NumberedLine } from '../../analysis/recorded/survey.ts'
import type { Report } from '../../core/contract/report.ts'
import { OutriderError } from '../../core/errors.ts'
import { readSampleLines, type SampleLines } from './lines.ts'

export type PassName = 'counting' | 'judging' | 'other rules'

export interface ReadingProgress {
  readonly name: PassName
  /** From 1. */
  readonly pass: number
  readonly passes: number
  /** Of the file, as it lies on the disk. */
  readonly bytes: number
  readonly totalBytes: number
  readonly lines: number
  /** Since this pass began. */
  readonly seconds: number
}

export interface PassOptions {
  /** The name that errors show. */
  readonly shown: string
  readonly totalBytes: number
  /** There will be one more reading for other rules. */
  readonly withRules: boolean
  readonly signal?: AbortSignal
  /** At most ten times a second. */
  readonly onProgress?: (progress: ReadingProgress) => void
}

export interface Passes {
  /** The lines for the judgement: asked for once or several times. */
  open(): AsyncIterable<NumberedLine>
  openForRules(): AsyncIterable<NumberedLine>
  /** Actions of the last whole reading, the most frequent first. */
  actions(): string[]
  /** The earliest second at which a request was meant to be sent. */
  firstAt(): number
  /** The share of the file at which the reading was interrupted; undefined where it was not. */
  cutAt(): number | undefined
}

const PROGRESS_EVERY_MS = 100

export function createPasses(path: string, options: PassOptions): Passes {
  const { shown, totalBytes, signal } = options
  let bringsPlan = false
  let opened = 0
  let last: SampleLines | undefined
  let bytesRead = 0

  function start(name: PassName, pass: number): SampleLines {
    if (signal?.aborted === true) throw interrupted(shown)
    const withRules = Number(options.withRules)
    const passes = Math.max(pass, (bringsPlan ? 1 : 2) + withRules)
    const tell = createTeller(options, { name, pass, passes })
    last = readSampleLines(path, shown, {
      ...(signal === undefined ? {} : { signal }),
      onRead(bytes, lines) {
        bytesRead = bytes
        tell(bytes, lines)
      },
    })
    return last
  }

  return {
    open() {
      opened += 1
      // The first reading ends after its first line, which says whether there is a plan.
      if (opened === 1) {
        const first = readSampleLines(path, shown)
        return peekedBy(first, (line) => {
          bringsPlan = line.line.kind === 'run'
        })
      }
      // Of a plan whose blocks are missing no more can be used than of a file without one.
      const counts = bringsPlan ? opened === 3 : opened === 2
      return start(counts ? 'counting' : 'judging', opened - 1)
    },
    openForRules: () => start('other rules', opened),
    actions: () =>
      [...(last?.actions ?? [])]
        .toSorted((left, right) => right[1] - left[1])
        .map(([action]) => action),
    firstAt: () => last?.firstAt ?? 0,
    cutAt: () =>
      last?.wasCut === true ? Math.min(1, bytesRead / Math.max(1, totalBytes)) : undefined,
  }
}

async function* peekedBy(
  lines: AsyncIterable<NumberedLine>,
  see: (line: NumberedLine) => void,
): AsyncGenerator<NumberedLine> {
  for await (const line of lines) {
    see(line)
    yield line
  }
}

function createTeller(
  { onProgress, totalBytes }: PassOptions,
  pass: Pick<ReadingProgress, 'name' | 'pass' | 'passes'>,
): (bytes: number, lines: number) => void {
  if (onProgress === undefined) return () => {}
  const startedMs = performance.now()
  let toldMs = startedMs
  return (bytes, lines) => {
    const nowMs = performance.now()
    if (nowMs - toldMs < PROGRESS_EVERY_MS) return
    toldMs = nowMs
    onProgress({ ...pass, bytes, totalBytes, lines, seconds: (nowMs - startedMs) / 1000 })
  }
}

/** The error of a reading that was ended before there was anything to say. */
export function interrupted(shown: string): OutriderError {
  return new OutriderError(`Cannot analyze "${shown}": interrupted before anything was judged`, {
    code: 'interrupted',
    where: shown,
  })
}

/** The report on a file whose reading was interrupted: what was read is judged, and never healthy. */
export function partialReport(report: Report, share: number): Report {
  const place = `${Math.floor(share * 100)} % of the file`
  const message = `the reading was interrupted at ${place}; what stands before it was judged`
  const others = report.reasons.filter(({ code }) => code !== 'interrupted')
  const reasons = [...others, { code: 'interrupted', message }]
  if (report.verdict !== 'healthy') return { ...report, reasons }
  const summary = `nothing found before the reading was interrupted at ${place}`
  return { ...report, verdict: 'inconclusive', summary, reasons }
}
