/** Plain sentences on a screen of 80 columns, and one line that moves while a probe runs. */

export const COLUMNS = 80

export interface Teller {
  /** A paragraph, wrapped; continued lines stand under the first. */
  say(text: string): void
  /** Lines that are shown as they are. */
  show(...lines: readonly string[]): void
  /** What is happening now: redrawn in place on a terminal, now and then a line elsewhere. */
  progress(text: string): void
}

/** Seconds between progress lines where they cannot be redrawn. */
const LINE_EVERY_MS = 10_000

export function createTeller(
  write: (text: string) => void,
  isTty: boolean,
  nowMs: () => number,
): Teller {
  let isDrawn = false
  let lineMs = Number.NEGATIVE_INFINITY

  function clear(): void {
    if (isDrawn) write('\r\u001B[K')
    isDrawn = false
  }
  function show(...lines: readonly string[]): void {
    clear()
    for (const line of lines) write(`${line}\n`)
  }
  return {
    show,
    say: (text) => show(...wrapText(text, COLUMNS - 2)),
    progress: (text) => {
      const line = `  ${text}`.slice(0, COLUMNS - 1)
      if (isTty) {
        clear()
        write(line)
        isDrawn = true
      } else if (nowMs() - lineMs >= LINE_EVERY_MS) {
        lineMs = nowMs()
        show(line)
      }
    },
  }
}

/** Lines of at most `width` characters; a longer word has a line of its own. */
export function wrapText(text: string, width: number): string[] {
  const indent = /^ */.exec(text)?.[0] ?? ''
  const lines: string[] = []
  let line = ''
  for (const word of text.trim().split(/\s+/)) {
    const longer = line === '' ? indent + word : `${line} ${word}`
    if (longer.length > width && line !== '') {
      lines.push(line)
      line = indent + word
    } else {
      line = longer
    }
  }
  return [...lines, line]
}
