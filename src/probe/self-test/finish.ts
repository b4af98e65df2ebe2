/**
 * What is added to a report once the run has ended: margins of an A/A run, the hint that there was
 * none, and the self-test. All of it reads what was recorded; nothing is sent any more.
 */

import { concludeAa } from '../../analysis/aa/conclude.ts'
import { slowWobbleOf } from '../../analysis/aa/slow-wobble.ts'
import type { PlanSettings } from '../../analysis/plan.ts'
import { addSelfTest } from '../../analysis/self-test/self-test.ts'
import type { Report } from '../../core/contract/report.ts'
import { messageOf } from '../../core/errors.ts'
import { readSamples } from '../analyze.ts'
import type { ProbeRequest } from '../requests.ts'
import { makeTemporaryFile } from './temporary.ts'

export interface Recording {
  /** Where the samples go; undefined where nobody needs them. */
  readonly file?: string
  /** Deletes what was kept for the end only. */
  release(): void
}

/** @throws StoreError if samples are needed and cannot be kept */
export function recordingOf({ samplesFile, aa, selfTest: sizes }: ProbeRequest): Recording {
  if (samplesFile !== undefined) return { file: samplesFile, release: () => {} }
  if (aa !== true && sizes === undefined) return { release: () => {} }
  const temporary = makeTemporaryFile()
  return { file: temporary.file, release: () => temporary.remove() }
}

export interface FinishOptions {
  readonly request: ProbeRequest
  /** Of the recording; closed by then. */
  readonly file?: string
  /** For files without a plan; a run's own file has one. */
  readonly settings: PlanSettings
  /** Asked only where there is a finding. */
  readonly knowsItself: () => boolean
  /** The person has had enough. */
  readonly stopped: () => boolean
}

/** The report with what its request asked for beside the verdict. */
export async function finishReport(report: Report, options: FinishOptions): Promise<Report> {
  const { request, file } = options
  const judged = request.aa === true ? await aaReport(report, file) : hinted(report, options)
  const { selfTest: asked } = request
  if (asked === undefined || file === undefined || options.stopped()) return judged
  const { run, startedAt } = report
  return addSelfTest(
    judged,
    { file, open: () => readSamples(file, file) },
    { settings: options.settings, run, startedAt },
    asked.sizes,
    {
      stopped: options.stopped,
      ...(asked.starting === undefined ? {} : { starting: asked.starting }),
    },
  )
}

async function aaReport(report: Report, file: string | undefined): Promise<Report> {
  if (file === undefined) return concludeAa(report, 0)
  try {
    return concludeAa(report, await slowWobbleOf(readSamples(file, file)))
  } catch (thrown) {
    return withReason(
      concludeAa(report, 0),
      'aa-wobble',
      `the slow wobble of the arms could not be measured: ${messageOf(thrown)}`,
    )
  }
}

/** A finding says that the arms differ, and equal arms were never looked at here. */
function hinted(report: Report, { knowsItself }: FinishOptions): Report {
  if (report.findings.length === 0 || knowsItself()) return report
  const message =
    'never compared with itself here: outrider probe --aa says how far equal arms differ'
  return withReason(report, 'no-aa', message)
}

function withReason(report: Report, code: string, message: string): Report {
  return { ...report, reasons: [...report.reasons, { code, message }] }
}
