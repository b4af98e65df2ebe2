// @ts-check
/** The overview: what runs, what ended, what needs a person. Read anew every two seconds. */

import { byId, drawing, element, setIcon, setText } from './parts/dom.js'
import { read, showLive, showLost } from './parts/live.js'
import { drawPhases, segmentsOf } from './parts/phases.js'
import { capital, formatCountdown, formatDay, formatSeconds } from './parts/words.js'

const READ_EVERY_MS = 2000
const ENDED_SHOWN = 20

/** @type {ApiListed[]} */
let older = []
/** @type {string | undefined} */
let nextCursor
let hasMore = false
let readAtMs = Date.now()
let painted = ''

async function refresh() {
  try {
    const page = await read(`/probes?limit=${ENDED_SHOWN}`)
    readAtMs = Date.now()
    if (!hasMore) nextCursor = page.nextCursor
    paint(page.probes)
  } catch {
    showLost(readAtMs)
    return
  }
  showLive(readAtMs)
}

/** @param {ApiListed[]} first */
function paint(first) {
  const known = new Set(first.map((probe) => probe.id))
  const probes = [...first, ...older.filter((probe) => !known.has(probe.id))]
  // Nothing is touched while nothing changed, so focus and selection stay where they are.
  const now = JSON.stringify(probes)
  byId('more').hidden = nextCursor === undefined
  if (now === painted) return
  painted = now
  const running = probes.filter((probe) => probe.status === 'running')
  const ended = probes.filter((probe) => probe.status !== 'running')
  say(running, ended)
  byId('empty').hidden = probes.length > 0
  byId('running').hidden = running.length === 0
  byId('ended').hidden = ended.length === 0
  setText(byId('running-count'), running.length === 1 ? '1 probe' : `${running.length} probes`)
  setText(byId('ended-count'), nextCursor === undefined ? `all ${ended.length}` : 'newest first')
  const trouble = running.toSorted((left, right) => found(right) - found(left))
  replaceRows(byId('running-rows'), trouble.map(runningRow))
  replaceRows(byId('ended-rows'), ended.map(endedRow))
}

/**
 * @param {readonly ApiListed[]} running
 * @param {readonly ApiListed[]} ended
 */
function say(running, ended) {
  const needing = running.filter((probe) => found(probe) > 0)
  const last = ended[0]
  const state = needing.length > 0 ? 'regressed' : running.length > 0 ? 'probing' : verdictOf(last)
  byId('state-icon').hidden = running.length === 0 && last === undefined
  setIcon(byId('state-icon'), state)
  let sentence = 'Nothing has been probed yet.'
  const first = needing[0]
  if (first !== undefined) {
    sentence = `${needing.length} of ${running.length} need you: ${first.name}: ${first.progress?.sentence}`
  } else if (running.length > 0) sentence = `${running.length} running, nothing found so far`
  else if (last !== undefined)
    sentence = `Nothing is running; last, ${last.name}: ${summaryOf(last)}`
  setText(byId('sentence'), sentence)
  document.title = `${needing.length > 0 ? `${needing.length} need you` : `${running.length} running`} · Outrider`
}

/** @param {ApiListed} probe */
function runningRow(probe) {
  const { progress } = probe
  const bar = drawing('svg', { class: 'spark', role: 'img', height: 40 })
  const plan = /** @type {ApiPlan} */ ({ phases: progress?.phases ?? [] })
  drawPhases(bar, segmentsOf(/** @type {any} */ ({ ...probe, plan })), true)
  const left = progress?.remainingSeconds
  const phase = progress === undefined ? 'starting' : progress.phase
  return element(
    'a',
    { class: 'row', href: `/probes/${encodeURIComponent(probe.id)}`, 'data-id': probe.id },
    stateCell(found(probe) > 0 ? 'regressed' : 'probing', 'Probing'),
    element(
      'span',
      {},
      element(
        'span',
        { class: 't' },
        probe.name,
        element('span', { class: 'mut' }, ` ${probe.id}`),
      ),
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

/** @param {ApiListed} probe */
function endedRow(probe) {
  const verdict = verdictOf(probe)
  const when = formatDay(probe.startedAt, Date.now())
  const took = probe.seconds === undefined ? '' : `, ${formatSeconds(probe.seconds)}`
  return element(
    'a',
    { class: 'row c', href: `/probes/${encodeURIComponent(probe.id)}`, 'data-id': probe.id },
    stateCell(verdict, capital(verdict)),
    element('span', {}, element('b', {}, probe.name), '  ', summaryOf(probe)),
    element('span', { class: 'r mut sm' }, `${when}${took}`),
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
 * New rows in place of old ones; the focused one keeps the focus.
 * @param {HTMLElement} holder
 * @param {readonly HTMLElement[]} rows
 */
function replaceRows(holder, rows) {
  const focused = document.activeElement?.getAttribute('data-id')
  holder.replaceChildren(...rows)
  if (focused !== null) rows.find((row) => row.dataset['id'] === focused)?.focus()
}

/** @param {ApiListed} probe */
function found(probe) {
  return probe.progress?.findings ?? 0
}

/** @param {ApiListed | undefined} probe */
function verdictOf(probe) {
  return probe?.verdict ?? (probe?.status === 'failed' ? 'failed' : 'inconclusive')
}

/** @param {ApiListed} probe */
function summaryOf(probe) {
  return (
    probe.summary ?? (probe.status === 'failed' ? 'could not be carried out' : 'no report is kept')
  )
}

async function readOlder() {
  if (nextCursor === undefined) return
  const page = await read(`/probes?limit=100&cursor=${encodeURIComponent(nextCursor)}`)
  hasMore = true
  nextCursor = page.nextCursor
  older = [...older, ...page.probes].slice(0, 2000)
  await refresh()
}

/** @param {Element} button */
async function copy(button) {
  await navigator.clipboard.writeText(button.previousElementSibling?.textContent ?? '')
  setText(button, 'Copied')
}

byId('more').addEventListener('click', () => void readOlder())
const body = `-H 'content-type: application/json' -d '{"target":"shop"}'`
setText(byId('curl'), `curl ${location.origin}/probes ${body}`)
for (const button of document.querySelectorAll('.cmd button')) {
  button.addEventListener('click', () => void copy(button))
}
void refresh()
setInterval(() => {
  if (document.visibilityState === 'visible') void refresh()
}, READ_EVERY_MS)
