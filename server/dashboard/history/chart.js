// @ts-check
/** The picture: dots are runs, the line is their moving average, the band is where they belong. */

import { formatMs, formatShare } from '../parts/words.js'
import { endOf, plainScale, timeScale } from '../parts/plot.js'

/** @typedef {import('../parts/plot.js').Colours} Colours */
/** @typedef {import('../parts/annotations.js').Notes} Notes */

const HEADROOM = 0.12
/** Of the width, for the word at the line's end. */
const WORD_ROOM = 0.16

/**
 * Runs stand side by side, whatever the time between them.
 * @param {ApiBaselineChart} chart
 * @param {Colours} c
 */
export function composeHistory({ metric, points }, c) {
  const isShare = metric === 'errors' || metric === 'responses'
  const values = points.map(({ value }, index) => at(value, index))
  const average = points.map((point, index) => at(point.average, index))
  const low = points.map((point, index) => at(point.low, index))
  const high = points.map((point, index) => at(point.high, index))
  const all = [...values, ...low, ...high].map(({ y }) => y).filter(Number.isFinite)
  const [least, most] = all.length === 0 ? [0, 1] : [Math.min(...all), Math.max(...all)]
  const room = (most - least) * HEADROOM || Math.max(most * HEADROOM, isShare ? 0.001 : 1)
  const inks = points.map(({ outside }) => (outside === 'no' ? c.baseline : c.invalid))
  const plain = { pointRadius: 0, borderWidth: 1, borderColor: c.lineStrong }
  const datasets = [
    { ...plain, data: low },
    { ...plain, data: high, fill: '-1', backgroundColor: `${c.baseline}24` },
    { pointRadius: 0, borderWidth: 2, borderColor: c.baseline, data: average },
    {
      data: values,
      showLine: false,
      pointRadius: points.map(({ outside }) => (outside === 'no' ? 3 : 5)),
      pointStyle: points.map(({ outside }) => (outside === 'no' ? 'circle' : 'triangle')),
      pointBackgroundColor: inks,
      pointBorderColor: inks,
    },
  ]
  const y = plainScale(c, Math.max(0, least - room), most + room)
  const callback = (/** @type {number} */ value) => (isShare ? formatShare(value) : formatMs(value))
  const scales = {
    x: timeScale(c, 0.5, points.length + Math.max(1.5, points.length * WORD_ROOM), (run) =>
      runAt(points, run),
    ),
    y: { ...y, ticks: { ...y.ticks, maxTicksLimit: 6, includeBounds: false, callback } },
  }
  /** @type {Notes} */
  const notes = {
    paper: c.surface,
    ink: c.ink2,
    levels: [],
    bands: [],
    moments: [],
    ends: [endOf(average, 'average', c.baseline)],
  }
  return { datasets, scales, notes }
}

/**
 * @param {ApiBaselineChart['points']} points
 * @param {number} place
 */
function runAt(points, place) {
  return Number.isInteger(place) ? (points[place - 1]?.run ?? '') : ''
}

/**
 * @param {number | undefined} y
 * @param {number} index
 */
function at(y, index) {
  return { x: index + 1, y: y ?? Number.NaN }
}
