// @ts-check
/** The weight chart: what was intended, what was observed, what stands out, what comes next. */

import { endOf } from '../parts/plot.js'
import { formatMinute } from '../parts/words.js'
import { scalesOf } from './axes.js'
import { marksOf } from './marks.js'
import {
  episodeStarts,
  foreignSteps,
  intendedSteps,
  levelAt,
  observedGaps,
  observedSplit,
  onsetMs,
  spansOf,
} from './timeline.js'

/** @typedef {import('../parts/plot.js').Colours} Colours */
/** @typedef {import('../parts/annotations.js').Notes} Notes */
/** @typedef {import('./decisions.js').Decision} Decision */
/**
 * @typedef {object} Course
 * @property {ApiRollout} rollout
 * @property {readonly ApiReading[]} readings
 * @property {readonly Decision[]} decisions
 * @property {number} nowMs
 * @property {number} fromMs
 * @property {number | undefined} active
 */

const LEAST_TOP_BP = 100
const HEADROOM = 1.4

/**
 * @param {Course} course
 * @param {Colours} c
 */
export function composeWeight(course, c) {
  const { rollout, readings, nowMs, fromMs } = course
  const isOver = rollout.endedAt !== undefined
  const endMs = isOver ? Date.parse(rollout.endedAt ?? '') : nowMs
  const toMs = isOver ? endMs + (endMs - fromMs) * 0.03 : nextMs(rollout, nowMs, fromMs)
  const steps = intendedSteps(rollout, readings)
  const certainMs = certainUntil(rollout, readings, endMs)
  const level = levelAt(steps, endMs)
  const solid = within(steps, fromMs, certainMs)
  const observed = observedSplit(readings).filter(({ x }) => x >= fromMs && x <= toMs)
  const foreign = foreignSteps(readings).map((run) => run.filter(({ x }) => x >= fromMs))
  const highest = Math.max(
    LEAST_TOP_BP,
    ...within(steps, fromMs, endMs).map(({ y }) => y),
    ...foreign.flat().map(({ y }) => y),
    ...observed.map(({ y }) => (Number.isNaN(y) ? 0 : y)),
  )
  const top = Math.min(10_400, highest * HEADROOM)
  const datasets = datasetsOf(
    { solid, dotted: dottedOf(steps, certainMs, isOver ? endMs : toMs) },
    observed,
    foreign,
    c,
  )
  /** @type {Notes} */
  const notes = {
    paper: c.surface,
    ink: c.ink2,
    levels: [],
    bands: bandsOf(course, endMs, c),
    moments: momentsOf(course, isOver, c),
    ends: endsOf({ solid, observed, foreign: foreign.at(-1) ?? [], level, highest }, rollout, c),
    marks: {
      all: marksOf(course, steps, toMs),
      ink: c.ink,
      bad: c.bad,
      on: c.on,
      paper: c.surface,
      ring: c.canary,
      active: course.active,
      places: [],
    },
  }
  return { datasets, scales: scalesOf(c, fromMs, toMs, top), notes }
}

/**
 * What the canvas shows, in words.
 * @param {Course} course
 */
export function courseWords({ rollout, readings, decisions }) {
  const levels = intendedSteps(rollout, readings).map(({ y }) => y / 100)
  const marks = decisions.filter(({ number }) => number !== undefined).length
  const start = formatMinute(Date.parse(rollout.startedAt))
  const observed =
    rollout.observedBp === undefined ? 'not observed' : `observed ${rollout.observedBp / 100} %`
  return `Weight since ${start}: highest ${Math.max(...levels)} %, now ${levels.at(-1)} %, ${observed}; ${marks} marks, each in the list of decisions`
}

/**
 * One interval past now, or to the next decision if that is later; never a sliver of the picture.
 * @param {ApiRollout} rollout
 * @param {number} nowMs
 * @param {number} fromMs
 */
function nextMs({ nextDecisionAt, policy }, nowMs, fromMs) {
  const next = nextDecisionAt === undefined ? 0 : Date.parse(nextDecisionAt)
  const interval = Math.min(policy.intervalSeconds * 1000, (nowMs - fromMs) / 4)
  return Math.max(
    Math.min(next, nowMs + interval * 2),
    nowMs + interval,
    nowMs + (nowMs - fromMs) * 0.06,
  )
}

/**
 * Up to when the intended weight is known to be the router's.
 * @param {ApiRollout} rollout
 * @param {readonly ApiReading[]} readings
 * @param {number} endMs
 */
function certainUntil({ reading }, readings, endMs) {
  if (reading?.kind !== 'unreachable') return endMs
  const good = readings.findLast(({ configuredBp }) => configuredBp !== undefined)
  return good === undefined ? endMs : Date.parse(good.at)
}

/**
 * @param {readonly import('./timeline.js').Point[]} steps
 * @param {number} fromMs
 * @param {number} toMs
 */
function within(steps, fromMs, toMs) {
  const inside = steps.filter(({ x }) => x > fromMs && x < toMs)
  const start = { x: Math.max(fromMs, steps[0]?.x ?? fromMs), y: levelAt(steps, fromMs) }
  return [start, ...inside, { x: toMs, y: levelAt(steps, toMs) }]
}

/**
 * @param {readonly import('./timeline.js').Point[]} steps
 * @param {number} fromMs
 * @param {number} toMs
 */
function dottedOf(steps, fromMs, toMs) {
  return toMs > fromMs ? within(steps, fromMs, toMs) : []
}

/**
 * @param {{ solid: import('./timeline.js').Point[]; dotted: import('./timeline.js').Point[] }} intended
 * @param {ReturnType<typeof observedSplit>} observed
 * @param {readonly import('./timeline.js').Point[][]} foreign
 * @param {Colours} c
 */
function datasetsOf({ solid, dotted }, observed, foreign, c) {
  const edge = (/** @type {'low' | 'high'} */ name) =>
    observed.map((at) => ({ x: at.x, y: at[name] }))
  const plain = { pointRadius: 0, borderWidth: 0 }
  const step = { pointRadius: 0, stepped: true, borderWidth: 2.5 }
  const joined = foreign.flatMap((run) => [...run, { x: run.at(-1)?.x ?? 0, y: Number.NaN }])
  return [
    { ...step, data: solid, borderColor: c.canary },
    { ...step, data: dotted, borderColor: c.canary, borderDash: [2, 4], borderWidth: 2 },
    { ...step, data: joined, borderColor: c.invalid, borderDash: [7, 3] },
    {
      ...plain,
      data: observed,
      borderColor: c.baseline,
      borderWidth: 1.5,
      pointRadius: lonely(observed),
      pointBackgroundColor: c.baseline,
    },
    { ...plain, data: edge('low') },
    { ...plain, data: edge('high'), fill: '-1', backgroundColor: `${c.baseline}38` },
  ]
}

/** @param {{ y: number } | undefined} at */
function isMissing(at) {
  return at === undefined || Number.isNaN(at.y)
}

/**
 * A reading between two gaps has no line: it is a dot.
 * @param {readonly { y: number }[]} observed
 */
function lonely(observed) {
  return observed.map((_, index) =>
    isMissing(observed[index - 1]) && isMissing(observed[index + 1]) ? 2 : 0,
  )
}

/**
 * @param {Course} course
 * @param {number} endMs
 * @param {Colours} c
 */
function bandsOf({ rollout, readings, fromMs }, endMs, c) {
  const states = [
    ...spansOf(rollout, 'probing', endMs, 'probe gate'),
    ...spansOf(rollout, 'paused', endMs, 'paused'),
  ].map((span) => ({ ...span, hatch: undefined }))
  const gaps = observedGaps(readings).map((span) => ({ ...span, hatch: c.line }))
  return [...states, ...gaps]
    .filter(({ toMs }) => toMs > fromMs)
    .map(({ fromMs: from, toMs: to, label, hatch }) => {
      const isState = hatch === undefined
      return { from, to, label, fill: c.sunken, isTop: isState, ...(isState ? {} : { hatch }) }
    })
}

/**
 * @param {Course} course
 * @param {boolean} isOver
 * @param {Colours} c
 */
function momentsOf({ rollout, nowMs, fromMs }, isOver, c) {
  const onset = onsetMs(rollout)
  const moments = episodeStarts(rollout).map(({ atMs, label }) => ({
    x: atMs,
    label,
    color: c.lineStrong,
  }))
  return [
    ...(onset === undefined
      ? []
      : [
          {
            x: onset,
            label: 'onset',
            color: c.bad,
            ink: c.bad,
            dash: [3, 3],
            isLeft: true,
            drop: 28,
          },
        ]),
    ...moments,
    ...(isOver ? [] : [{ x: nowMs, label: 'now', color: c.lineStrong, dash: [], drop: 14 }]),
  ].filter(({ x }) => x >= fromMs)
}

/**
 * The words beside the lines.
 * @param {{ solid: readonly import('./timeline.js').Point[]; observed: ReturnType<typeof observedSplit>; foreign: readonly import('./timeline.js').Point[]; level: number; highest: number }} lines
 * @param {ApiRollout} rollout
 * @param {Colours} c
 */
function endsOf({ solid, observed, foreign, level, highest }, { history }, c) {
  const isMoved = history.some(({ reason }) => reason.code === 'weight-moved')
  const brown = endOf(foreign, isMoved ? 'set by someone else' : 'the router reads', c.invalid)
  const grey = endOf(observed, 'observed, 95 %', c.baseline)
  const isLow = level < highest * 0.25
  const blue = { ...endOf(solid, 'weight', c.canary), shift: isLow ? -18 : -8 }
  return [blue, { ...grey, shift: isLow ? -4 : 22 }, { ...brown, shift: -8 }]
}
