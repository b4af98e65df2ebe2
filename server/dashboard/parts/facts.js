// @ts-check
/** The five facts that decide whether a run can be judged, and the lists below them. */

import { byId, element, icon, setAttributes, setText } from './dom.js'
import {
  actionWord,
  capital,
  effectWords,
  formatCount,
  formatMs,
  formatSeconds,
  formatShare,
  metricWord,
} from './words.js'

/** @param {ApiProbe} probe */
export function showFacts(probe) {
  const { progress, report, plan } = probe
  const pairs = report?.pairs ?? progress?.pairs
  fact('pairs', pairs === undefined ? '–' : formatCount(pairs), warmupWords(probe))
  const planned = progress?.plannedRate ?? 0
  const delivered = progress?.deliveredRate ?? 0
  const isKnown = progress !== undefined && planned > 0
  const rates = `${delivered.toFixed(1)} of ${planned.toFixed(planned < 10 ? 1 : 0)} pairs/s`
  fact(
    'load',
    isKnown ? formatShare(Math.min(1, delivered / planned)) : '–',
    isKnown ? rates : 'not measured',
  )
  const failing = progress?.baselineFailureShare
  const arm = report?.arms.baseline
  const asked = arm === undefined ? 'since the warm-up' : `of ${formatCount(arm.requests)} requests`
  fact(
    'baseline',
    failing === undefined ? '–' : formatShare(failing),
    failing === undefined ? 'not measured' : asked,
  )
  const lag = report?.generator.lagP99Ms ?? progress?.generatorLagP99Ms
  const notSent = report?.generator.notSent
  const late = report?.generator.strainedBlocks
  const lateWords =
    late === undefined ? '' : `, late in ${formatCount(late)} block${late === 1 ? '' : 's'}`
  const lost =
    notSent === undefined ? 'its own delay' : `${formatCount(notSent)} steps not sent${lateWords}`
  fact('lag', lag === undefined ? '–' : formatMs(lag), lost)
  const capped = report?.generator.cappedBlocks ?? progress?.cappedBlocks
  const blocks = progress === undefined ? '' : ` of ${formatCount(progress.blocks)}`
  const size = plan === undefined ? '' : `block ${plan.blockSeconds} s`
  fact('capped', capped === undefined ? '–' : `${formatCount(capped)}${blocks}`, size)
}

/** @param {ApiProbe} probe */
export function showReasons(probe) {
  const reasons = probe.report?.reasons ?? probe.progress?.reasons ?? []
  byId('reasons').hidden = reasons.length === 0
  showList(
    byId('reason-list'),
    reasons.map(({ code, message }) => ({ kind: 'invalid', text: message, note: code })),
  )
}

/** @param {ApiProbe} probe */
export function showReport(probe) {
  const { report } = probe
  byId('report').hidden = report === undefined
  if (report === undefined) return
  offerReport(report, probe.id)
  byId('arms').replaceChildren(armsTable(report))
  byId('notes-title').hidden = report.notes.length === 0
  const notes = report.notes.map(({ action, metric, effect }) => {
    const { estimate, interval } = effectWords(effect)
    return {
      kind: 'skipped',
      text: `${actionWord(action)}: ${metricWord(metric)} ${estimate} ${interval}`,
      note: '',
    }
  })
  showList(byId('notes'), notes)
  const seed = probe.seed === undefined ? '' : ` · seed ${probe.seed}`
  const warmup = `warm-up ${formatSeconds(report.warmupSeconds)}`
  const requests = `${formatCount(report.requests)} requests`
  const order = secondWords(report.generator.second)
  const words = `α ${report.alpha} · ${warmup} · ${requests}${order}${seed} · plan ${report.plan}`
  setText(byId('report-note'), words)
}

/**
 * What the second of a pair costs, which the coin shares out between the arms.
 * @param {ApiReport['generator']['second']} second
 */
function secondWords(second) {
  if (second === undefined) return ''
  const [ratio, low, high] = [second.ratio, second.low, second.high].map((one) => one.toFixed(3))
  return ` · second of a pair ${ratio}× (${low}–${high})`
}

/**
 * The address of the report gives this page to a browser, so the document is offered as a file.
 * @param {ApiReport} report
 * @param {string} id
 */
function offerReport(report, id) {
  const link = byId('report-link')
  if (link.hasAttribute('href')) return
  const text = JSON.stringify(report, undefined, 2)
  const file = new Blob([text], { type: 'application/json' })
  setAttributes(link, { href: URL.createObjectURL(file), download: `outrider-${id}.json` })
}

/**
 * A table of numbers under a chart.
 * @param {readonly string[]} heads
 * @param {readonly (readonly string[])[]} rows
 */
export function numbersTable(heads, rows) {
  const head = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)))
  const lines = rows.map((cells) => {
    const [first = '', ...rest] = cells
    const name = element('th', { scope: 'row' }, first)
    return element('tr', {}, name, ...rest.map((text) => element('td', {}, text)))
  })
  return element(
    'table',
    { class: 'numbers' },
    element('thead', {}, head),
    element('tbody', {}, ...lines),
  )
}

/**
 * A list of signs and words, made anew only when it says something else.
 * @param {HTMLElement} list
 * @param {readonly { kind: string; text: string; note: string }[]} items
 */
export function showList(list, items) {
  const signature = JSON.stringify(items)
  if (list.dataset['shown'] === signature) return
  list.dataset['shown'] = signature
  const lines = items.map(({ kind, text, note }) => {
    const small = note === '' ? undefined : element('span', { class: 'mut sm' }, note)
    return element(
      'li',
      {},
      icon(kind),
      element('span', {}, text, small === undefined ? '' : ' · ', small),
    )
  })
  list.replaceChildren(...lines)
}

/** @param {ApiReport} report */
function armsTable(report) {
  const heads = ['Arm', 'Requests', 'p50', 'p95', 'p99', 'Sessions completed', 'Answers by status']
  const rows = Object.entries(report.arms).map(([arm, measured]) => [
    capital(arm),
    formatCount(measured.requests),
    ...[measured.p50Ms, measured.p95Ms, measured.p99Ms].map(msWords),
    `${formatCount(measured.sessionsCompleted)} of ${formatCount(measured.sessions)}`,
    Object.entries(measured.byStatus)
      .map(([status, count]) => `${status}: ${formatCount(count)}`)
      .join(', '),
  ])
  return numbersTable(heads, rows)
}

/**
 * @param {string} id
 * @param {string} value
 * @param {string} note
 */
function fact(id, value, note) {
  setText(byId(id), value)
  setText(byId(`${id}-note`), note)
}

/** @param {ApiProbe} probe */
function warmupWords({ progress, report }) {
  if (progress !== undefined) return `warm-up left out: ${formatCount(progress.warmupPairs)}`
  return report === undefined ? '' : `warm-up ${formatSeconds(report.warmupSeconds)} left out`
}

/** @param {number | undefined} ms */
function msWords(ms) {
  return ms === undefined ? 'not measured' : formatMs(ms)
}
