// @ts-check
/** What each row of the forest says, from the report or the live progress: data in, data out. */

import {
  actionWord,
  effectWords,
  formatCount,
  formatSeconds,
  metricWord,
  shortMetricWord,
  skipWord,
} from './words.js'

/**
 * @typedef {object} Cell
 * @property {ApiEffect | undefined} effect
 * @property {number | undefined} margin
 * @property {boolean} guilty the metric that a finding blames
 * @property {ApiEffect} [share] of the tail: how many more of its answers are slow
 */
/**
 * @typedef {object} Row
 * @property {string} key
 * @property {string} action
 * @property {string} [metric] of a row below the whole service: what its processes use
 * @property {string} label
 * @property {'required' | 'watched' | 'together'} group
 * @property {'regressed' | 'victim' | 'healthy' | 'inconclusive' | 'skipped'} kind
 * @property {string} word
 * @property {string} tag
 * @property {string} note in place of the bar, where there is none
 * @property {Cell} typical of a row below another one its own metric
 * @property {Cell} tail
 * @property {Cell} errors
 * @property {Cell} responses
 * @property {string} estimate
 * @property {string} interval
 * @property {boolean} isBad the figure is that of a finding
 * @property {string} need pairs, or what is missing
 */

/**
 * @typedef {object} Judged
 * @property {readonly ApiAction[]} actions
 * @property {readonly ApiFinding[]} findings
 * @property {ApiPlan['actions']} planned
 * @property {ApiReport['skipped']} skipped
 * @property {boolean} hasEnded nothing more will be measured
 */

const ROLES = /** @type {const} */ ({
  cause: 'cause',
  victim: 'victim',
  under_load: 'only under load',
})

/** @type {Cell} */
const NONE = { effect: undefined, margin: undefined, guilty: false }
const NO_CELLS = { typical: NONE, tail: NONE, errors: NONE, responses: NONE }

/**
 * All rows, causes first and health last; rows of one kind keep the order of the plan.
 * @param {Judged} state
 * @returns {Row[]}
 */
export function rowsOf(state) {
  const judged = new Map(state.actions.map((action) => [action.action, action]))
  const planned = new Map(state.planned.map((action) => [action.action, action]))
  const skipped = new Map(state.skipped.map(({ action, code }) => [action, code]))
  const names = new Set([...planned.keys(), ...judged.keys(), ...skipped.keys()])
  const { findings, hasEnded } = state
  const rows = [...names].map((name) => {
    const code = skipped.get(name)
    if (code !== undefined && !judged.has(name)) return skippedRow(name, code)
    const found = findings.filter((finding) => finding.action === name)
    return judgedRow(name, judged.get(name), planned.get(name), found, hasEnded)
  })
  const sorted = rows.toSorted((left, right) => rankOf(left) - rankOf(right))
  return sorted.flatMap((row) => [row, ...belowOf(row, judged.get(row.action), findings)])
}

/**
 * Which row a selection means: CPU and memory have rows of their own, other metrics that of the
 * action.
 * @param {string} action
 * @param {string} metric
 */
export const keyOf = (action, metric) => (isResource(metric) ? `${action} ${metric}` : action)

/** @param {string} metric */
export const isResource = (metric) => metric === 'cpu' || metric === 'memory'

/**
 * `3 healthy · 4 inconclusive`.
 * @param {readonly Row[]} rows
 */
export function countWords(rows) {
  const single = rows.filter((row) => row.group !== 'together')
  const kinds = /** @type {const} */ (['regressed', 'victim', 'healthy', 'inconclusive', 'skipped'])
  const counts = kinds.map((kind) => {
    const count = single.filter((row) => row.kind === kind).length
    const word = kind === 'victim' && count !== 1 ? 'victims' : kind
    return count === 0 ? '' : `${count} ${word}`
  })
  return counts.filter((text) => text !== '').join(' · ')
}

/**
 * CPU and memory stand below the whole service: what a process uses belongs to no action.
 * @param {Row} row
 * @param {ApiAction | undefined} judged
 * @param {readonly ApiFinding[]} findings
 * @returns {Row[]}
 */
function belowOf({ action }, judged, findings) {
  const resources = judged?.metrics.filter(({ metric }) => isResource(metric)) ?? []
  return resources.map(({ metric, verdict, effect, margin }) => {
    const finding = findings.find((found) => found.action === action && found.metric === metric)
    const shown = finding?.effect ?? effect
    const words = shown === undefined ? undefined : effectWords(shown)
    return {
      ...NO_CELLS,
      key: keyOf(action, metric),
      action,
      metric,
      label: metric === 'cpu' ? 'CPU per request' : 'memory',
      group: 'together',
      kind: finding === undefined ? verdict : 'regressed',
      word: wordOf(finding === undefined ? verdict : 'regressed', shown !== undefined),
      tag: '',
      note: shown === undefined ? 'too few readings' : '',
      typical: { effect: shown, margin, guilty: finding !== undefined },
      estimate: words?.estimate ?? '–',
      interval: words?.interval ?? '',
      isBad: finding !== undefined,
      need: '',
    }
  })
}

/** @param {Row} row */
function rankOf(row) {
  return ['regressed', 'victim', 'inconclusive', 'healthy', 'skipped'].indexOf(row.kind)
}

/**
 * @param {string} action
 * @param {string} code
 * @returns {Row}
 */
function skippedRow(action, code) {
  return {
    key: action,
    action,
    label: actionWord(action),
    group: 'watched',
    kind: 'skipped',
    word: 'Skipped',
    tag: '',
    note: skipWord(code),
    ...NO_CELLS,
    estimate: '–',
    interval: '',
    isBad: false,
    need: '0',
  }
}

/**
 * @param {string} action
 * @param {ApiAction | undefined} judged
 * @param {ApiPlan['actions'][number] | undefined} planned
 * @param {readonly ApiFinding[]} findings
 * @param {boolean} hasEnded
 * @returns {Row}
 */
function judgedRow(action, judged, planned, findings, hasEnded) {
  const finding = findings[0]
  const kind = finding?.role === 'victim' ? 'victim' : finding ? 'regressed' : judged?.verdict
  const cells = cellsOf(judged, planned, findings)
  const hasData = (judged?.pairs ?? 0) > 0
  const figure = finding?.effect ?? cells.typical.effect
  const words = figure === undefined ? undefined : effectWords(figure)
  const isTogether = action === '*' || action === 'rare'
  const isRequired = judged?.required ?? planned?.required ?? false
  return {
    key: action,
    action,
    label: actionWord(action),
    group: isTogether ? 'together' : isRequired ? 'required' : 'watched',
    kind: kind ?? 'inconclusive',
    word: wordOf(kind ?? 'inconclusive', hasData),
    tag: tagOf(finding),
    note:
      cells.typical.effect === undefined ? (hasData ? 'too few pairs' : 'not measured yet') : '',
    ...cells,
    estimate: words?.estimate ?? '–',
    interval: words?.interval ?? '',
    isBad: finding !== undefined,
    need: needOf(judged, hasEnded, isRequired),
  }
}

/**
 * @param {ApiAction | undefined} judged
 * @param {ApiPlan['actions'][number] | undefined} planned
 * @param {readonly ApiFinding[]} findings
 * @returns {{ typical: Cell; tail: Cell; errors: Cell; responses: Cell }}
 */
function cellsOf(judged, planned, findings) {
  /**
   * @param {string} metric
   * @param {number | undefined} plannedMargin
   * @returns {Cell}
   */
  const cell = (metric, plannedMargin) => {
    const measured = judged?.metrics.find((entry) => entry.metric === metric)
    const finding = findings.find((entry) => entry.metric === metric)
    return {
      effect: finding?.effect ?? measured?.effect,
      margin: measured?.margin ?? plannedMargin,
      guilty: finding !== undefined,
      ...(measured?.share && { share: measured.share }),
    }
  }
  return {
    typical: cell('latency_typical', planned?.margin.latencyTypical),
    tail: cell('latency_tail', planned?.margin.latencyTail),
    errors: cell('errors', planned?.margin.errors),
    responses: isCompared(judged, planned)
      ? cell('responses', planned?.margin.responses)
      : NO_CELLS.responses,
  }
}

/**
 * @param {ApiAction | undefined} judged
 * @param {ApiPlan['actions'][number] | undefined} planned
 */
function isCompared(judged, planned) {
  return (
    planned?.comparesAnswers === true ||
    judged?.metrics.some(({ metric }) => metric === 'responses') === true
  )
}

/**
 * @param {string} kind
 * @param {boolean} hasData
 */
function wordOf(kind, hasData) {
  if (kind === 'inconclusive' && !hasData) return 'No data'
  return kind.charAt(0).toUpperCase() + kind.slice(1)
}

/** @param {ApiFinding | undefined} finding */
function tagOf(finding) {
  if (finding === undefined) return ''
  if (finding.metric !== 'latency_typical') return metricWord(finding.metric)
  return finding.role === undefined || finding.role === 'victim' ? '' : ROLES[finding.role]
}

/**
 * @param {ApiAction | undefined} judged
 * @param {boolean} hasEnded
 * @param {boolean} isRequired
 */
function needOf(judged, hasEnded, isRequired) {
  if (judged === undefined) return '0 pairs'
  const { need, verdict, pairs } = judged
  if (verdict !== 'inconclusive' || need === undefined || !isRequired) return formatCount(pairs)
  const metric = shortMetricWord(need.metric)
  if (hasEnded) return `${metric}, ${formatCount(need.pairs)} more`
  return `${metric}, ≈ ${formatSeconds(need.seconds)}`
}
