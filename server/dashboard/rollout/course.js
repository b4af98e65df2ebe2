// @ts-check
/** The weight chart on the page: its range, its marks under the pointer, and the same as a table. */

import { byId, element, setText } from '../parts/dom.js'
import { numbersTable } from '../parts/facts.js'
import { markAt } from '../parts/marks.js'
import { createPlot } from '../parts/plot.js'
import {
  formatClock,
  formatCount,
  formatDay,
  formatObserved,
  formatWeight,
} from '../parts/words.js'
import { composeWeight, courseWords } from './weight.js'

/** @typedef {Omit<import('./weight.js').Course, 'fromMs' | 'active'>} Shown */

const TABLE_ROWS = 40
const HOUR_MS = 3_600_000
const RANGES = /** @type {const} */ ([
  ['1 h', HOUR_MS],
  ['6 h', 6 * HOUR_MS],
  ['24 h', 24 * HOUR_MS],
])

/** @param {(number: number | undefined) => void} onPoint a mark is pointed at, or left */
export function createCourse(onPoint) {
  const canvas = /** @type {HTMLCanvasElement} */ (byId('weight'))
  const plot = createPlot(canvas, composeWeight)
  /** @type {Shown | undefined} */
  let shown
  /** @type {number | undefined} */
  let active
  let rangeMs = Infinity
  let painted = ''

  function paint() {
    if (shown === undefined) return
    const { rollout, readings, nowMs } = shown
    const startMs = Date.parse(rollout.startedAt)
    const endMs = Date.parse(rollout.endedAt ?? '') || nowMs
    // Nothing moves unless it means something: without news the picture is drawn anew every 5 s.
    const news = [rollout.history.at(-1)?.seq, readings.at(-1)?.at, rangeMs, rollout.state]
    const signature = JSON.stringify([...news, Math.floor(endMs / 5000)])
    if (signature === painted) return
    painted = signature
    const fromMs = Math.max(startMs, endMs - rangeMs)
    plot.show({ ...shown, fromMs, active })
    canvas.setAttribute('aria-label', courseWords({ ...shown, fromMs, active }))
    if (/** @type {HTMLDetailsElement} */ (byId('weight-details')).open) showTable(shown)
  }

  /** @param {number | undefined} number */
  function highlight(number) {
    active = number
    const marks = plot.marks()
    if (marks === undefined || marks.active === number) return
    marks.active = number
    plot.redraw()
  }

  canvas.addEventListener('pointermove', (event) => {
    const marks = plot.marks()
    const mark = marks === undefined ? undefined : markAt(marks, event.offsetX, event.offsetY)
    highlight(mark?.numbers[0])
    onPoint(mark?.numbers[0])
  })
  canvas.addEventListener('pointerleave', () => {
    highlight(undefined)
    onPoint(undefined)
  })
  byId('weight-details').addEventListener('toggle', () => {
    if (shown !== undefined) showTable(shown)
  })
  const buttons = rangeButtons((ms) => {
    rangeMs = ms
    paint()
  })
  byId('ranges').replaceChildren(...buttons)
  return {
    highlight,
    /**
     * @param {Shown} next
     * @param {boolean} isLong
     */
    show(next, isLong) {
      shown = next
      byId('ranges').hidden = !isLong
      paint()
    },
  }
}

/** @param {(ms: number) => void} onChoose */
function rangeButtons(onChoose) {
  const buttons = [...RANGES, /** @type {const} */ (['all', Infinity])].map(([label, ms]) => {
    const pressed = ms === Infinity
    const attributes = {
      type: /** @type {const} */ ('button'),
      class: 'btn sm',
      'aria-pressed': String(pressed),
    }
    const button = element('button', attributes, label)
    button.addEventListener('click', () => {
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button))
      onChoose(ms)
    })
    return button
  })
  return buttons
}

/** @param {Shown} shown */
function showTable({ rollout, readings, nowMs }) {
  const isSameDay = nowMs - Date.parse(rollout.startedAt) < 12 * HOUR_MS
  const step = Math.max(1, Math.ceil(readings.length / TABLE_ROWS))
  const kept = readings.filter((_, at) => at % step === 0 || at === readings.length - 1)
  const rows = kept.map(
    ({ at, intendedBp, configuredBp, observedBp, lowBp, highBp, requests, problem }) => [
      isSameDay ? formatClock(Date.parse(at)) : formatDay(at, nowMs),
      formatWeight(intendedBp),
      configuredBp === undefined ? (problem ?? 'not read') : formatWeight(configuredBp),
      observedBp === undefined
        ? 'not observed'
        : `${formatObserved(observedBp)} (${formatObserved(lowBp ?? observedBp)}–${formatObserved(highBp ?? observedBp)})`,
      requests === undefined ? '–' : formatCount(requests),
    ],
  )
  const heads = ['Time', 'Intended', 'Router reads', 'Observed, %', 'Requests']
  byId('weight-table').replaceChildren(numbersTable(heads, rows))
  setText(byId('weight-sparse'), step > 1 ? `Every ${step}th of ${readings.length} readings.` : '')
}
