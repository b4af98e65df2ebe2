// @ts-check
/** The rows of the overview: one shape for what runs, one line for what ended. */

import { drawing, element, setAttributes, setIcon, setText } from '../parts/dom.js'
import { drawPhases, segmentsOf } from '../parts/phases.js'
import { capital, formatCountdown, formatDay, formatSeconds, formatWeight } from '../parts/words.js'
import { stateWord } from '../rollout/state.js'
import { alertWords } from '../frame/alerts.js'

const SPARK_WIDTH = 180
const SPARK_BASE = 36
const SPARK_HEIGHT = 32

/**
 * @param {ApiRolloutListed} rollout
 * @param {readonly ApiAlert[]} alerts firing ones of it
 */
export function rolloutRow(rollout, alerts) {
  const { id, name, version, router, state, sentence, weightBp, intendedBp, controlled } = rollout
  const isVersionNew = version !== undefined && !name.includes(version)
  const differs = intendedBp === weightBp ? '' : `intended ${formatWeight(intendedBp)}`
  const title = element(
    'span',
    { class: 't' },
    isVersionNew ? `${name} ${version}` : name,
    element('span', { class: 'mut' }, ` on ${router}`),
  )
  const clause = sentence.slice(sentence.indexOf(': ') + 2)
  const words = element(
    'span',
    { class: 's' },
    controlled ? '' : 'Nobody controls it. ',
    ...emphasised(clause, rollout),
  )
  const row = element(
    'a',
    { class: 'row', href: `/rollouts/${encodeURIComponent(id)}`, 'data-id': id },
    stateCell(state, stateWord(state)),
    element('span', {}, title, words),
    sparkline(rollout),
    element(
      'span',
      { class: 'w' },
      formatWeight(weightBp),
      element('small', { 'data-next': rollout.nextDecisionAt }, differs),
    ),
  )
  const told = alerts.map((alert) => element('p', { class: 'told sm' }, alertWords(alert, name)))
  return element('div', { class: 'item' }, row, ...told)
}

/**
 * The time to the next decision, second by second; nothing else of a row changes with the clock.
 * @param {HTMLElement} holder
 * @param {boolean} isLive
 */
export function tick(holder, isLive) {
  for (const node of holder.querySelectorAll('[data-next]')) {
    const atMs = Date.parse(node.getAttribute('data-next') ?? '')
    const left = isLive ? formatCountdown((atMs - Date.now()) / 1000) : '?'
    setText(node, `next ${left}`)
  }
}

/** @param {ApiRolloutListed} rollout */
export function endedRolloutRow({ id, name, router, state, sentence, endedAt, startedAt }) {
  const when = formatDay(endedAt ?? startedAt, Date.now())
  const isNamed = sentence.startsWith(stateWord(state))
  const clause = isNamed ? sentence.slice(sentence.indexOf(': ') + 2) : sentence
  return endedRow(`/rollouts/${encodeURIComponent(id)}`, id, {
    kind: state,
    word: stateWord(state),
    name,
    more: ` on ${router}`,
    clause,
    when,
  })
}

/** @param {ApiListed} probe */
export function endedProbeRow(probe) {
  const { id, name, verdict, status, startedAt, seconds } = probe
  const kind = verdict ?? (status === 'failed' ? 'failed' : 'inconclusive')
  const took = seconds === undefined ? '' : `, ${formatSeconds(seconds)}`
  const when = `${formatDay(startedAt, Date.now())}${took}`
  return endedRow(`/probes/${encodeURIComponent(id)}`, id, {
    kind,
    word: capital(kind),
    name,
    more: ` ${id}`,
    clause: summaryOf(probe),
    when,
  })
}

/** @param {ApiListed} probe */
export function summaryOf({ summary, status }) {
  return summary ?? (status === 'failed' ? 'could not be carried out' : 'no report is kept')
}

/** @param {ApiListed} probe */
export function probeRow(probe) {
  const { progress } = probe
  const bar = drawing('svg', { class: 'spark', role: 'img', height: 40 })
  const plan = /** @type {ApiPlan} */ ({ phases: progress?.phases ?? [] })
  drawPhases(bar, segmentsOf(/** @type {any} */ ({ ...probe, plan })), true)
  const left = progress?.remainingSeconds
  const phase = progress === undefined ? 'starting' : progress.phase
  const hasFound = (progress?.findings ?? 0) > 0
  const title = element(
    'span',
    { class: 't' },
    probe.name,
    element('span', { class: 'mut' }, ` ${probe.id}`),
  )
  return element(
    'a',
    { class: 'row', href: `/probes/${encodeURIComponent(probe.id)}`, 'data-id': probe.id },
    stateCell(hasFound ? 'regressed' : 'probing', 'Probing'),
    element(
      'span',
      {},
      title,
      element('span', { class: 's' }, progress?.sentence ?? 'Waiting for the first block'),
    ),
    bar,
    element(
      'span',
      { class: 'w' },
      left === undefined ? '?' : formatCountdown(left),
      element('small', {}, left === undefined ? phase : `left, ${phase}`),
    ),
  )
}

/**
 * New rows in place of old ones; the focused one keeps the focus.
 * @param {HTMLElement} holder
 * @param {readonly HTMLElement[]} rows
 */
export function replaceRows(holder, rows) {
  const focused = document.activeElement?.getAttribute('data-id')
  holder.replaceChildren(...rows)
  if (focused === null || focused === undefined) return
  const again = [...holder.querySelectorAll('[data-id]')].find(
    (row) => row.getAttribute('data-id') === focused,
  )
  if (again instanceof HTMLElement) again.focus()
}

/**
 * @param {string} href
 * @param {string} id
 * @param {{ kind: string; word: string; name: string; more: string; clause: string; when: string }} said
 */
function endedRow(href, id, { kind, word, name, more, clause, when }) {
  return element(
    'a',
    { class: 'row c', href, 'data-id': id },
    stateCell(kind, word),
    element(
      'span',
      {},
      element('b', {}, name),
      element('span', { class: 'mut' }, more),
      '  ',
      clause,
    ),
    element('span', { class: 'r mut sm' }, when),
  )
}

/**
 * @param {string} kind
 * @param {string} word
 */
function stateCell(kind, word) {
  const sign = element('span', { class: 'sign' })
  setIcon(sign, kind)
  return element('span', { class: 'state st0' }, sign, word)
}

/**
 * A finding is red up to the end of its interval.
 * @param {string} clause
 * @param {ApiRolloutListed} rollout
 */
function emphasised(clause, { verdict }) {
  const interval =
    verdict === 'regressed' ? clause.match(/^[^;]*?\([^)]*\d–[^)]*\)/)?.[0] : undefined
  if (interval === undefined)
    return [verdict === 'regressed' && /–/.test(clause) ? clause : capital(clause)]
  return [element('span', { class: 'bad' }, interval), clause.slice(interval.length)]
}

/**
 * The shape of the weight so far, on its own scale; the figure stands beside it.
 * @param {ApiRolloutListed} rollout
 */
function sparkline({ sparkline: points, startedAt, weightBp }) {
  const seconds = Math.max((Date.now() - Date.parse(startedAt)) / 1000, points.at(-1)?.[0] ?? 0, 1)
  const highest = Math.max(weightBp, ...points.map(([, bp]) => bp), 1)
  const x = (/** @type {number} */ at) => ((at / seconds) * SPARK_WIDTH).toFixed(1)
  const y = (/** @type {number} */ bp) => (SPARK_BASE - (bp / highest) * SPARK_HEIGHT).toFixed(1)
  const steps = points.map(([at, bp]) => `H${x(at)}V${y(bp)}`).join('')
  const line = `M0 ${y(points[0]?.[1] ?? 0)}${steps}H${SPARK_WIDTH}`
  const node = drawing(
    'svg',
    { class: 'spark', viewBox: '0 0 180 40', preserveAspectRatio: 'none', role: 'img' },
    drawing('path', { class: 'spa', d: `${line}V${SPARK_BASE}H0z` }),
    drawing('path', { class: 'sp', d: line, 'vector-effect': 'non-scaling-stroke' }),
    drawing('line', { class: 'one', x1: 0, x2: SPARK_WIDTH, y1: 36.5, y2: 36.5 }),
  )
  const peak = highest === weightBp ? '' : `, up to ${formatWeight(highest)} before`
  setAttributes(node, { 'aria-label': `Weight over time: now ${formatWeight(weightBp)}${peak}` })
  return node
}
