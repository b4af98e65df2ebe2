// @ts-check
/** The narrow cells of a row of the forest: tail, errors and responses, each on its own axis. */

import { element, setAttributes, setText } from '../dom.js'
import { createInterval } from '../interval.js'
import { cellWords } from './words.js'

/** @typedef {import('../rows.js').Row} Row */

/**
 * A narrow cell: on a phone it is there only where its metric is the finding, with a word of its
 * own in place of the axis.
 * @param {'tail' | 'errors' | 'responses'} metric
 * @param {string} label
 * @param {import('../interval.js').Axis} axis
 */
export function createSmall(metric, label, axis) {
  const interval = createInterval()
  const words = element('span', { class: 'only-read' })
  const base = metric === 'responses' ? 'c-s c-r' : 'c-s'
  const node = element('td', { class: base, 'data-label': label }, interval.node, words)
  return {
    node,
    /** @param {Row} row */
    show(row) {
      const cell = row[metric]
      const isEmpty = row.kind === 'skipped' || row.metric !== undefined
      setAttributes(interval.node, { hidden: isEmpty })
      setAttributes(node, {
        class: cell.guilty ? `${base} hit` : base,
        title: isEmpty || cell.effect === undefined ? undefined : cellWords(metric, cell),
      })
      interval.show(axis, cell, markerOf(row, cell), '–')
      setText(words, isEmpty || cell.effect === undefined ? '' : cellWords(metric, cell))
    },
  }
}

/**
 * Only the guilty metric is red; health is green where it was proven, on typical latency.
 * @param {Row} row
 * @param {import('../rows.js').Cell} cell
 */
export function markerOf(row, cell) {
  if (cell.guilty) return row.kind === 'victim' ? 'vic' : 'bad'
  return row.kind === 'healthy' && cell === row.typical ? 'good' : 'faint'
}
