// @ts-check
/** Numbered marks on a chart: a diamond for trouble, a circle for what a person should know of. */

/**
 * @typedef {object} Mark
 * @property {number} x
 * @property {number} y
 * @property {number} shift pixels up (negative) or down, so that the line stays visible
 * @property {string} text its number, or `×4` where neighbours share the place
 * @property {readonly number[]} numbers of the list beside it
 * @property {boolean} isTrouble
 */
/**
 * @typedef {object} Marks
 * @property {readonly Mark[]} all
 * @property {string} ink
 * @property {string} bad
 * @property {string} on
 * @property {string} paper
 * @property {string} ring around the active one
 * @property {number | undefined} active number that is pointed at, here or in the list
 * @property {{ left: number; top: number; mark: Mark }[]} places filled while drawing
 */

const RADIUS = 9
const REACH = 16
const APART = 21

/**
 * @param {import('chart.js').Chart} chart
 * @param {Marks} marks
 */
export function drawMarks(chart, marks) {
  const { ctx, chartArea: area } = chart
  const { font } = chart.options
  const family = font !== undefined && 'family' in font ? font.family : 'sans-serif'
  ctx.save()
  ctx.font = `600 11px ${family}`
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.lineWidth = 1.5
  marks.places.length = 0
  for (const mark of marks.all) {
    const left = chart.scales['x']?.getPixelForValue(mark.x) ?? 0
    const line = chart.scales['y']?.getPixelForValue(mark.y) ?? 0
    if (left < area.left - RADIUS || left > area.right + RADIUS) continue
    const wanted = Math.max(area.top + RADIUS, Math.min(area.bottom - RADIUS, line + mark.shift))
    const top = freeTop(marks.places, left, wanted, area)
    marks.places.push({ left, top, mark })
    drawMark(ctx, marks, mark, left, top)
  }
  ctx.restore()
}

/**
 * The mark under the pointer, if one is near.
 * @param {Marks} marks
 * @param {number} left
 * @param {number} top
 */
export function markAt({ places }, left, top) {
  const near = places
    .map(({ left: x, top: y, mark }) => ({ mark, away: Math.hypot(x - left, y - top) }))
    .filter(({ away }) => away <= REACH)
  return near.toSorted((one, other) => one.away - other.away)[0]?.mark
}

/**
 * Two marks that would cover each other stand one above the other.
 * @param {readonly { left: number; top: number }[]} taken
 * @param {number} left
 * @param {number} wanted
 * @param {{ top: number; bottom: number }} area
 */
function freeTop(taken, left, wanted, area) {
  const isFree = (/** @type {number} */ top) =>
    taken.every((other) => Math.hypot(other.left - left, other.top - top) >= APART - 1)
  const steps = [0, -1, 1, -2, 2, -3, 3, -4, 4].map((step) => wanted + step * APART)
  const inside = steps.filter((top) => top >= area.top + RADIUS && top <= area.bottom - RADIUS)
  return inside.find(isFree) ?? wanted
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Marks} marks
 * @param {Mark} mark
 * @param {number} left
 * @param {number} top
 */
function drawMark(ctx, marks, mark, left, top) {
  const color = mark.isTrouble ? marks.bad : marks.ink
  ctx.beginPath()
  const radius = mark.text.length > 2 ? RADIUS + 4 : RADIUS
  trace(ctx, mark.isTrouble, left, top, radius)
  ctx.fillStyle = mark.isTrouble ? color : marks.paper
  ctx.fill()
  ctx.strokeStyle = color
  ctx.stroke()
  ctx.fillStyle = mark.isTrouble ? marks.on : color
  ctx.fillText(mark.text, left, top + 0.5)
  if (marks.active === undefined || !mark.numbers.includes(marks.active)) return
  ctx.beginPath()
  trace(ctx, mark.isTrouble, left, top, radius + 4)
  ctx.strokeStyle = marks.ring
  ctx.stroke()
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {boolean} isDiamond
 * @param {number} left
 * @param {number} top
 * @param {number} radius
 */
function trace(ctx, isDiamond, left, top, radius) {
  if (!isDiamond) {
    ctx.arc(left, top, radius, 0, 2 * Math.PI)
    return
  }
  const far = radius + 2
  ctx.moveTo(left, top - far)
  ctx.lineTo(left + far, top)
  ctx.lineTo(left, top + far)
  ctx.lineTo(left - far, top)
  ctx.closePath()
}
