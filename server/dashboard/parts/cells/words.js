// @ts-check
/** What was measured of one metric of an action, in words: figure, interval, margin. */

import { capital, effectWords, formatPoints, formatShare, metricWord } from '../words.js'

/**
 * `Tail: 1.44× (1.20–1.71), margin 20 %; +3.1 pp (1.0–5.2) more answers above the
 * baseline's p95`.
 * @param {string} metric
 * @param {{ effect?: ApiEffect | undefined; margin?: number | undefined; share?: ApiEffect }} cell
 */
export function cellWords(metric, { effect, margin, share }) {
  const name = capital(metricWord(metric))
  if (effect === undefined) return `${name}: too little to say`
  const parts = [
    figureOf(effect),
    ...(margin === undefined ? [] : [`margin ${marginOf(effect, margin)}`]),
  ]
  const slow =
    share === undefined ? '' : `; ${figureOf(share)} more answers above the baseline’s p95`
  return `${name}: ${parts.join(', ')}${slow}`
}

/**
 * Of the metric whose charts are shown.
 * @param {ApiAction | undefined} action
 * @param {string} metric
 */
export function measuredWords(action, metric) {
  const measured = action?.metrics.find((entry) => entry.metric === metric)
  return measured === undefined ? '' : `${cellWords(metric, measured)}.`
}

/** @param {ApiEffect} effect */
function figureOf(effect) {
  const { estimate, interval } = effectWords(effect)
  return `${estimate} ${interval}`
}

/**
 * @param {ApiEffect} effect
 * @param {number} margin
 */
function marginOf({ kind }, margin) {
  return kind === 'ratio' ? formatShare(margin) : formatPoints(margin).replace('+', '')
}
