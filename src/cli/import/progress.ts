/**
 * How far an import has come: one line on a terminal, redrawn once a second and wiped before the
 * result; elsewhere a line every thirty seconds. What is read in no time needs neither.
 */

import { NARROW_SPACE, formatCount, formatSeconds } from '../../report/numbers.ts'
import { clip } from '../../report/columns.ts'
import { toAscii } from '../../report/escape.ts'
import { paint, plainText, type TextStyle } from '../../report/text.ts'
import type { Terminal } from '../terminal.ts'

export type ImportProgress =
  | {
      /** Of the file, as it lies on the disk. */
      readonly bytes: number
      readonly totalBytes: number
    }
  /** Of the work on the model. */
  | { readonly share: number }

export interface ImportShow {
  show(progress: ImportProgress): void
  /** Wipes what stands in the way of the result. */
  end(): void
}

const PATIENCE_MS = 1000
const REDRAW_MS = 1000
const LINE_EVERY_MS = 30_000

/** @param clock milliseconds that only grow */
export function createImportShow(
  terminal: Terminal,
  file: string,
  clock: () => number = () => performance.now(),
): ImportShow {
  const patientMs = clock() + PATIENCE_MS
  let nextMs = patientMs
  let startedMs = clock()
  let isFitting = false
  let isDrawn = false
  const wipe = (): void => {
    if (isDrawn) terminal.err('\u001B[1A\u001B[0J')
    isDrawn = false
  }
  return {
    show(progress) {
      if ('share' in progress && !isFitting) {
        isFitting = true
        startedMs = clock()
        // What takes its time says at once that something else begins.
        nextMs = Math.min(nextMs, patientMs)
      }
      if (clock() < nextMs) return
      nextMs = clock() + (terminal.errIsTty ? REDRAW_MS : LINE_EVERY_MS)
      const seconds = (clock() - startedMs) / 1000
      if (!terminal.errIsTty) {
        const line = renderProgress(progress, file, seconds, terminal.errStyle, Infinity)
        terminal.err(`${toAscii(line)}\n`)
        return
      }
      const { columns } = terminal.size()
      const width = columns > 1 ? Math.min(80, columns - 1) : 79
      wipe()
      const line = renderProgress(progress, file, seconds, terminal.errStyle, width)
      terminal.err(`${paint('dim', line, terminal.errStyle)}\n`)
      isDrawn = true
    },
    end() {
      wipe()
      nextMs = Infinity
      isFitting = true
    },
  }
}

/** `Import access.log: 41 % of 3 MB, about 14 s left · Ctrl-C: nothing is stored` */
export function renderProgress(
  progress: ImportProgress,
  file: string,
  seconds: number,
  style: TextStyle,
  width: number,
): string {
  const done = 'share' in progress ? progress.share : progress.bytes / progress.totalBytes
  const percent = Math.floor(100 * (Number.isFinite(done) ? done : 0))
  const read =
    'share' in progress
      ? `fitting the model, ${percent}${NARROW_SPACE}%`
      : `${percent}${NARROW_SPACE}% of ${formatCount(progress.totalBytes / 1e6)}${NARROW_SPACE}MB`
  // The first moments say nothing yet: programs start slowly.
  const left = percent === 0 ? 0 : (seconds * (1 - done)) / done
  const rest = left < 1 ? '' : `, about ${formatSeconds(left)} left`
  const foot = style.unicode ? ' · ' : ', '
  const line = `Import ${file}: ${read}${rest}${foot}Ctrl-C: nothing is stored`
  const text = plainText(line.replaceAll(NARROW_SPACE, ' '), style)
  return width === Infinity ? text : clip(text, width, style.unicode ? '…' : '~')
}
