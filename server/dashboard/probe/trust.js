// @ts-check
/**
 * How far the run can be trusted: whether the baseline is itself, what equal arms stayed within, and
 * which planted regressions would have been found. Each card is there only where it says something.
 */

import { byId, setText } from '../parts/dom.js'
import { numbersTable, showList } from '../parts/facts.js'
import {
  actionWord,
  capital,
  formatCount,
  formatMs,
  formatSeconds,
  formatShare,
  metricWord,
  showControls,
} from '../parts/words.js'

const THIN = '\u202f'
const METRICS = ['latency_typical', 'latency_tail', 'errors', 'responses', 'cpu', 'memory']
const isCount = (/** @type {string} */ metric) => metric === 'errors' || metric === 'responses'

let shown = ''

/** @param {ApiProbe} probe */
export function showTrust({ report }) {
  const { drifts = [], aa, selfTest = [] } = report ?? {}
  const signature = JSON.stringify([drifts, aa, selfTest])
  if (shown === signature) return
  shown = signature
  byId('drifts').hidden = drifts.length === 0
  byId('drift-table').replaceChildren(driftTable(drifts))
  byId('equal').hidden = aa === undefined
  if (aa !== undefined) showEqual(aa)
  byId('self-test').hidden = selfTest.length === 0
  showList(byId('self-test-list'), selfTest.map(plantedItem))
}

/** @param {NonNullable<ApiReport['drifts']>} drifts */
function driftTable(drifts) {
  const heads = ['Baseline', 'This run', 'Usually', 'Moving average', 'Runs before']
  const rows = drifts.map(({ action, metric, value, average, low, high, runs }) => {
    const figure = (/** @type {number} */ amount) =>
      isCount(metric) ? formatShare(amount) : formatMs(amount)
    return [
      `${actionWord(action)}, ${metricWord(metric)}`,
      figure(value),
      `${figure(low)} to ${figure(high)}`,
      figure(average),
      formatCount(runs),
    ]
  })
  return numbersTable(heads, rows)
}

/** @param {NonNullable<ApiReport['aa']>} aa */
function showEqual({ margins, actions }) {
  const metrics = METRICS.filter((metric) =>
    actions.some((row) => marginOf(row.margins, metric) !== undefined),
  )
  const heads = ['Action', ...metrics.map((metric) => capital(metricWord(metric)))]
  const rows = actions.map((row) => [
    actionWord(row.action),
    ...metrics.map((metric) => {
      const margin = marginOf(row.margins, metric)
      return margin === undefined ? '–' : `±${sizeOf(metric, margin)}`
    }),
  ])
  byId('equal-table').replaceChildren(numbersTable(heads, rows))
  // The interval of a count only shows how short the run was: such a margin would hide faults.
  const flags = METRICS.filter((metric) => !isCount(metric)).flatMap((metric) => {
    const margin = marginOf(margins, metric)
    return margin === undefined ? [] : [`${metric}=${number(margin * 100)}%`]
  })
  byId('equal-flag').hidden = flags.length === 0
  setText(byId('equal-line'), `--margin ${flags.join(',')}`)
}

/**
 * @param {NonNullable<ApiReport['aa']>['margins']} margins
 * @param {string} metric
 */
function marginOf(margins, metric) {
  return Object.entries(margins).find(([name]) => name === metric)?.[1]
}

/** @param {NonNullable<ApiReport['selfTest']>[number]} row */
function plantedItem({ action, metric, size, found, named, detectedAt }) {
  const name = showControls(actionWord(action))
  const planted = `${name}, ${metricWord(metric)} +${sizeOf(metric, size)}`
  if (!found)
    return {
      kind: 'inconclusive',
      text: `${planted} would not have been found in this run`,
      note: '',
    }
  const when = detectedAt === undefined ? '' : ` after ${formatSeconds(detectedAt)}`
  return {
    kind: 'met',
    text: `${planted} would have been found${when}`,
    note: named ? 'and the action named' : 'but no action named',
  }
}

/**
 * @param {string} metric
 * @param {number} size
 */
function sizeOf(metric, size) {
  return `${number(size * 100)}${THIN}${isCount(metric) ? 'pp' : '%'}`
}

/** @param {number} value */
function number(value) {
  return String(Number(value.toFixed(2)))
}
