/**
 * How far the reading of a file has come. A terminal gets one block of three lines, redrawn once a
 * second and wiped before the result; anything else gets a line for each reading, and one every
 * thirty seconds. What is read in no time needs neither.
 */

import type { ReadingProgress } from '../../outrider.ts'
import { clip } from '../../report/columns.ts'
import { NARROW_SPACE, formatCount, formatSeconds } from '../../report/numbers.ts'
import { toAscii } from '../../report/escape.ts'
import { paint, plainText, type TextStyle } from '../../report/text.ts'
import type { Terminal } from '../terminal.ts'

export interface ReadingShow {
  show(progress: ReadingProgress): void
  /** Wipes what stands in the way of the result. */
  end(): void
}

const REDRAW_MS = 1000
const PATIENCE_MS = 1000
const LINE_EVERY_MS = 30_000

/** @param clock milliseconds that only grow */
export function createReadingShow(
  terminal: Terminal,
  file: string,
  clock: () => number = () => performance.now(),
): ReadingShow {
  const startedMs = clock()
  return terminal.errIsTty
    ? createReadingBlock(terminal, file, { clock, startedMs })
    : createReadingLines(terminal, { clock, startedMs })
}

/** Nothing is shown: the one reader is a machine. */
export const SILENT_SHOW: ReadingShow = { show() {}, end() {} }

interface Timing {
  readonly clock: () => number
  readonly startedMs: number
}

function createReadingBlock(
  terminal: Terminal,
  file: string,
  { clock, startedMs }: Timing,
): ReadingShow {
  let nextMs = startedMs + PATIENCE_MS
  let drawn = 0
  const wipe = (): void => {
    if (drawn > 0) terminal.err(`\u001B[${drawn}A\u001B[0J`)
    drawn = 0
  }
  return {
    show(progress) {
      if (clock() < nextMs) return
      nextMs = clock() + REDRAW_MS
      const { columns } = terminal.size()
      // Some pseudo-terminals say that they have no columns at all.
      const width = columns > 1 ? Math.min(80, columns - 1) : 79
      const lines = renderReading(progress, file, terminal.errStyle, width)
      wipe()
      terminal.err(`${lines.join('\n')}\n`)
      drawn = lines.length
    },
    end() {
      wipe()
      nextMs = Infinity
    },
  }
}

function createReadingLines(terminal: Terminal, { clock, startedMs }: Timing): ReadingShow {
  let nextMs = startedMs + PATIENCE_MS
  let lastPass = 0
  return {
    show(progress) {
      const isNew = progress.pass !== lastPass && clock() >= startedMs + PATIENCE_MS
      if (clock() < nextMs && !isNew) return
      nextMs = clock() + LINE_EVERY_MS
      lastPass = progress.pass
      const text = [passOf(progress), shareOf(progress), linesOf(progress), leftOf(progress)]
      const line = text.filter((part) => part !== '').join(', ')
      terminal.err(`${toAscii(line.replaceAll(NARROW_SPACE, ' '))}\n`)
    },
    end() {},
  }
}

/** Always three lines, none wider than `width`. */
export function renderReading(
  progress: ReadingProgress,
  file: string,
  style: TextStyle,
  width: number,
): string[] {
  const ellipsis = style.unicode ? '…' : '~'
  const text = (line: string): string =>
    clip(plainText(line.replaceAll(NARROW_SPACE, ' '), style), width, ellipsis)
  const facts = [passOf(progress), shareOf(progress), linesOf(progress), speedOf(progress)]
  const foot = [leftOf(progress), 'Ctrl-C: partial report'].filter((part) => part !== '')
  return [
    paint('bold', text(`Analyze ${file}`), style),
    text(facts.filter((part) => part !== '').join('   ')),
    paint('dim', text(foot.join(' · ')), style),
  ]
}

function passOf({ name, pass, passes }: ReadingProgress): string {
  return passes === 1 ? name : `${name}, reading ${pass} of ${passes}`
}

/** Rounded down: 100 % is not said before it is. */
function shareOf({ bytes, totalBytes }: ReadingProgress): string {
  return `${Math.floor((100 * bytes) / Math.max(1, totalBytes))}${NARROW_SPACE}%`
}

function linesOf({ lines }: ReadingProgress): string {
  return `${formatCount(lines)} lines`
}

function speedOf({ lines, seconds }: ReadingProgress): string {
  return seconds > 0 ? `${formatCount(lines / seconds)} lines/s` : ''
}

/** Of this reading only: the next one does other work at another speed. */
function leftOf({ bytes, totalBytes, seconds, passes }: ReadingProgress): string {
  if (bytes === 0) return ''
  const left = (seconds * (totalBytes - bytes)) / bytes
  if (left < 1) return ''
  return `about ${formatSeconds(left)} left${passes === 1 ? '' : ' of this reading'}`
}
