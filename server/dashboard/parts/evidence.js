// @ts-check
/** The evidence chart: how strongly the data speak for worse and for no worse, over time. */

import { apart, endOf, plainScale, setTicks, timeScale } from './plot.js'
import { formatPower, formatSeconds } from './words.js'

/** @typedef {import('./plot.js').Colours} Colours */
/** @typedef {import('./annotations.js').Notes} Notes */

const LN10 = Math.log(10)
/** Evidence below a hundredth is drawn as a hundredth: less says nothing more. */
const LEAST_POWER = -2

/**
 * @param {{ series: ApiSeries; warmupSeconds: number }} data
 * @param {Colours} c
 */
export function composeEvidence({ series, warmupSeconds }, c) {
  const { points, lnThreshold, lnHealthyThreshold } = series
  const last = points.at(-1)
  const end = Math.max(30, (last?.at ?? 0) * 1.12)
  const top = Math.max(lnThreshold, lnHealthyThreshold) / LN10 + 2
  const worse = curveOf(points, (point) => point.lnEvidence, top)
  const noWorse = curveOf(points, (point) => point.lnHealthyEvidence, top)
  const bands = [bandOf(points, 'minLnEvidence', top), bandOf(points, 'maxLnEvidence', top)]
  const line = { borderWidth: 2, pointRadius: 0 }
  const band = { borderWidth: 0, pointRadius: 0, backgroundColor: `${c.bad}22` }
  const datasets = [
    { ...line, data: worse, borderColor: c.bad },
    { ...line, data: noWorse, borderColor: c.good, borderDash: [6, 3] },
    { ...band, data: bands[0] },
    { ...band, data: bands[1], fill: '-1' },
  ]
  const x = timeScale(c, -warmupSeconds, end, formatSeconds)
  const y = plainScale(c, LEAST_POWER, top)
  const ticks = powersUpTo(top)
  const scales = {
    x,
    y: { ...y, ticks: { ...y.ticks, callback: formatPower }, afterBuildTicks: setTicks(ticks) },
  }
  const threshold = { dash: [5, 3] }
  /** @type {Notes} */
  const notes = {
    paper: c.surface,
    ink: c.ink2,
    bands:
      warmupSeconds > 0 ? [{ from: -warmupSeconds, to: 0, fill: c.sunken, hatch: c.line }] : [],
    levels: [
      { y: 0, color: c.lineStrong, label: '' },
      {
        ...threshold,
        y: lnThreshold / LN10,
        color: c.bad,
        label: levelWord('regressed', lnThreshold),
      },
      ...(points.some((point) => point.lnHealthyEvidence !== undefined)
        ? [
            {
              ...threshold,
              y: lnHealthyThreshold / LN10,
              color: c.good,
              label: levelWord('healthy', lnHealthyThreshold),
            },
          ]
        : []),
    ],
    moments: phaseStarts(points).map(({ at, phase, episode }) => ({
      x: at,
      color: c.lineStrong,
      label: episode === 0 ? phase : `episode ${episode + 1}`,
    })),
    ends: [
      endOf(worse, `worse${beyondWord(last?.lnEvidence, top)}`, c.bad),
      endOf(noWorse, `no worse${beyondWord(last?.lnHealthyEvidence, top)}`, c.good),
    ],
  }
  return { datasets, scales, notes: apart(notes) }
}

/**
 * Points in powers of ten; a gap where a phase begins, because evidence begins anew.
 * @param {readonly ApiPoint[]} points
 * @param {(point: ApiPoint) => number | undefined} pick
 * @param {number} top
 */
function curveOf(points, pick, top) {
  return points.flatMap((point, index) => {
    const before = points[index - 1]
    const ln = pick(point)
    const y = ln === undefined ? Number.NaN : powerOf(ln, top)
    const isNew = before !== undefined && isOtherRun(before, point)
    return isNew
      ? [
          { x: point.at, y: Number.NaN },
          { x: point.at, y },
        ]
      : [{ x: point.at, y }]
  })
}

/**
 * @param {readonly ApiPoint[]} points
 * @param {'minLnEvidence' | 'maxLnEvidence'} field
 * @param {number} top
 */
function bandOf(points, field, top) {
  if (!points.some((point) => point[field] !== undefined)) return []
  return points.map((point) => ({ x: point.at, y: powerOf(point[field] ?? point.lnEvidence, top) }))
}

/**
 * @param {number} ln
 * @param {number} top
 */
function powerOf(ln, top) {
  return Math.max(LEAST_POWER, Math.min(top, ln / LN10))
}

/**
 * @param {ApiPoint} before
 * @param {ApiPoint} point
 */
function isOtherRun(before, point) {
  return before.phase !== point.phase || before.episode !== point.episode
}

/** @param {readonly ApiPoint[]} points */
function phaseStarts(points) {
  return points.filter((point, index) => {
    const before = points[index - 1]
    return before === undefined || isOtherRun(before, point)
  })
}

/**
 * @param {string} verdict
 * @param {number} ln
 */
function levelWord(verdict, ln) {
  const times = Math.exp(ln)
  return `${verdict} at ×${times < 1e5 ? Math.round(times) : formatPower(Math.round(ln / LN10))}`
}

/**
 * Where the line leaves the chart, its true height in words.
 * @param {number | undefined} ln
 * @param {number} top
 */
function beyondWord(ln, top) {
  return ln === undefined || ln / LN10 <= top ? '' : ` ↑ ×${formatPower(Math.floor(ln / LN10))}`
}

/** @param {number} top */
function powersUpTo(top) {
  const step = Math.max(2, Math.ceil((top - LEAST_POWER) / 6 / 2) * 2)
  const ticks = []
  for (let power = LEAST_POWER; power <= top; power += step) ticks.push(power)
  return ticks.includes(0) ? ticks : [0, ...ticks.filter((power) => power > 0)]
}
