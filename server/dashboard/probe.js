// @ts-check
/**
 * The page of one probe: the sentence, what decides validity, the forest, the charts of the selected
 * action. Events are gathered and painted at most once a second, and only while someone looks.
 */

import { offerCopies } from './frame/copy.js'
import { listKeys } from './frame/keys.js'
import { enter } from './frame/session.js'
import { byId, setIcon, setText } from './parts/dom.js'
import { measuredWords } from './parts/cells/words.js'
import { showFacts, showReasons, showReport } from './parts/facts.js'
import { createForest } from './parts/forest.js'
import { follow, read, showEnded, showLive, showLost } from './parts/live.js'
import { createMetrics } from './parts/metrics.js'
import { drawPhases, phaseWords, segmentsOf } from './parts/phases.js'
import { drawSeries, showNoCharts } from './parts/charts.js'
import { countWords, isResource, keyOf, rowsOf } from './parts/rows.js'
import { showCapacity } from './probe/capacity.js'
import { showFindings } from './probe/findings.js'
import { showMix } from './probe/mix.js'
import { createStop } from './probe/stop.js'
import { showTrust } from './probe/trust.js'
import { actionWord, capital, formatCount, formatSeconds, metricWord } from './parts/words.js'

const PAINT_EVERY_MS = 1000
const SERIES_EVERY_MS = 2000
const ELSEWHERE = 'Another process runs this probe: its report appears here when it has ended'
const KINDS = ['state', 'block', 'finding', 'end']

const id = decodeURIComponent(location.pathname.split('/')[2] ?? '')
/** @type {ApiProbe | undefined} */
let probe
/** @type {ReturnType<typeof follow> | undefined} */
let live
let chosen = new URLSearchParams(location.hash.slice(1)).get('action') ?? ''
let selected = chosen
let hasNews = true
let announced = ''
let seriesAtMs = 0
let seriesOf = ''

const { canAct } = await enter()
const forest = createForest(byId('forest'), select)
const metrics = createMetrics(byId('metrics'), () => {
  hasNews = true
  paint()
})

async function load() {
  try {
    probe = await read(`/probes/${encodeURIComponent(id)}`)
  } catch (error) {
    showMissing(/** @type {{ status?: number; message: string }} */ (error))
    return
  }
  byId('content').hidden = false
  hasNews = true
  paint()
}

/**
 * @param {string} kind
 * @param {any} data
 */
function hear(kind, data) {
  if (kind === 'reset') void load()
  if (probe === undefined) return
  if (kind === 'block') probe = { ...probe, progress: data.progress }
  if (kind === 'state') {
    probe = { ...probe, phases: [...(probe.phases ?? []), { phase: data.phase, at: data.at }] }
  }
  if (kind === 'end') {
    const { status, report, problem } = data
    probe = { ...probe, status, ...(report && { report }), ...(problem && { problem }) }
  }
  hasNews = true
  if (kind === 'end' || kind === 'finding') void findInvestigation()
  if (kind === 'end') paint()
}

function paint() {
  if (probe === undefined || document.visibilityState !== 'visible') return
  paintLive(probe)
  if (!hasNews) return
  hasNews = false
  paintSentence(probe)
  setText(byId('phase-title'), phaseWords(probe))
  setText(byId('phase-note'), planWords(probe))
  setText(byId('phase-left'), leftWords(probe))
  drawPhases(/** @type {any} */ (byId('phases')), segmentsOf(probe))
  showFacts(probe)
  showReasons(probe)
  showFindings(probe)
  showMix(probe)
  showTrust(probe)
  showCapacity(probe)
  showReport(probe)
  const judged = judgedOf(probe)
  const rows = rowsOf(judged)
  // Until someone chooses, the worst action is shown: at first any, at the end the cause.
  const isChosen = rows.some((row) => row.action === chosen)
  selected = isChosen ? chosen : (rows[0]?.action ?? '')
  showMetrics(judged)
  forest.show(rows, keyOf(selected, metrics.chosen()))
  setText(byId('counts'), countWords(rows))
  const alpha = probe.report?.alpha ?? probe.plan?.alpha
  if (alpha !== undefined)
    setText(byId('level'), `bar: ${Number((100 * (1 - alpha)).toPrecision(4))} % interval`)
  byId('stop').hidden = !canAct || probe.status !== 'running' || probe.seq === undefined
  void paintCharts(probe)
}

/** @param {import('./parts/rows.js').Judged} judged */
function showMetrics({ actions, findings }) {
  const action = actions.find((entry) => entry.action === selected)
  const guilty = findings.find((finding) => finding.action === selected)
  metrics.offer(action, guilty?.metric)
  setText(byId('measured'), measuredWords(action, metrics.chosen()))
}

/**
 * What the forest shows of a probe.
 * @param {ApiProbe} shown
 * @returns {import('./parts/rows.js').Judged}
 */
function judgedOf({ report, progress, plan }) {
  return {
    actions: report?.actions ?? progress?.actions ?? [],
    findings: report?.findings ?? progress?.findings ?? [],
    planned: plan?.actions ?? [],
    skipped: report?.skipped ?? [],
    hasEnded: report !== undefined,
  }
}

/** @param {ApiProbe} shown */
function paintLive(shown) {
  if (shown.status !== 'running') showEnded()
  else if (live?.isLive() === true) showLive(live.heardMs())
  else showLost(live?.heardMs() ?? Date.now())
}

/** @param {ApiProbe} shown */
function paintSentence(shown) {
  const { report, progress, problem, status } = shown
  const kind =
    report?.verdict ??
    (status === 'failed' ? 'failed' : progress?.findings.length ? 'regressed' : 'probing')
  const sentence = problem?.message ?? report?.summary ?? progress?.sentence ?? waitingWords(shown)
  const node = byId('sentence')
  // A change of state or finding is said aloud; a figure that counts down is not.
  const state = `${kind} ${progress?.phase} ${progress?.findings.length} ${status}`
  node.setAttribute('aria-live', state === announced ? 'off' : 'polite')
  announced = state
  setText(node, sentence)
  setIcon(byId('state-icon'), kind)
  setText(byId('name'), `${shown.name} (${shown.id})`)
  setText(byId('second'), secondLine(shown))
  document.title = `${capital(kind)} · ${shown.name} · Outrider`
}

/** @param {ApiProbe} shown */
function waitingWords({ seq, status }) {
  if (status === 'running' && seq === undefined) return ELSEWHERE
  return status === 'running' ? 'Waiting for the first block' : 'No report is kept of this run'
}

/** @param {ApiProbe} shown */
function secondLine({ addresses, stop, seed }) {
  const arms = Object.entries(addresses ?? {}).map(([arm, url]) => `${arm} ${url}`)
  const stopped =
    stop === undefined
      ? []
      : [
          stop.reason === undefined
            ? 'stopped by a person'
            : `stopped by a person: “${stop.reason}”`,
        ]
  return [...stopped, ...arms, ...(seed === undefined ? [] : [`seed ${seed}`])].join(' · ')
}

/** @param {ApiProbe} shown */
function planWords({ plan }) {
  if (plan === undefined) return ''
  const limit = plan.duration === 'auto' ? plan.maxDurationSeconds : plan.duration
  const ends = plan.duration === 'auto' ? 'ends at the proof, an alarm, or' : 'ends at an alarm or'
  return `${plan.rate} pairs/s, ${ends} ${formatSeconds(limit)}`
}

/** @param {ApiProbe} shown */
function leftWords({ status, progress, report }) {
  if (status !== 'running' || progress === undefined) {
    return report === undefined
      ? ''
      : `${formatCount(report.pairs)} pairs judged, ${formatCount(report.requests)} requests sent.`
  }
  const needing = progress.actions.filter((action) => action.need !== undefined && action.required)
  const slowest = needing.toSorted((a, b) => (b.need?.seconds ?? 0) - (a.need?.seconds ?? 0))[0]
  const left = progress.remainingSeconds
  const expected =
    left === undefined
      ? 'How long it takes is not known yet.'
      : `Left by the plan: ${formatSeconds(left)}.`
  if (slowest?.need === undefined) return expected
  const { need, action } = slowest
  const range = `8 in 10 runs: ${formatSeconds(need.p10Seconds)}–${formatSeconds(need.p90Seconds)}`
  return `${expected} Slowest: ${actionWord(action)} needs ${formatCount(need.pairs)} more pairs for ${metricWord(need.metric)} (${range}).`
}

/** @param {ApiProbe} shown */
async function paintCharts(shown) {
  const isSame = seriesOf === `${selected} ${metrics.chosen()}`
  const isEnd = shown.status !== 'running'
  if (isSame && !isEnd && Date.now() - seriesAtMs < SERIES_EVERY_MS) return
  seriesAtMs = Date.now()
  seriesOf = `${selected} ${metrics.chosen()}`
  const query = new URLSearchParams({ action: selected, metric: metrics.chosen() })
  const asked = seriesOf
  let series
  try {
    series = await read(`/probes/${encodeURIComponent(id)}/series?${query}`)
  } catch (error) {
    showNoCharts(/** @type {{ code?: string; message: string }} */ (error))
    return
  }
  if (asked !== seriesOf) return
  drawSeries(selected, series, warmupOf(shown))
}

/** @param {ApiProbe} shown */
function warmupOf({ report, progress, phases }) {
  if (report !== undefined) return report.warmupSeconds
  const [first, second] = phases ?? []
  if (first?.phase !== 'warm-up') return 0
  if (second !== undefined) return (Date.parse(second.at) - Date.parse(first.at)) / 1000
  return progress?.phase === 'warm-up' ? progress.phaseSeconds : 0
}

/** @param {{ status?: number; message: string }} problem */
function showMissing(problem) {
  setIcon(byId('state-icon'), 'skipped')
  const isUnknown = problem.status === 404
  setText(byId('sentence'), isUnknown ? `No probe ${id}.` : problem.message)
  setText(
    byId('second'),
    isUnknown ? 'It may belong to another database, or its address was mistyped.' : '',
  )
  document.title = `No probe ${id} · Outrider`
  showEnded()
}

/** A regression leaves an investigation behind; without one there is no link. */
async function findInvestigation() {
  try {
    const { investigations } = await read(`/investigations?${new URLSearchParams({ run: id })}`)
    const [first] = investigations
    byId('to-investigation').hidden = first === undefined
    if (first === undefined) return
    byId('to-investigation').setAttribute('href', `/investigations/${encodeURIComponent(first.id)}`)
  } catch {
    byId('to-investigation').hidden = true
  }
}

/**
 * @param {string} action
 * @param {string} [metric] of a row that has only this one
 */
function select(action, metric) {
  chosen = action
  if (metric !== undefined) metrics.choose(metric)
  else if (isResource(metrics.chosen())) metrics.choose('latency_typical')
  history.replaceState(undefined, '', `#${new URLSearchParams({ action })}`)
  hasNews = true
  paint()
}

listKeys([
  ['↑ ↓', 'move between the actions of the table'],
  ['Tab', 'move between buttons, links and fields'],
  ['Esc', 'close a dialog, nothing is changed'],
  ['?', 'show this list'],
])
offerCopies()
await load()
if (probe !== undefined) {
  createStop(id, () => {
    const pairs = formatCount(probe?.progress?.pairs ?? 0)
    return `No further request is sent. The report is made from the ${pairs} pairs judged so far. The run cannot be resumed.`
  })
  if (probe.status === 'running' && probe.seq !== undefined)
    live = follow(`/probes/${encodeURIComponent(id)}`, probe.seq, KINDS, hear)
  paint()
  void findInvestigation()
  setInterval(paint, PAINT_EVERY_MS)
  document.addEventListener('visibilitychange', paint)
}
