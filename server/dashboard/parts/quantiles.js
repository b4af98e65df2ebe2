// @ts-check
/** The quantile chart: latency of both arms, as far out as there are answers to say it. */

import { apart, endOf, plainScale, setTicks, timeScale } from './plot.js'

/** @typedef {import('./plot.js').Colours} Colours */
/** @typedef {import('./annotations.js').Notes} Notes */

/** So many answers must lie above a quantile for it to be drawn as known. */
const ANSWERS_ABOVE = 10

/**
 * @param {{ series: ApiSeries }} data
 * @param {Colours} c
 */
export function composeQuantiles({ series }, c) {
  const pairs = series.points.at(-1)?.pairs ?? 0
  const known = pairs > ANSWERS_ABOVE ? Math.log10(pairs / ANSWERS_ABOVE) : 0
  const curves = /** @type {const} */ (['baseline', 'canary']).map((arm) =>
    series.quantiles[arm]
      .map(([q, ms]) => ({ x: -Math.log10(1 - q), y: Math.log10(Math.max(ms, 1e-3)) }))
      .filter((point) => Number.isFinite(point.x) && point.x <= Math.min(3.2, known)),
  )
  const [baseline = [], canary = []] = curves
  const heights = [...baseline, ...canary].map((point) => point.y)
  const low = heights.length === 0 ? 0 : Math.min(...heights) - 0.1
  const high = heights.length === 0 ? 2 : Math.max(...heights) + 0.1
  const names = new Map([
    [0.301, 'p50'],
    [1, 'p90'],
    [1.301, 'p95'],
    [2, 'p99'],
    [3, 'p99.9'],
  ])
  const right = 3.4
  const x = {
    ...timeScale(c, 0.2, right, () => ''),
    afterBuildTicks: setTicks([...names.keys()]),
  }
  x.ticks = { ...x.ticks, callback: (/** @type {number} */ value) => names.get(value) ?? '' }
  const y = plainScale(c, low, high)
  const line = { borderWidth: 2, pointRadius: 0 }
  const datasets = [
    { ...line, data: baseline, borderColor: c.baseline, borderDash: [6, 3] },
    { ...line, data: canary, borderColor: c.canary, borderWidth: 2.5 },
  ]
  const steps = msTicks(low, high)
  const scales = {
    x,
    y: { ...y, ticks: { ...y.ticks, callback: msOfPower }, afterBuildTicks: setTicks(steps) },
  }
  /** @type {Notes} */
  const notes = {
    paper: c.surface,
    ink: c.ink2,
    levels: [],
    moments: [],
    bands:
      known < right
        ? [
            {
              from: Math.max(0.2, known),
              to: right,
              fill: c.sunken,
              hatch: c.line,
              label: 'too few answers',
            },
          ]
        : [],
    ends: [endOf(baseline, 'baseline', c.baseline), endOf(canary, 'canary', c.canary)],
  }
  return { datasets, scales, notes: apart(notes) }
}

/** @param {number} power */
function msOfPower(power) {
  return `${Number((10 ** power).toPrecision(2))} ms`
}

/**
 * Round milliseconds between the ends.
 * @param {number} low
 * @param {number} high
 */
function msTicks(low, high) {
  // Few decades in the picture: more ticks in each.
  const digits = high - low < 0.7 ? [1, 1.5, 2, 3, 4, 5, 6, 8] : [1, 2, 5]
  const all = []
  for (let power = -3; power <= 6; power += 1) {
    for (const digit of digits) all.push(Math.log10(digit) + power)
  }
  return all.filter((value) => value >= low && value <= high)
}
