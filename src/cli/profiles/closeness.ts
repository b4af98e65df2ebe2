/** How close synthetic users are to real ones, as a table; the sentence comes last. */

import type { Closeness, Measure } from '../../outrider.ts'
import { padEnd, padStart, widthOf, wrap } from '../../report/columns.ts'
import { NARROW_SPACE, formatCount } from '../../report/numbers.ts'
import { paint, plainText, type TextStyle } from '../../report/text.ts'

const NAMES: Readonly<Record<Measure['name'], string>> = {
  actions: 'mix of actions (Jensen-Shannon)',
  transitions: 'transitions (Jensen-Shannon)',
  thinkTimes: 'think times (Kolmogorov-Smirnov)',
  sessionLengths: 'session lengths (KS)',
  sessionDurations: 'session durations (KS)',
  bigramsMissing: 'pairs of actions never made',
  bigramsNew: 'pairs of actions never seen',
  trigramsMissing: 'triples of actions never made',
  trigramsNew: 'triples of actions never seen',
  rareCopies: 'copies of a unique real session',
}

const WIDTH = 78

/** Lines of at most 80 columns; the last ones are the sentence. */
export function renderCloseness(closeness: Closeness, style: TextStyle): string[] {
  const text = (value: string): string => plainText(value, style)
  const rows = closeness.measures.map((measure) => ({
    measure,
    cells: cellsOf(measure).map(text),
  }))
  const head = ['how close', 'distance', 'noise', '95 %'].map(text)
  const widths = head.map((title, index) =>
    Math.max(
      ...[head, ...rows.map(({ cells }) => cells)].map((cells) => widthOf(cells[index] ?? '')),
    ),
  )
  const line = (cells: readonly string[], last: string): string => {
    const padded = cells.map((cell, index) =>
      (index === 0 ? padEnd : padStart)(cell, widths[index] ?? 0),
    )
    return `  ${[...padded, last].join('  ')}`.trimEnd()
  }
  return [
    line(head, ''),
    ...rows.map(({ measure, cells }) =>
      measure.kind === 'measured'
        ? line(cells, text(measure.word))
        : paint('dim', line(cells, text(`not measured: ${measure.reason}`)), style),
    ),
    ...wrap(text(sentenceOf(closeness)), WIDTH),
  ].map((rendered) => rendered.replaceAll(NARROW_SPACE, ' '))
}

function cellsOf(measure: Measure): string[] {
  const name = NAMES[measure.name]
  if (measure.kind === 'not-measured') return [name, '', '', '']
  return [name, ...[measure.distance, measure.noise, measure.noiseHigh].map((d) => d.toFixed(3))]
}

/** `4 000 synthetic users beside 997 derived ones: 8 of 10 distances are within the noise …` */
function sentenceOf({ real, synthetic, measures, perSide }: Closeness): string {
  const users = `${formatCount(synthetic)} synthetic users beside ${formatCount(real)} derived ones`
  const measured = measures.filter((measure) => measure.kind === 'measured')
  if (measured.length === 0) return `${users}: too few to be compared`
  const within = measured.filter(({ word }) => word === 'within the noise')
  const far = measured.filter(({ word }) => word === 'far')
  const names = far.map(({ name }) => NAMES[name].replace(/ \(.*/, ''))
  const noise = `the noise of two random halves (${formatCount(perSide)} sessions a side)`
  const rest = names.length === 0 ? 'none is far' : `far: ${names.join(', ')}`
  return `${users}: ${within.length} of ${measured.length} distances within ${noise}; ${rest}`
}
