// @ts-check
/** Which decisions become marks on the weight chart, and which of them share one. */

import { byId } from '../parts/dom.js'
import { levelAt } from './timeline.js'

/** @typedef {import('../parts/marks.js').Mark} Mark */

const MARKS_LIMIT = 12
/** Up to so many neighbours stand one above the other; more would hide the line. */
const CROWD = 3
const CROWD_PX = 22

/**
 * The numbered decisions as marks on the line.
 * @param {import('./weight.js').Course} course
 * @param {readonly import('./timeline.js').Point[]} steps
 * @param {number} toMs
 * @returns {Mark[]}
 */
export function marksOf({ decisions, fromMs }, steps, toMs) {
  const marked = decisions.filter(({ number, atMs }) => number !== undefined && atMs >= fromMs)
  const marks = marked.map(({ number = 0, atMs, kind, fromBp, toBp }) => {
    const isMove = fromBp !== toBp
    const isTrouble = kind === 'trouble'
    const y = isMove ? (fromBp + toBp) / 2 : levelAt(steps, atMs)
    const shift = isMove ? 0 : isTrouble ? -20 : 20
    return { x: atMs, y, shift, text: String(number), numbers: [number], isTrouble }
  })
  const width = Math.max(200, byId('weight').clientWidth - 60)
  const crowdMs = ((toMs - fromMs) / width) * CROWD_PX
  return joinNearest(joinCrowds(marks, crowdMs))
}

/**
 * More neighbours than fit above each other become one mark; trouble keeps its own.
 * @param {readonly Mark[]} marks
 * @param {number} crowdMs closer than this, two marks share a column
 */
function joinCrowds(marks, crowdMs) {
  const calm = marks.filter(({ isTrouble }) => !isTrouble)
  /** @type {Mark[][]} */
  const columns = []
  for (const mark of calm) {
    const column = columns.at(-1)
    if (column !== undefined && mark.x - (column.at(-1)?.x ?? 0) < crowdMs) column.push(mark)
    else columns.push([mark])
  }
  const joined = columns.flatMap((column) => {
    const [first] = column
    if (first === undefined || column.length <= CROWD) return column
    const numbers = column.flatMap((mark) => mark.numbers)
    return [{ ...first, numbers, text: `×${numbers.length}` }]
  })
  const trouble = marks.filter(({ isTrouble }) => isTrouble)
  return [...joined, ...trouble].toSorted((one, other) => one.x - other.x)
}

/**
 * Above the limit the two nearest neighbours join, again and again: `×4` says how many.
 * @param {Mark[]} marks
 * @returns {Mark[]}
 */
function joinNearest(marks) {
  const left = [...marks]
  while (left.length > MARKS_LIMIT) {
    let nearest = 1
    const gap = (/** @type {number} */ at) => (left[at]?.x ?? 0) - (left[at - 1]?.x ?? 0)
    for (let at = 2; at < left.length; at += 1) if (gap(at) < gap(nearest)) nearest = at
    const [one, other] = [left[nearest - 1], left[nearest]]
    if (one === undefined || other === undefined) return left
    const numbers = [...one.numbers, ...other.numbers]
    const isTrouble = one.isTrouble || other.isTrouble
    left.splice(nearest - 1, 2, { ...one, numbers, isTrouble, text: `×${numbers.length}` })
  }
  return left
}
