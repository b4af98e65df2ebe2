// @ts-check
/**
 * The three weights over time, from the journal and the readings: what was intended, what the router
 * said, what was observed. Times are milliseconds, weights basis points; absence stays absence.
 */

import { isTrouble } from './decisions.js'

/** @typedef {{ x: number; y: number }} Point */
/** @typedef {{ fromMs: number; toMs: number; label: string }} Span */

/** More would not be told apart on any screen. */
const OBSERVED_LIMIT = 360
/** One reading that differs may only be older than the write. */
const LEAST_RUN = 2
/** The widest silence between two readings that still counts as one line. */
const SILENCE_MS = 60_000

/**
 * What was intended, as the corners of a step.
 * @param {ApiRollout} rollout
 * @param {readonly ApiReading[]} readings
 * @returns {Point[]}
 */
export function intendedSteps({ history, startedAt }, readings) {
  const told = history.filter(({ toBp }) => toBp !== undefined)
  const first = told[0] === undefined ? Infinity : Date.parse(told[0].at)
  const before = readings
    .map(({ at, intendedBp }) => ({ x: Date.parse(at), y: intendedBp }))
    .filter(({ x }) => x < first)
  const after = told.map(({ at, toBp = 0 }) => ({ x: Date.parse(at), y: toBp }))
  const start = { x: Date.parse(startedAt), y: before[0]?.y ?? told[0]?.fromBp ?? 0 }
  return [start, ...before, ...after].filter(
    ({ y }, index, all) => index === 0 || y !== all[index - 1]?.y,
  )
}

/**
 * The level of a step at a moment.
 * @param {readonly Point[]} steps
 * @param {number} atMs
 */
export function levelAt(steps, atMs) {
  return steps.findLast(({ x }) => x <= atMs)?.y ?? steps[0]?.y ?? 0
}

/**
 * The observed split with its interval; NaN where it was not observed.
 * @param {readonly ApiReading[]} readings
 */
export function observedSplit(readings) {
  const width = Math.ceil(readings.length / OBSERVED_LIMIT)
  const columns = []
  for (let at = 0; at < readings.length; at += width) {
    columns.push(columnOf(readings.slice(at, at + width), readings[at - 1]))
  }
  return columns.flat()
}

/**
 * Where real traffic went to the canary and the split could not be told.
 * @param {readonly ApiReading[]} readings
 * @returns {Span[]}
 */
export function observedGaps(readings) {
  return runsOf(readings, isBlind).map((run) => ({
    ...spanOf(run),
    label: run.some(({ problem }) => problem !== undefined) ? 'not read' : 'too few requests',
  }))
}

/**
 * The weight that the router reads where it is not the intended one.
 * @param {readonly ApiReading[]} readings
 * @returns {Point[][]}
 */
export function foreignSteps(readings) {
  return runsOf(readings, isForeign).map((run) =>
    run.map(({ at, configuredBp = 0 }) => ({ x: Date.parse(at), y: configuredBp })),
  )
}

/**
 * The time spent in a state.
 * @param {ApiRollout} rollout
 * @param {string} wanted
 * @param {number} endMs
 * @param {string} label
 * @returns {Span[]}
 */
export function spansOf({ history, startedAt }, wanted, endMs, label) {
  /** @type {Span[]} */
  const spans = []
  let fromMs = Number.NaN
  let isFirst = true
  for (const { state, at } of history) {
    const atMs = isFirst ? Date.parse(startedAt) : Date.parse(at)
    isFirst = false
    if (state === wanted && Number.isNaN(fromMs)) fromMs = atMs
    if (state !== wanted && !Number.isNaN(fromMs)) {
      spans.push({ fromMs, toMs: Date.parse(at), label })
      fromMs = Number.NaN
    }
  }
  return Number.isNaN(fromMs) ? spans : [...spans, { fromMs, toMs: endMs, label }]
}

/**
 * Each reduction begins an episode with fresh evidence; the last one is that of the document.
 * @param {ApiRollout} rollout
 */
export function episodeStarts({ history, episode }) {
  const reductions = history.filter(
    ({ kind, fromBp, toBp, verified, reason }, index) =>
      kind === 'weight' &&
      isTrouble(reason.code) &&
      (toBp ?? 0) < (fromBp ?? 0) &&
      !(verified === true && repeats(history, index)),
  )
  const last = reductions.slice(reductions.length - Math.min(episode, reductions.length))
  return last.map(({ at }, index) => ({
    atMs: Date.parse(at),
    label: `episode ${episode - last.length + index + 2}`,
  }))
}

/**
 * Onset of the newest finding, where the journal says when it was made.
 * @param {ApiRollout} rollout
 * @returns {number | undefined} milliseconds
 */
export function onsetMs({ history, findings }) {
  const finding = findings?.[0]
  if (finding === undefined) return undefined
  const told = history.findLast(
    ({ kind, reason }) => kind === 'finding' && reason.message.includes(finding.action),
  )
  if (told === undefined) return undefined
  return Date.parse(told.at) - (finding.detectedAt - finding.onset) * 1000
}

/** @param {ApiReading} reading */
function isBlind({ observedBp, configuredBp, intendedBp }) {
  return observedBp === undefined && (configuredBp ?? intendedBp) > 0
}

/** @param {ApiReading} reading */
function isForeign({ configuredBp, intendedBp }) {
  return configuredBp !== undefined && configuredBp !== intendedBp
}

/**
 * @param {ApiRollout['history']} history
 * @param {number} index
 */
function repeats(history, index) {
  const { toBp } = history[index] ?? {}
  return history.slice(0, index).findLast(({ kind }) => kind === 'weight')?.toBp === toBp
}

/**
 * @param {readonly ApiReading[]} column
 * @param {ApiReading | undefined} before
 */
function columnOf(column, before) {
  const seen = column.filter(({ observedBp }) => observedBp !== undefined)
  const last = seen.at(-1)
  const x = Date.parse((last ?? column.at(-1))?.at ?? '')
  const gap = { x, y: Number.NaN, low: Number.NaN, high: Number.NaN }
  if (last?.observedBp === undefined) return [gap]
  const y = last.observedBp
  const low = Math.min(...seen.map(({ lowBp }) => lowBp ?? y))
  const high = Math.max(...seen.map(({ highBp }) => highBp ?? y))
  const isSilent = before !== undefined && x - Date.parse(before.at) > SILENCE_MS * column.length
  return isSilent ? [gap, { x, y, low, high }] : [{ x, y, low, high }]
}

/**
 * @param {readonly ApiReading[]} readings
 * @param {(reading: ApiReading) => boolean} holds
 */
function runsOf(readings, holds) {
  /** @type {ApiReading[][]} */
  const runs = []
  let run = /** @type {ApiReading[]} */ ([])
  for (const reading of readings) {
    if (holds(reading)) run = [...run, reading]
    if (!holds(reading) || reading === readings.at(-1)) {
      if (run.length >= LEAST_RUN) runs.push(run)
      run = []
    }
  }
  return runs
}

/** @param {readonly ApiReading[]} run */
function spanOf(run) {
  return { fromMs: Date.parse(run[0]?.at ?? ''), toMs: Date.parse(run.at(-1)?.at ?? '') }
}
