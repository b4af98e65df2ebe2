// @ts-check
/** The two charts of the selected action, their labels for a screen reader and their tables. */

import { byId, setText } from './dom.js'
import { composeEvidence } from './evidence.js'
import { numbersTable } from './facts.js'
import { createPlot } from './plot.js'
import { composeQuantiles } from './quantiles.js'
import { actionWord, capital, formatCount, formatMs, formatSeconds } from './words.js'

const evidence = createPlot(canvasOf('evidence'), composeEvidence)
const quantiles = createPlot(canvasOf('quantiles'), composeQuantiles)

/**
 * Both charts of an action, and the same as tables.
 * @param {string} action
 * @param {ApiSeries} series
 * @param {number} warmupSeconds hatched before the first block
 */
export function drawSeries(action, series, warmupSeconds) {
  byId('charts').hidden = false
  byId('no-charts').hidden = true
  const name = actionWord(action)
  setText(byId('evidence-title'), `Evidence for ${name}`)
  setText(byId('quantiles-title'), `Latency of ${name}`)
  evidence.show({ series, warmupSeconds })
  quantiles.show({ series })
  const last = series.points.at(-1)
  const times =
    last === undefined
      ? 'no block yet'
      : `×${Math.exp(Math.min(last.lnEvidence, 300)).toPrecision(2)}`
  const threshold = `×${Math.exp(Math.min(series.lnThreshold, 300)).toPrecision(2)}`
  byId('evidence').setAttribute(
    'aria-label',
    `Evidence that ${name} is worse: ${times} of ${threshold}`,
  )
  const p95 = quantileWords(series, 0.95)
  byId('quantiles').setAttribute('aria-label', `Latency of ${name} at p95: ${p95}`)
  const step = Math.max(1, Math.ceil(series.points.length / 30))
  const points = series.points.filter(
    (_, index) => index % step === 0 || index === series.points.length - 1,
  )
  const rows = points.map((point) => [
    formatSeconds(point.at),
    capital(point.phase),
    Math.exp(Math.min(point.lnEvidence, 300)).toPrecision(3),
    point.lnHealthyEvidence === undefined
      ? '–'
      : Math.exp(Math.min(point.lnHealthyEvidence, 300)).toPrecision(3),
    formatCount(point.pairs),
  ])
  byId('evidence-table').replaceChildren(
    numbersTable(['After the warm-up', 'Phase', 'Worse, ×', 'No worse, ×', 'Pairs'], rows),
  )
  const canary = new Map(series.quantiles.canary.map(([q, ms]) => [q, ms]))
  const pairs = series.quantiles.baseline.map(([q, ms]) => {
    const other = canary.get(q)
    return [
      `p${Number((q * 100).toFixed(3))}`,
      formatMs(ms),
      other === undefined ? '–' : formatMs(other),
    ]
  })
  byId('quantiles-table').replaceChildren(numbersTable(['Quantile', 'Baseline', 'Canary'], pairs))
}

/**
 * @param {ApiSeries} series
 * @param {number} wanted
 */
function quantileWords(series, wanted) {
  const arms = /** @type {const} */ (['baseline', 'canary'])
  return arms
    .map((arm) => {
      const found = series.quantiles[arm].find(([q]) => Math.abs(q - wanted) < 1e-6)
      return `${arm} ${found === undefined ? 'not measured' : formatMs(found[1])}`
    })
    .join(', ')
}

/** @type {Record<string, string>} */
const NO_CHARTS = {
  'series-not-kept':
    'The series of this run are not kept: they live as long as the process that ran it.',
  'unknown-action': 'This row pools what is too rare to be judged alone: it has no chart.',
}

/** @param {{ code?: string; message: string }} problem */
export function showNoCharts({ code = '', message }) {
  byId('charts').hidden = true
  byId('no-charts').hidden = false
  setText(byId('no-charts'), NO_CHARTS[code] ?? message)
}

/** @param {string} name */
function canvasOf(name) {
  return /** @type {HTMLCanvasElement} */ (byId(name))
}
