/** The sentence of a rollout and its consequence, as they can be pasted into a chat. */

import type { RolloutDocument } from '../../../core/contract/rollout.ts'
import { clip, widthOf } from '../../../report/columns.ts'
import { NARROW_SPACE } from '../../../report/numbers.ts'
import { plainText, type TextStyle } from '../../../report/text.ts'
import type { Terminal } from '../../terminal.ts'

const WIDTH = 78
const MOST_LINES = 3

export function printSentence(
  document: Pick<RolloutDocument, 'sentence' | 'consequence'>,
  terminal: Terminal,
): void {
  terminal.out(`${renderSentences(document, terminal.outStyle).join('\n')}\n`)
}

/** At most three lines; the sentence comes first, and what is too long is cut at the end. */
export function renderSentences(
  { sentence, consequence }: Pick<RolloutDocument, 'sentence' | 'consequence'>,
  style: TextStyle,
): string[] {
  const whole = consequence === undefined ? [sentence] : [sentence, consequence]
  const text = whole.map((part) => (/[.!?]$/.test(part) ? part : `${part}.`)).join(' ')
  const lines = fill(plainText(text, style), WIDTH)
  const shown = lines.slice(0, MOST_LINES)
  if (lines.length > MOST_LINES) {
    const rest = lines.slice(MOST_LINES - 1).join(' ')
    shown[MOST_LINES - 1] = clip(rest, WIDTH, style.unicode ? '…' : '~')
  }
  return shown.map((line) => line.replaceAll(NARROW_SPACE, ' '))
}

/** Lines that take as many words as fit: two sentences read as one paragraph. */
function fill(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].map((whole) => clip(whole, width))
}
