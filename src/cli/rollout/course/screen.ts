/**
 * The bottom line of a terminal: one live line that stays below whatever is printed. Without a
 * terminal there is none, and everything is printed as it comes.
 */

import { clip } from '../../../report/columns.ts'
import { NARROW_SPACE } from '../../../report/numbers.ts'
import { paint, plainText } from '../../../report/text.ts'
import type { Terminal } from '../../terminal.ts'

export interface Screen {
  /** What is printed on its stderr stands above the live line. */
  readonly terminal: Terminal
  /** Whether there is a live line at all. */
  readonly isLive: boolean
  /** Redraws the live line. */
  live(text: string): void
  /** Wipes it for good. */
  end(): void
}

export function createScreen(terminal: Terminal): Screen {
  const isLive = terminal.errIsTty
  let shown = ''
  const wipe = (): void => {
    if (shown !== '') terminal.err('\u001B[1A\u001B[0J')
  }
  const draw = (): void => {
    if (shown !== '') terminal.err(`${shown}\n`)
  }
  return {
    isLive,
    terminal: {
      ...terminal,
      err(text) {
        wipe()
        terminal.err(text)
        draw()
      },
    },
    live(text) {
      if (!isLive) return
      wipe()
      const style = terminal.errStyle
      const plain = plainText(text, style).replaceAll(NARROW_SPACE, ' ')
      // One column is left free: some terminals wrap a full line, and the wipe would miss a row.
      const width = Math.max(10, Math.min(120, terminal.size().columns - 1))
      shown = paint('dim', clip(plain, width, style.unicode ? '…' : '~'), style)
      draw()
    },
    end() {
      wipe()
      shown = ''
    },
  }
}
