// @ts-check
/**
 * The page of one rollout: what it is, how to stop it, whether the router is in line, what happened
 * and what comes next, which action, how sure. Events are gathered and painted at most once a second,
 * and only while someone looks; what they do not say is read anew.
 */

import { listKeys } from './frame/keys.js'
import { enter } from './frame/session.js'
import { alertItem } from './frame/alerts.js'
import { measuredWords } from './parts/cells/words.js'
import { drawSeries, showNoCharts } from './parts/charts.js'
import { byId, setIcon, setText } from './parts/dom.js'
import { createForest } from './parts/forest.js'
import { follow, read, showEnded, showLive, showLost } from './parts/live.js'
import { createMetrics } from './parts/metrics.js'
import { countWords, isResource, keyOf, rowsOf } from './parts/rows.js'
import { createActs } from './rollout/acts.js'
import { createCourse } from './rollout/course.js'
import { decisionsOf } from './rollout/decisions.js'
import { showFacts } from './rollout/facts.js'
import { addressOf, createHistory } from './rollout/history.js'
import { showCountdown, showLadder } from './rollout/ladder.js'
import { showSentence } from './rollout/sentence.js'
import { hasEnded, hear, KINDS, withReading } from './rollout/state.js'

const PAINT_EVERY_MS = 1000
const SERIES_EVERY_MS = 2000
/** Of a rollout that another process controls there are none, now and in a while. */
const SERIES_GONE_MS = 60_000
/** Without a word of its controller, the document is read this often. */
const READ_EVERY_MS = 5000
/** From here on the list stands beside the chart. */
const LONG_MS = 6 * 3_600_000

const id = decodeURIComponent(location.pathname.split('/')[2] ?? '')
const path = `/rollouts/${encodeURIComponent(id)}`
/** @type {ApiRollout | undefined} */
let rollout
/** @type {readonly ApiReading[]} */
let readings = []
/** @type {ReturnType<typeof follow> | undefined} */
let live
/** @type {readonly ApiInvestigationListed[]} newest first */
let investigations = []
let chosen = new URLSearchParams(location.hash.slice(1)).get('action') ?? ''
let selected = ''
let hasNews = true
let isStale = false
let readAtMs = 0
let seriesAtMs = 0
let seriesOf = ''
let hasSeries = true

const { canAct } = await enter()
const forest = createForest(byId('forest'), select)
const acts = createActs(path)
const course = createCourse((number) => decisions.highlight(number))
const decisions = createHistory((number) => course.highlight(number))
const metrics = createMetrics(byId('metrics'), () => {
  hasNews = true
  paint()
})

async function load() {
  try {
    rollout = await read(path)
  } catch (error) {
    const problem = /** @type {{ status?: number; message: string }} */ (error)
    if (rollout === undefined) showMissing(problem)
    return
  }
  readAtMs = Date.now()
  isStale = false
  hasNews = true
  live?.hear()
  paint()
}

async function loadBeside() {
  const query = new URLSearchParams({ rollout: id })
  const [told, found, alerts] = await Promise.allSettled([
    read(`${path}/readings`),
    read(`/investigations?${query}`),
    read('/alerts?limit=100'),
  ])
  if (told.status === 'fulfilled') ({ readings } = told.value)
  if (found.status === 'fulfilled') ({ investigations } = found.value)
  if (alerts.status === 'fulfilled') showAlerts(alerts.value.alerts)
  hasNews = true
  paint()
}

/**
 * @param {string} kind
 * @param {any} data
 */
function listen(kind, data) {
  if (rollout === undefined) return
  if (kind === 'reset') {
    void load()
    void loadBeside()
    return
  }
  if (kind === 'reading') readings = withReading(readings, data.reading)
  const before = rollout.state
  rollout = hear(rollout, kind, data)
  hasNews = true
  if (kind === 'block') readAtMs = Date.now()
  else if (kind !== 'reading') isStale = true
  if (kind === 'finding' || kind === 'alert' || kind === 'end') void loadBeside()
  if (kind === 'end' || rollout.state !== before) paint()
}

function paint() {
  if (rollout === undefined || document.visibilityState !== 'visible') return
  const isOver = hasEnded(rollout)
  const isLive = live?.isLive() === true
  if (isOver) showEnded()
  else if (isLive) showLive(live?.heardMs() ?? Date.now())
  else showLost(live?.heardMs() ?? readAtMs)
  showCountdown(rollout, isLive)
  const wait = isStale ? PAINT_EVERY_MS : READ_EVERY_MS
  if (isStale || (!isOver && Date.now() - readAtMs >= wait)) {
    isStale = false
    readAtMs = Date.now()
    void load()
  }
  acts.show(rollout, canAct)
  if (!hasNews) return
  hasNews = false
  byId('content').hidden = false
  showSentence(rollout)
  const [newest] = investigations
  byId('to-investigation').hidden = newest === undefined
  if (newest !== undefined) byId('to-investigation').setAttribute('href', addressOf(newest))
  showFacts(rollout)
  showLadder(rollout)
  paintDecisions(rollout)
  paintForest(rollout)
}

/** @param {ApiRollout} shown */
function paintDecisions(shown) {
  const all = decisionsOf(shown.history)
  const endMs = Date.parse(shown.endedAt ?? '') || Date.now()
  const isLong = endMs - Date.parse(shown.startedAt) >= LONG_MS
  arrange(isLong)
  decisions.show(all, investigations)
  course.show({ rollout: shown, readings, decisions: all, nowMs: Date.now() }, isLong)
  byId('to-run').hidden = shown.run === undefined || !hasEnded(shown)
  const run = encodeURIComponent(shown.run ?? '')
  byId('to-run').setAttribute('href', `/probes/${run}`)
}

/**
 * A long rollout is read by its list: it stands beside the chart, and the ladder below.
 * @param {boolean} isLong
 */
function arrange(isLong) {
  const [row, ladder, history] = [byId('weight-row'), byId('ladder-card'), byId('history-card')]
  if (row.contains(history) === isLong) return
  row.classList.toggle('long', isLong)
  if (isLong) {
    row.append(history)
    row.after(ladder)
  } else {
    row.append(ladder)
    byId('no-charts').after(history)
  }
}

/** @param {ApiRollout} shown */
function paintForest(shown) {
  const { actions = [], findings = [] } = shown
  byId('actions-card').hidden = actions.length === 0
  byId('charts').hidden = actions.length === 0
  if (actions.length === 0) return
  const judged = { actions, findings, planned: [], skipped: [], hasEnded: hasEnded(shown) }
  const rows = rowsOf(judged)
  selected = rows.some((row) => row.action === chosen) ? chosen : (rows[0]?.action ?? '')
  const guilty = findings.find((finding) => finding.action === selected)
  const judgedNow = actions.find((entry) => entry.action === selected)
  metrics.offer(judgedNow, guilty?.metric)
  setText(byId('measured'), measuredWords(judgedNow, metrics.chosen()))
  forest.show(rows, keyOf(selected, metrics.chosen()))
  setText(byId('counts'), `${countWords(rows)}. A finding stays as found until it is cleared.`)
  setText(
    byId('level'),
    `bar: ${Number((100 * (1 - shown.policy.alpha)).toPrecision(4))} % interval`,
  )
  void paintCharts(shown)
}

/** @param {ApiRollout} shown */
async function paintCharts(shown) {
  const now = `${selected} ${metrics.chosen()}`
  const isSame = seriesOf === now
  const wait = hasSeries ? SERIES_EVERY_MS : SERIES_GONE_MS
  if (isSame && (hasEnded(shown) || Date.now() - seriesAtMs < wait)) return
  seriesAtMs = Date.now()
  seriesOf = now
  const query = new URLSearchParams({ action: selected, metric: metrics.chosen() })
  try {
    const series = await read(`${path}/series?${query}`)
    if (now !== seriesOf) return
    hasSeries = true
    drawSeries(selected, series, 0)
  } catch (error) {
    hasSeries = false
    showNoCharts(/** @type {{ code?: string; message: string }} */ (error))
  }
}

/** @param {readonly ApiAlert[]} all */
function showAlerts(all) {
  const firing = all.filter((alert) => alert.rollout === id && alert.state === 'firing')
  byId('alerts').hidden = firing.length === 0
  byId('alerts').replaceChildren(...firing.map(alertItem))
}

/** @param {{ status?: number; message: string }} problem */
function showMissing(problem) {
  setIcon(byId('state-icon'), 'skipped')
  const isUnknown = problem.status === 404
  const away = 'The server cannot say now what this rollout does.'
  setText(byId('sentence'), isUnknown ? `No rollout ${id}.` : away)
  const mend = 'It may be older than the 30 days kept, or its address was mistyped.'
  setText(byId('consequence'), isUnknown ? mend : problem.message)
  document.title = `${isUnknown ? 'No rollout' : 'Not read:'} ${id} · Outrider`
  if (isUnknown) showEnded()
  else showLost(Date.now())
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
await load()
if (rollout !== undefined) {
  if (!hasEnded(rollout)) live = follow(path, rollout.history.at(-1)?.seq ?? 0, KINDS, listen)
  await loadBeside()
  setInterval(paint, PAINT_EVERY_MS)
  document.addEventListener('visibilitychange', paint)
}
