// @ts-check
/** The page of one investigation: what was found, when it began, who, one pair, how to see it again. */

import { offerCopies } from './frame/copy.js'
import { listKeys } from './frame/keys.js'
import { enter } from './frame/session.js'
import { showChance } from './investigation/chance.js'
import { affectedWords, roleWords, sinceWords } from './investigation/moments.js'
import {
  composeOnset,
  endedClock,
  onsetClock,
  onsetRows,
  pointsAround,
} from './investigation/onset.js'
import { showPairs } from './investigation/pairs.js'
import { showSegments } from './investigation/segments.js'
import { byId, element, setIcon, setText } from './parts/dom.js'
import { numbersTable } from './parts/facts.js'
import { read, showEnded, showLost } from './parts/live.js'
import { createPlot } from './parts/plot.js'
import {
  actionWord,
  capital,
  effectWords,
  formatClock,
  formatDay,
  formatSeconds,
  formatTimes,
  metricWord,
  plural,
  showControls,
} from './parts/words.js'

const id = decodeURIComponent(location.pathname.split('/')[2] ?? '')

/** @param {ApiInvestigation} investigation */
function show(investigation) {
  const { finding, title, at } = investigation
  setIcon(byId('state-icon'), finding.role === 'victim' ? 'victim' : 'regressed')
  const ended = endedClock(investigation)
  const began = formatClock(onsetClock(investigation))
  const moment = ended === undefined ? ` since ${began}` : ` from ${began} to ${formatClock(ended)}`
  const since = `${moment}${affectedWords(investigation)}`
  byId('sentence').replaceChildren(element('span', { class: 'bad' }, showControls(title)), since)
  setText(byId('second'), secondLine(investigation, []))
  setText(byId('name'), showControls(actionWord(finding.action)))
  document.title = `${showControls(title)} · Outrider`
  setText(byId('live-word'), 'Kept')
  setIcon(byId('live-icon'), 'ended')
  setText(byId('live-since'), ` ${formatDay(at, Date.now())}`)
  showSegments(investigation)
  showPairs(investigation.exchanges)
  showChance(investigation)
  const { reproduce } = investigation
  byId('again-card').hidden = reproduce === undefined
  setText(byId('curl'), showControls(reproduce ?? ''))
  byId('curl').dataset['raw'] = reproduce ?? ''
  byId('content').hidden = false
}

/**
 * @param {ApiInvestigation} investigation
 * @param {readonly ApiFinding[]} others all findings of the run, as far as they are known
 */
function secondLine({ finding, pairs }, others) {
  const { metric, lnEvidence, lnThreshold, onset, detectedAt, effect, phase, transient } = finding
  const words = effect === undefined ? undefined : effectWords(effect)
  const figure = words === undefined ? '' : ` ${words.estimate} ${words.interval}`
  const what = `${metricWord(metric)}${figure}, over ${plural(pairs, 'pair')}`
  const later = `${formatSeconds(detectedAt - onset)} after the onset`
  return [
    capital(`${roleWords(finding, others)}${what}, ${sinceWords(finding)}.`),
    `Found in the ${phase} phase, ${later}${transient ? ', and gone again' : ''};`,
    `evidence ${formatTimes(lnEvidence)}, threshold ${formatTimes(lnThreshold)}.`,
  ].join(' ')
}

/** @param {ApiInvestigation} investigation */
async function showWhere(investigation) {
  const { rollout, run } = investigation
  const isRollout = rollout !== undefined
  const path = isRollout
    ? `/rollouts/${encodeURIComponent(rollout)}`
    : `/probes/${encodeURIComponent(run)}`
  const link = byId('where')
  link.setAttribute('href', path)
  setText(link, rollout ?? run)
  try {
    const { name, report, findings = report?.findings ?? [] } = await read(path)
    if (name !== undefined) setText(link, showControls(name))
    setText(byId('second'), secondLine(investigation, findings))
  } catch {
    // Its record is kept longer than the run: the link says the id.
  }
  return path
}

/**
 * @param {ApiInvestigation} investigation
 * @param {string} path
 */
async function showOnset(investigation, path) {
  const { finding } = investigation
  const wall = formatClock(onsetClock(investigation))
  const ended = endedClock(investigation)
  const end = ended === undefined ? '' : ` It was gone at ${formatClock(ended)}.`
  const later = `It began ${formatSeconds(finding.onset)} after the warm-up, at ${wall}, and was found ${formatSeconds(finding.detectedAt - finding.onset)} later.${end}`
  setText(byId('onset-words'), later)
  setText(byId('onset-note'), `${actionWord(finding.action)}, ${metricWord(finding.metric)}`)
  const query = new URLSearchParams({ action: finding.action, metric: finding.metric })
  try {
    const series = await read(`${path}/series?${query}`)
    if (pointsAround(series, investigation).length < 2) throw new RangeError('no ratio')
    byId('onset-figure').hidden = false
    createPlot(/** @type {HTMLCanvasElement} */ (byId('onset')), composeOnset).show({
      series,
      investigation,
    })
    byId('onset').setAttribute('aria-label', `Canary ÷ baseline over time. ${later}`)
    byId('onset-table').replaceChildren(
      numbersTable(['Time', 'Estimate so far', 'Pairs'], onsetRows(series, investigation)),
    )
    setText(byId('onset-note'), `${actionWord(finding.action)}, canary ÷ baseline, log`)
  } catch {
    byId('onset-gone').hidden = false
  }
}

/** @param {{ status?: number; message: string }} problem */
function showMissing({ status, message }) {
  setIcon(byId('state-icon'), 'skipped')
  const isUnknown = status === 404
  setText(
    byId('sentence'),
    isUnknown ? `No investigation ${id}.` : 'The server cannot say now what was found.',
  )
  setText(
    byId('second'),
    isUnknown ? 'It may be older than the 30 days kept, or its address was mistyped.' : message,
  )
  document.title = `${isUnknown ? 'No investigation' : 'Not read:'} ${id} · Outrider`
  if (isUnknown) showEnded()
  else showLost(Date.now())
}

listKeys([
  ['Tab', 'move between buttons, links and fields'],
  ['?', 'show this list'],
])
await enter()
offerCopies()
try {
  /** @type {ApiInvestigation} */
  const investigation = await read(`/investigations/${encodeURIComponent(id)}`)
  show(investigation)
  await showOnset(investigation, await showWhere(investigation))
} catch (error) {
  showMissing(/** @type {{ status?: number; message: string }} */ (error))
}
