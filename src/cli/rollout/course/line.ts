/** One line of a rollout's course: time, run, state and weight in columns, then what happened. */

import type { RolloutStateName } from '../../../core/contract/rollout.ts'
import { widthOf, wrap } from '../../../report/columns.ts'
import { NARROW_SPACE } from '../../../report/numbers.ts'
import { paint, plainText, type Mark, type TextStyle } from '../../../report/text.ts'
import { plainWeight } from '../../router-verb.ts'

/** State and weight together; `rolled_back 0 %` is one wider and moves the rest of its line. */
const STATE_WIDTH = 14
const WIDTH = 79

export type Direction = 'up' | 'down' | 'level'

const ARROWS: Readonly<Record<Direction, { readonly sign: string; readonly ascii: string }>> = {
  up: { sign: '↗', ascii: '/' },
  down: { sign: '↘', ascii: '\\' },
  level: { sign: '→', ascii: '-' },
}

export interface Line {
  /** `14:02:11` */
  readonly clock: string
  /** Left out where all lines are of one rollout. */
  readonly id?: string
  readonly state: RolloutStateName
  readonly weightBp: number
  readonly direction?: Direction
  readonly text: string
}

export function directionOf(fromBp: number, toBp: number): Direction {
  if (toBp === fromBp) return 'level'
  return toBp > fromBp ? 'up' : 'down'
}

/** `13:57:02 r1 ramping    5 %  ↗ no anomaly, read back`, wrapped below its text. */
export function renderLine(line: Line, style: TextStyle): string {
  const weight = plainWeight(line.weightBp)
  const gap = Math.max(1, STATE_WIDTH - line.state.length - weight.length)
  const state = `${line.state}${' '.repeat(gap)}${weight}`
  const head = `${begin(line, style)}${state}  `
  const { direction } = line
  const arrow = direction === undefined ? '' : arrowOf(direction, style)
  return hang(head, `${arrow}${plainText(line.text, style)}`)
}

/** `14:02:31 r1 ✖ checkout is 1.31× slower (1.22–1.41)` */
export function renderMark(
  line: Pick<Line, 'clock' | 'id' | 'text'>,
  sign: { readonly sign: string; readonly mark?: Mark },
  style: TextStyle,
): string {
  const head = begin(line, style)
  const text = hang(head, `${plainText(sign.sign, style)} ${plainText(line.text, style)}`)
  // Only the sign is coloured, after all widths are known.
  const shown = plainText(sign.sign, style)
  return `${head}${paint(sign.mark, shown, style)}${text.slice(head.length + shown.length)}`
}

function begin({ clock, id }: Pick<Line, 'clock' | 'id'>, style: TextStyle): string {
  return id === undefined ? `${clock} ` : `${clock} ${plainText(id, style)} `
}

function arrowOf(direction: Direction, style: TextStyle): string {
  const { sign, ascii } = ARROWS[direction]
  return `${style.unicode ? sign : ascii} `
}

function hang(head: string, text: string): string {
  const indent = Math.min(widthOf(head), WIDTH - 20)
  const [first = '', ...more] = wrap(text, WIDTH - indent)
  const lines = [`${head}${first}`, ...more.map((line) => `${' '.repeat(indent)}${line}`)]
  return lines.join('\n').replaceAll(NARROW_SPACE, ' ')
}
