// @ts-check
/**
 * One interval on a shared axis, as SVG with percent coordinates: it resizes without script and
 * never moves its row. An update sets attributes; the marker alone is drawn anew, when its kind is
 * another one.
 */

import { drawing, setAttributes, setText } from './dom.js'

/**
 * @typedef {object} Axis
 * @property {number} low
 * @property {number} high
 * @property {boolean} isLog
 * @property {readonly number[]} ticks
 * @property {(tick: number) => string} format
 */

/** @param {readonly number[]} values ratios that should fit, up to 0.5–4 */
export function typicalAxis(values) {
  const least = Math.min(0.8, ...values)
  const most = Math.max(1.6, ...values)
  const low = least < 0.65 ? 0.5 : least < 0.8 ? 0.65 : 0.8
  const high = most > 2.5 ? 4 : most > 1.6 ? 2.5 : 1.6
  const isWide = high > 1.6 || low < 0.8
  const ticks = isWide ? [low, 1, 1.5, 2, 3, 4] : [0.8, 0.9, 1, 1.1, 1.25, 1.5]
  return ratioAxis(
    low,
    high,
    ticks.filter((tick) => tick >= low && tick <= high),
  )
}

export const tailAxis = ratioAxis(0.7, 2, [0.7, 1, 2])

/** @type {Axis} */
export const errorsAxis = {
  low: -0.015,
  high: 0.03,
  isLog: false,
  ticks: [-0.01, 0, 0.02],
  format: (tick) => `${tick > 0 ? '+' : tick < 0 ? '−' : ''}${Math.abs(tick * 100)}`,
}

/**
 * Where a value lies on the axis, in per cent; outside of it below 0 or above 100.
 * @param {Axis} axis
 * @param {number} value
 */
export function placeOf(axis, value) {
  const scale = axis.isLog ? Math.log : (/** @type {number} */ plain) => plain
  const safe = axis.isLog ? Math.max(value, 1e-6) : value
  return (100 * (scale(safe) - scale(axis.low))) / (scale(axis.high) - scale(axis.low))
}

/** @param {Axis} axis */
export function drawAxis(axis) {
  const labels = axis.ticks.map((tick, index) => {
    const last = index === axis.ticks.length - 1 && placeOf(axis, tick) > 92
    const first = index === 0 && placeOf(axis, tick) < 8
    const anchor = first ? 'start' : last ? 'end' : 'middle'
    const x = `${placeOf(axis, tick).toFixed(2)}%`
    return drawing('text', { x, y: 16, 'text-anchor': anchor }, axis.format(tick))
  })
  return drawing('svg', { class: 'ax', 'aria-hidden': 'true' }, ...labels)
}

/**
 * @typedef {object} Interval
 * @property {SVGSVGElement} node
 * @property {(axis: Axis, cell: import('./rows.js').Cell, kind: string, note: string) => void} show
 */

/** @returns {Interval} */
export function createInterval() {
  const zone = drawing('rect', { class: 'zone', y: 0, height: '100%' })
  const one = drawing('line', { class: 'one', y1: 0, y2: '100%' })
  const margin = drawing('line', { class: 'mar', y1: 0, y2: '100%' })
  const bar = drawing('line', { class: 'ci', y1: '50%', y2: '50%' })
  const beyond = drawing('svg', { y: '50%', overflow: 'visible' })
  const marker = drawing('svg', { y: '50%', overflow: 'visible' })
  const words = drawing('text', { dx: 8, y: 19 })
  const parts = [zone, one, margin, bar, beyond, marker, words]
  const node = drawing('svg', { class: 'iv', 'aria-hidden': 'true' }, ...parts)
  let drawn = ''

  return {
    node,
    show(axis, cell, kind, note) {
      const percent = (/** @type {number} */ value) => `${clamp(placeOf(axis, value)).toFixed(2)}%`
      const neutral = percent(axis.isLog ? 1 : 0)
      setAttributes(one, { x1: neutral, x2: neutral })
      showMargin(axis, cell.margin, zone, margin)
      const { effect } = cell
      setText(words, effect === undefined ? note : '')
      setAttributes(words, { x: neutral })
      // An end that is not known is as far away as it can be.
      const hasBar = effect?.low !== undefined || effect?.high !== undefined
      const low = effect?.low ?? (hasBar ? -Infinity : effect?.estimate)
      const high = effect?.high ?? (hasBar ? Infinity : effect?.estimate)
      setAttributes(bar, { visibility: hasBar ? 'visible' : 'hidden', class: `ci ${kind}` })
      const isInside = effect !== undefined && isWithin(placeOf(axis, effect.estimate))
      setAttributes(marker, { visibility: isInside ? 'visible' : 'hidden' })
      if (effect === undefined || low === undefined || high === undefined) {
        beyond.replaceChildren()
        return
      }
      setAttributes(bar, { x1: percent(low), x2: percent(high) })
      setAttributes(marker, { x: percent(effect.estimate) })
      const edge = placeOf(axis, high) > 100 ? 'right' : placeOf(axis, low) < 0 ? 'left' : ''
      if (drawn === `${kind} ${edge}`) return
      drawn = `${kind} ${edge}`
      marker.replaceChildren(glyphOf(kind))
      setAttributes(beyond, { x: edge === 'left' ? 0 : '100%' })
      beyond.replaceChildren(...arrowOf(edge, kind))
    },
  }
}

/**
 * @param {Axis} axis
 * @param {number | undefined} margin
 * @param {SVGRectElement} zone
 * @param {SVGLineElement} line
 */
function showMargin(axis, margin, zone, line) {
  const visibility = margin === undefined ? 'hidden' : 'visible'
  setAttributes(zone, { visibility })
  setAttributes(line, { visibility })
  if (margin === undefined) return
  const place = clamp(placeOf(axis, axis.isLog ? 1 + margin : margin))
  setAttributes(zone, { x: `${place.toFixed(2)}%`, width: `${(100 - place).toFixed(2)}%` })
  setAttributes(line, { x1: `${place.toFixed(2)}%`, x2: `${place.toFixed(2)}%` })
}

/** @param {string} kind */
function glyphOf(kind) {
  if (kind === 'bad') return shape('b', 'fill', 'M0-6.5 6.5 0 0 6.5-6.5 0z')
  if (kind === 'vic') return shape('b', 'hol', 'M0-6 6 0 0 6-6 0z')
  if (kind === 'good') return shape('g', 'fill', 'M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z')
  return shape('n', 'hol', 'M-3.8 0a3.8 3.8 0 1 0 7.6 0a3.8 3.8 0 1 0-7.6 0z')
}

/**
 * @param {string} edge
 * @param {string} kind
 */
function arrowOf(edge, kind) {
  if (edge === '') return []
  const tone = kind === 'bad' || kind === 'vic' ? 'b' : 'n'
  return [shape(tone, 'fill', edge === 'right' ? 'M6 0-1-4.5v9z' : 'M-6 0 1-4.5v9z')]
}

/**
 * @param {string} tone
 * @param {string} style
 * @param {string} d
 */
function shape(tone, style, d) {
  return drawing('g', { class: tone }, drawing('path', { class: style, d }))
}

/**
 * What lies beyond is said by the arrow alone: a marker at the edge would be a figure.
 * @param {number} percent
 */
function isWithin(percent) {
  return percent >= 0 && percent <= 100
}

/** @param {number} percent */
function clamp(percent) {
  return Math.max(0, Math.min(100, percent))
}

/**
 * @param {number} low
 * @param {number} high
 * @param {readonly number[]} ticks
 * @returns {Axis}
 */
function ratioAxis(low, high, ticks) {
  return { low, high, isLog: true, ticks, format: (tick) => `${tick}×` }
}
