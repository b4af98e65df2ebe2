// @ts-check
/** When it began: the estimate over time, its margin, the onset and the alarm, on the local clock. */

import { endOf, plainScale, setTicks, timeScale } from '../parts/plot.js'
import { formatClock, formatRatio, formatSeconds } from '../parts/words.js'

/** @typedef {import('../parts/plot.js').Colours} Colours */
/** @typedef {import('../parts/annotations.js').Notes} Notes */

const MOST_POINTS = 600
/** Shown before the onset and after the alarm, at least. */
const AROUND_SECONDS = 60
const TICKS = [0.5, 0.65, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.8, 2.5, 4]

/**
 * The wall clock of the onset: the finding knows its seconds, the record when it was made.
 * @param {ApiInvestigation} investigation
 */
export function onsetClock({ at, finding }) {
  return Date.parse(at) - (finding.detectedAt - finding.onset) * 1000
}

/**
 * The wall clock of the end; undefined while it goes on.
 * @param {ApiInvestigation} investigation
 */
export function endedClock({ at, finding }) {
  const { ended, detectedAt } = finding
  return ended === undefined ? undefined : Date.parse(at) + (ended - detectedAt) * 1000
}

/**
 * @param {ApiSeries} series
 * @param {ApiInvestigation} investigation
 */
export function pointsAround(series, { finding }) {
  const around = Math.max(AROUND_SECONDS, (finding.detectedAt - finding.onset) * 2)
  const known = series.points.filter(({ ratio }) => ratio !== undefined)
  const last = Math.max(finding.detectedAt, finding.ended ?? 0) + around
  const near = known.filter(({ at }) => at >= finding.onset - around && at <= last)
  const step = Math.ceil(near.length / MOST_POINTS)
  return near.filter((_, index) => index % step === 0)
}

/**
 * @param {{ series: ApiSeries; investigation: ApiInvestigation }} data
 * @param {Colours} c
 */
export function composeOnset({ series, investigation }, c) {
  const { finding } = investigation
  const points = pointsAround(series, investigation)
  const wall = (/** @type {number} */ seconds) =>
    Date.parse(investigation.at) + (seconds - finding.detectedAt) * 1000
  const line = points.map(({ at, ratio = 1, episode, phase }, index) => {
    const before = points[index - 1]
    const isNew = before !== undefined && (before.episode !== episode || before.phase !== phase)
    return { x: wall(at), y: isNew ? Number.NaN : Math.log(ratio) }
  })
  const heights = line.map(({ y }) => y).filter(Number.isFinite)
  const low = Math.min(Math.log(0.8), ...heights) - 0.02
  const high = Math.max(Math.log(1 + finding.margin) * 1.6, ...heights) + 0.06
  const fromMs = wall(points[0]?.at ?? finding.onset - AROUND_SECONDS)
  const toMs = wall(points.at(-1)?.at ?? finding.detectedAt + AROUND_SECONDS)
  const y = plainScale(c, low, high)
  const ticks = TICKS.map(Math.log).filter((tick) => tick >= low && tick <= high)
  /** @type {Notes} */
  const notes = {
    paper: c.surface,
    ink: c.ink2,
    bands: [],
    levels: [
      { y: 0, color: c.lineStrong, label: '' },
      {
        y: Math.log(1 + finding.margin),
        color: c.ink2,
        label: `margin +${Number((finding.margin * 100).toPrecision(3))} %`,
        dash: [3, 3],
      },
    ],
    moments: [
      {
        x: wall(finding.onset),
        label: `onset ${formatClock(wall(finding.onset))}`,
        color: c.bad,
        ink: c.bad,
        dash: [3, 3],
        isLeft: true,
      },
      {
        x: wall(finding.detectedAt),
        label: `alarm, ${formatSeconds(finding.detectedAt - finding.onset)} later`,
        color: c.bad,
        ink: c.bad,
        dash: [],
      },
      ...endMoments(wall, finding, c),
    ],
    ends: [{ ...endOf(line, 'estimate so far', c.canary), shift: 28 }],
  }
  const datasets = [{ data: line, borderColor: c.canary, borderWidth: 2.5, pointRadius: 0 }]
  const scales = {
    x: timeScale(c, fromMs, toMs, formatClock),
    y: { ...y, ticks: { ...y.ticks, callback: ratioOf }, afterBuildTicks: setTicks(ticks) },
  }
  return { datasets, scales, notes }
}

/**
 * @param {ApiSeries} series
 * @param {ApiInvestigation} investigation
 */
export function onsetRows(series, investigation) {
  const points = pointsAround(series, investigation)
  const step = Math.max(1, Math.ceil(points.length / 30))
  return points
    .filter((_, index) => index % step === 0)
    .map(({ at, ratio = 1, pairs }) => [
      formatClock(Date.parse(investigation.at) + (at - investigation.finding.detectedAt) * 1000),
      `${formatRatio(ratio)}×`,
      String(pairs),
    ])
}

/**
 * @param {(seconds: number) => number} wall
 * @param {ApiFinding} finding
 * @param {Colours} c
 */
function endMoments(wall, { ended }, c) {
  if (ended === undefined) return []
  const x = wall(ended)
  return [{ x, label: `gone ${formatClock(x)}`, color: c.ink2, ink: c.ink2, dash: [3, 3] }]
}

/** @param {number} ln */
function ratioOf(ln) {
  return `${Number(Math.exp(ln).toFixed(2))}×`
}
