// @ts-check
/** A plugin for Chart.js that writes words where a legend would stand: bands, levels, moments, ends. */

import { drawMarks } from './marks.js'

/**
 * @typedef {object} Notes
 * @property {string} paper
 * @property {string} ink
 * @property {readonly { from: number; to: number; fill: string; hatch?: string; label?: string; isTop?: boolean }[]} bands
 * @property {readonly { y: number; color: string; label: string; dash?: number[] }[]} levels
 * @property {readonly Moment[]} moments
 * @property {readonly { x: number; y: number; label: string; color: string; shift?: number }[]} ends
 * @property {import('./marks.js').Marks} [marks]
 */

/**
 * @typedef {object} Moment
 * @property {number} x
 * @property {string} color
 * @property {string} label
 * @property {number[]} [dash]
 * @property {string} [ink] of the word, where it is not that of the chart
 * @property {boolean} [isLeft] the word stands before the line
 * @property {number} [drop] pixels that the word stands lower
 */

/** @typedef {import('chart.js').Chart} ChartOf */

/**
 * @param {Notes} notes
 * @returns {import('chart.js').Plugin}
 */
export function annotations(notes) {
  return {
    id: 'annotations',
    beforeDatasetsDraw(chart) {
      const { ctx } = chart
      ctx.save()
      ctx.font = fontOf(chart, 12)
      for (const band of notes.bands) drawBand(chart, band, notes.ink)
      for (const moment of notes.moments) drawMoment(chart, moment, notes.ink)
      for (const level of notes.levels) drawLevel(chart, level)
      ctx.restore()
    },
    afterDatasetsDraw(chart) {
      const { ctx } = chart
      ctx.save()
      for (const level of notes.levels) drawPlate(chart, level, notes.paper)
      for (const end of notes.ends) drawEnd(chart, end)
      if (notes.marks !== undefined) drawMarks(chart, notes.marks)
      ctx.restore()
    },
  }
}

/**
 * @param {ChartOf} chart
 * @param {Notes['bands'][number]} band
 * @param {string} ink
 */
function drawBand(chart, { from, to, fill, hatch, label, isTop }, ink) {
  const { ctx, chartArea: area } = chart
  const left = Math.max(area.left, placeX(chart, from))
  const right = Math.min(area.right, placeX(chart, to))
  if (right <= left) return
  ctx.fillStyle = fill
  ctx.fillRect(left, area.top, right - left, area.bottom - area.top)
  ctx.save()
  ctx.beginPath()
  ctx.rect(left, area.top, right - left, area.bottom - area.top)
  ctx.clip()
  if (hatch !== undefined) drawHatch(chart, hatch, left, right)
  // A word that its band would cut is left to the list and the table.
  if (label !== undefined && ctx.measureText(label).width + 8 <= right - left) {
    ctx.fillStyle = ink
    ctx.textAlign = isTop === true ? 'left' : 'center'
    const x = isTop === true ? left + 5 : (left + right) / 2
    ctx.fillText(label, x, isTop === true ? area.top + 12 : area.bottom - 10)
  }
  ctx.restore()
}

/**
 * @param {ChartOf} chart
 * @param {string} color
 * @param {number} left
 * @param {number} right
 */
function drawHatch({ ctx, chartArea: area }, color, left, right) {
  ctx.strokeStyle = color
  ctx.lineWidth = 1
  ctx.beginPath()
  for (let x = left - (area.bottom - area.top); x < right; x += 7) {
    ctx.moveTo(x, area.bottom)
    ctx.lineTo(x + area.bottom - area.top, area.top)
  }
  ctx.stroke()
}

/**
 * @param {ChartOf} chart
 * @param {Notes['moments'][number]} moment
 * @param {string} ink
 */
function drawMoment(chart, moment, ink) {
  const { ctx, chartArea: area } = chart
  const { x, color, label, dash, isLeft, drop } = moment
  const place = Math.round(placeX(chart, x)) + 0.5
  if (place < area.left - 1 || place > area.right + 1) return
  stroke(ctx, color, dash ?? [1, 3], [place, area.top, place, area.bottom])
  ctx.fillStyle = moment.ink ?? ink
  const width = ctx.measureText(label).width
  const isTight = place + 5 + width > area.right
  const isBefore = (isLeft === true || isTight) && place - 5 - width > area.left
  ctx.textAlign = isBefore ? 'right' : 'left'
  ctx.fillText(label, place + (isBefore ? -5 : 5), area.top + 12 + (drop ?? 0))
}

/**
 * @param {ChartOf} chart
 * @param {Notes['levels'][number]} level
 */
function drawLevel(chart, { y, color, dash }) {
  const { ctx, chartArea: area } = chart
  const place = Math.round(placeY(chart, y)) + 0.5
  stroke(ctx, color, dash ?? [], [area.left, place, area.right, place])
}

/**
 * @param {ChartOf} chart
 * @param {Notes['levels'][number]} level
 * @param {string} paper
 */
function drawPlate(chart, { y, color, label }, paper) {
  if (label === '') return
  const { ctx, chartArea: area } = chart
  ctx.font = fontOf(chart, 12)
  const place = placeY(chart, y)
  const width = ctx.measureText(label).width + 8
  ctx.globalAlpha = 0.88
  ctx.fillStyle = paper
  ctx.fillRect(area.right - width, place - 18, width, 16)
  ctx.globalAlpha = 1
  ctx.fillStyle = color
  ctx.textAlign = 'left'
  ctx.fillText(label, area.right - width + 4, place - 5)
}

/**
 * @param {ChartOf} chart
 * @param {Notes['ends'][number]} end
 */
function drawEnd(chart, { x, y, label, color, shift }) {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return
  const { ctx, chartArea: area } = chart
  ctx.font = `600 ${fontOf(chart, 12)}`
  ctx.fillStyle = color
  const width = ctx.measureText(label).width
  const place = placeX(chart, x) + 6
  const isTight = place + width > area.right
  ctx.textAlign = isTight ? 'right' : 'left'
  const height = Math.max(area.top + 10, Math.min(area.bottom - 3, placeY(chart, y) + (shift ?? 4)))
  ctx.fillText(label, isTight ? area.right - 2 : place, isTight ? besides(height, area) : height)
}

/**
 * A word that has no room at the line's end stands above the line, or below it at the very top.
 * @param {number} height
 * @param {{ top: number }} area
 */
function besides(height, { top }) {
  return height - 6 < top + 10 ? top + 16 : height - 6
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} color
 * @param {number[]} dash
 * @param {[number, number, number, number]} ends
 */
function stroke(ctx, color, dash, [fromX, fromY, toX, toY]) {
  ctx.strokeStyle = color
  ctx.lineWidth = 1
  ctx.setLineDash(dash)
  ctx.beginPath()
  ctx.moveTo(fromX, fromY)
  ctx.lineTo(toX, toY)
  ctx.stroke()
  ctx.setLineDash([])
}

/**
 * @param {ChartOf} chart
 * @param {number} value
 */
function placeX(chart, value) {
  return chart.scales['x']?.getPixelForValue(value) ?? 0
}

/**
 * @param {ChartOf} chart
 * @param {number} value
 */
function placeY(chart, value) {
  return chart.scales['y']?.getPixelForValue(value) ?? 0
}

/**
 * @param {ChartOf} chart
 * @param {number} size
 */
function fontOf(chart, size) {
  const { font } = chart.options
  return `${size}px ${font !== undefined && 'family' in font ? font.family : 'sans-serif'}`
}
