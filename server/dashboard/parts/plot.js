// @ts-check
/** What all charts share: they follow the colour scheme, their axes, the words at the line's end. */

import { annotations } from './annotations.js'

/** @typedef {ReturnType<typeof colours>} Colours */
/** @typedef {import('./annotations.js').Notes} Notes */

/**
 * A chart that is rebuilt when the colour scheme changes.
 * @template Data
 * @param {HTMLCanvasElement} canvas
 * @param {(data: Data, colours: Colours) => { datasets: any[]; scales: any; notes: Notes }} compose
 */
export function createPlot(canvas, compose) {
  /** @type {import('chart.js').Chart | undefined} */
  let chart
  /** @type {Data | undefined} */
  let shown
  /** @type {Notes | undefined} */
  let notes

  /** @param {Data} data */
  function show(data) {
    shown = data
    const composed = compose(data, colours())
    const { datasets, scales } = composed
    notes = composed.notes
    chart?.destroy()
    chart = new Chart(canvas, {
      type: 'line',
      data: { datasets },
      plugins: [annotations(notes)],
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        parsing: false,
        events: [],
        font: { family: getComputedStyle(document.body).fontFamily, size: 12 },
        layout: { padding: { top: 12, right: 14 } },
        elements: { point: { radius: 0 } },
        plugins: { legend: { display: false }, tooltip: { enabled: false } },
        scales,
      },
    })
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    if (shown !== undefined) show(shown)
  })
  return {
    show,
    /** The marks as they were drawn, for a pointer that asks which one it is at. */
    marks: () => notes?.marks,
    redraw: () => chart?.draw(),
  }
}

/**
 * @param {readonly { x: number; y: number }[]} curve
 * @param {string} label
 * @param {string} color
 */
export function endOf(curve, label, color) {
  const last = curve.findLast((point) => Number.isFinite(point.y))
  return { x: last?.x ?? Number.NaN, y: last?.y ?? Number.NaN, label, color }
}

/**
 * Two words at the ends of two lines that lie close are pushed apart.
 * @param {Notes} notes
 * @returns {Notes}
 */
export function apart(notes) {
  const [first, second] = notes.ends
  if (first === undefined || second === undefined) return notes
  const isUpper = first.y >= second.y
  return {
    ...notes,
    ends: [
      { ...first, shift: isUpper ? -5 : 9 },
      { ...second, shift: isUpper ? 9 : -5 },
    ],
  }
}

/**
 * @param {Colours} c
 * @param {number} min
 * @param {number} max
 * @param {(value: number) => string} callback
 */
export function timeScale(c, min, max, callback) {
  const ticks = { color: c.ink2, maxTicksLimit: 6, maxRotation: 0, includeBounds: false, callback }
  return {
    type: 'linear',
    min,
    max,
    grid: { display: false },
    border: { color: c.lineStrong },
    ticks,
  }
}

/**
 * @param {Colours} c
 * @param {number} min
 * @param {number} max
 */
export function plainScale(c, min, max) {
  const grid = { color: c.grid, drawTicks: false }
  const ticks = { color: c.ink2, padding: 8 }
  return { type: 'linear', min, max, grid, border: { display: false }, ticks }
}

/** @param {readonly number[]} values */
export function setTicks(values) {
  return (/** @type {{ ticks: { value: number }[] }} */ scale) => {
    scale.ticks = values.map((value) => ({ value }))
  }
}

function colours() {
  const style = getComputedStyle(document.documentElement)
  const value = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim()
  return {
    ink: value('ink'),
    ink2: value('ink-2'),
    line: value('line'),
    grid: value('grid'),
    lineStrong: value('line-strong'),
    surface: value('surface'),
    sunken: value('sunken'),
    bad: value('bad'),
    good: value('good'),
    baseline: value('baseline'),
    canary: value('canary'),
    invalid: value('invalid'),
    on: value('on'),
  }
}
