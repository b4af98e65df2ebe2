// @ts-check
/** One chart of a baseline's history: figure, moving average, limits, and the same as a table. */

import { element, icon } from '../parts/dom.js'
import { numbersTable } from '../parts/facts.js'
import { createPlot } from '../parts/plot.js'
import {
  actionWord,
  capital,
  formatCount,
  formatMs,
  formatShare,
  metricWord,
} from '../parts/words.js'
import { composeHistory } from './chart.js'

/** @typedef {ApiBaselineChart['points'][number]} Point */

/**
 * Whether its last run does not belong to its history.
 * @param {ApiBaselineChart} chart
 */
export function hasMoved({ points }) {
  const last = points.at(-1)
  return last !== undefined && last.outside !== 'no'
}

/** @param {ApiBaselineChart} chart */
export function cardOf(chart) {
  const { action, metric, points } = chart
  const name = `${capital(actionWord(action))}, ${metricWord(metric)}`
  const words = wordsOf(chart)
  const canvas = element('canvas', { role: 'img', 'aria-label': `${name}: ${words}` })
  const plot = createPlot(canvas, composeHistory)
  const heads = ['Run', 'At', 'Figure', 'Moving average', 'Limits', 'Pairs']
  const rows = points
    .toReversed()
    .map((point) => [
      point.run,
      new Date(point.at).toLocaleString(),
      figure(metric, point.value),
      figure(metric, point.average),
      limitsOf(metric, point),
      formatCount(point.pairs),
    ])
  const sign = hasMoved(chart) ? [icon('invalid'), ' '] : []
  const card = element(
    'section',
    { class: 'card' },
    element(
      'header',
      {},
      element('h2', {}, ...sign, name),
      element('span', { class: 'sm mut' }, words),
    ),
    element('figure', {}, element('div', { class: 'plot' }, canvas)),
    element(
      'details',
      {},
      element('summary', {}, 'Show as table'),
      element('div', { class: 'scroll' }, numbersTable(heads, rows)),
    ),
  )
  return { card, draw: () => plot.show(chart) }
}

/** @param {ApiBaselineChart} chart */
function wordsOf({ metric, points }) {
  const last = points.at(-1)
  if (last === undefined) return 'no run yet'
  const now = figure(metric, last.value)
  if (last.low === undefined) return `${now}; limits from the ninth run on`
  const usual = limitsOf(metric, last)
  if (last.outside === 'no') return `${now}, usually ${usual}`
  return last.outside === 'average'
    ? `${now}, average crept to ${figure(metric, last.average)}`
    : `${now}, but usually ${usual}`
}

/**
 * @param {string} metric
 * @param {Point} point
 */
function limitsOf(metric, { low, high }) {
  if (low === undefined || high === undefined) return '–'
  return `${figure(metric, low)} to ${figure(metric, high)}`
}

/**
 * @param {string} metric
 * @param {number} value
 */
function figure(metric, value) {
  return metric === 'errors' || metric === 'responses' ? formatShare(value) : formatMs(value)
}
