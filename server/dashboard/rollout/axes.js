// @ts-check
/** The axes of the weight chart: the local clock below, per cent of real traffic beside. */

import { plainScale, setTicks, timeScale } from '../parts/plot.js'
import { formatClock, formatMinute } from '../parts/words.js'

/** @typedef {import('../parts/plot.js').Colours} Colours */

const STEPS_MS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200]
  .map((seconds) => seconds * 1000)
  .concat([86_400_000, 172_800_000])

/**
 * @param {Colours} c
 * @param {number} fromMs
 * @param {number} toMs
 * @param {number} top
 */
export function scalesOf(c, fromMs, toMs, top) {
  const wanted = innerWidth < 700 ? 4 : 9
  const stepMs = STEPS_MS.find((step) => (toMs - fromMs) / step <= wanted) ?? 604_800_000
  const isDays = toMs - fromMs > 2.5 * 86_400_000
  const word = (/** @type {number} */ atMs) => {
    if (stepMs < 60_000) return formatClock(atMs)
    return isDays
      ? new Date(atMs).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
      : formatMinute(atMs)
  }
  const x = {
    ...timeScale(c, fromMs, toMs, word),
    afterBuildTicks: setTicks(localTicks(fromMs, toMs, stepMs)),
  }
  const y = plainScale(c, 0, top)
  return {
    x: { ...x, ticks: { ...x.ticks, autoSkip: true, maxTicksLimit: wanted + 1 } },
    y: {
      ...y,
      ticks: { ...y.ticks, callback: percentOf },
      afterBuildTicks: setTicks(weightTicks(top)),
    },
  }
}

/**
 * Round moments of the local clock.
 * @param {number} fromMs
 * @param {number} toMs
 * @param {number} stepMs
 */
function localTicks(fromMs, toMs, stepMs) {
  const offset = new Date(fromMs).getTimezoneOffset() * 60_000
  const ticks = []
  const first = Math.ceil((fromMs - offset) / stepMs) * stepMs + offset
  for (let at = first; at <= toMs; at += stepMs) ticks.push(at)
  return ticks
}

/** @param {number} top basis points */
function weightTicks(top) {
  const step = [25, 50, 100, 200, 500, 1000, 2000, 2500].find((size) => top / size <= 8) ?? 2500
  const ticks = []
  for (let at = 0; at <= Math.min(top, 10_000); at += step) ticks.push(at)
  return ticks
}

/** @param {number} weightBp */
function percentOf(weightBp) {
  return `${Number((weightBp / 100).toFixed(2))} %`
}
