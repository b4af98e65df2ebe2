// @ts-check
/** The overview: what needs a person, what runs, what ended. Read anew every two seconds. */

import { offerCopies } from './frame/copy.js'
import { listKeys } from './frame/keys.js'
import { enter } from './frame/session.js'
import { alertItem } from './frame/alerts.js'
import {
  countWords,
  firingByRollout,
  hasEnded,
  inOrder,
  needOf,
  sentenceOf,
} from './overview/needs.js'
import {
  endedProbeRow,
  endedRolloutRow,
  probeRow,
  replaceRows,
  rolloutRow,
  summaryOf,
  tick,
} from './overview/rows.js'
import { byId, element, setIcon, setText } from './parts/dom.js'
import { read, showLive, showLost } from './parts/live.js'

const READ_EVERY_MS = 2000
const LOST_MS = 10_000
const SHOWN = 20
const MORE = 100
const MOST = 2000

/** @typedef {{ probes: ApiListed[]; rollouts: ApiRolloutListed[] }} Listed */

/** @type {Listed} */
const older = { probes: [], rollouts: [] }
/** @type {Record<'probes' | 'rollouts', string | undefined>} */
const cursors = { probes: undefined, rollouts: undefined }
let hasMore = false
let readAtMs = Date.now()
let painted = ''
let announced = ''

async function refresh() {
  try {
    const [probes, rollouts, alerts] = await Promise.all([
      read(`/probes?limit=${SHOWN}`),
      read(`/rollouts?limit=${SHOWN}`),
      read('/alerts?limit=100'),
    ])
    readAtMs = Date.now()
    if (!hasMore) {
      cursors.probes = probes.nextCursor
      cursors.rollouts = rollouts.nextCursor
    }
    paint(
      {
        probes: unite(probes.probes, older.probes),
        rollouts: unite(rollouts.rollouts, older.rollouts),
      },
      firingByRollout(alerts.alerts),
    )
  } catch (error) {
    if (Object(error).status === 401) location.reload()
    showLost(readAtMs)
    return
  }
  showLive(readAtMs)
}

/**
 * @template {{ id: string }} Row
 * @param {readonly Row[]} first
 * @param {readonly Row[]} more
 */
function unite(first, more) {
  const known = new Set(first.map(({ id }) => id))
  return [...first, ...more.filter(({ id }) => !known.has(id))]
}

/**
 * @param {Listed} listed
 * @param {import('./overview/needs.js').Alerts} alerts
 */
function paint(listed, alerts) {
  const hasOlder = cursors.probes !== undefined || cursors.rollouts !== undefined
  byId('more').hidden = !hasOlder
  // Nothing is touched while nothing changed, so focus and selection stay where they are.
  const now = JSON.stringify([listed, [...alerts]])
  if (now === painted) return
  painted = now
  // The twins of a rollout are part of its row.
  const alone = listed.probes.filter((probe) => !isTwinsOf(probe, listed.rollouts))
  const probes = Map.groupBy(alone, ({ status }) => (status === 'running' ? 'on' : 'off'))
  const rollouts = Map.groupBy(listed.rollouts, (rollout) => (hasEnded(rollout) ? 'off' : 'on'))
  const running = inOrder(rollouts.get('on') ?? [], alerts)
  const probing = (probes.get('on') ?? []).toSorted((one, other) => found(other) - found(one))
  const ended = endedOf(rollouts.get('off') ?? [], probes.get('off') ?? [])
  say(running, probing, ended[0], alerts)
  byId('empty').hidden = alone.length + listed.rollouts.length > 0
  byId('running').hidden = running.length + probing.length === 0
  byId('ended').hidden = ended.length === 0
  setText(byId('running-count'), countWords(running.length, probing.length))
  setText(byId('ended-count'), hasOlder ? 'newest first' : `all ${ended.length}`)
  const known = new Set(running.map(({ id }) => id))
  const elsewhere = [...alerts.values()].flat().filter(({ rollout }) => !known.has(rollout))
  byId('alerts').hidden = elsewhere.length === 0
  byId('alerts').replaceChildren(...elsewhere.map(alertItem))
  const rows = running.map((rollout) => rolloutRow(rollout, alerts.get(rollout.id) ?? []))
  const [alarmed, calm] = [
    probing.filter((probe) => found(probe) > 0),
    probing.filter((probe) => found(probe) === 0),
  ]
  const needing = running.filter((rollout) => needOf(rollout, alerts) !== undefined).length
  replaceRows(byId('running-rows'), [
    ...rows.slice(0, needing),
    ...alarmed.map(probeRow),
    ...rows.slice(needing),
    ...calm.map(probeRow),
  ])
  replaceRows(
    byId('ended-rows'),
    ended.map(({ row }) => row),
  )
  tick(byId('running-rows'), true)
}

/**
 * @typedef {object} Ended
 * @property {string} at
 * @property {string} kind
 * @property {string} words
 * @property {HTMLElement} row
 */

/**
 * All verdicts equally plain, the newest first.
 * @param {readonly ApiRolloutListed[]} rollouts
 * @param {readonly ApiListed[]} probes
 * @returns {Ended[]}
 */
function endedOf(rollouts, probes) {
  const all = [
    ...rollouts.map((rollout) => ({
      at: rollout.endedAt ?? rollout.startedAt,
      kind: rollout.state,
      words: `${rollout.name}: ${rollout.sentence}`,
      row: endedRolloutRow(rollout),
    })),
    ...probes.map((probe) => ({
      at: probe.startedAt,
      kind: probe.verdict ?? (probe.status === 'failed' ? 'failed' : 'inconclusive'),
      words: `${probe.name}: ${summaryOf(probe)}`,
      row: endedProbeRow(probe),
    })),
  ]
  return all.toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at))
}

/**
 * @param {readonly ApiRolloutListed[]} running
 * @param {readonly ApiListed[]} probing
 * @param {Ended | undefined} last
 * @param {import('./overview/needs.js').Alerts} alerts
 */
function say(running, probing, last, alerts) {
  const needs = [
    ...running.flatMap((rollout) => needOf(rollout, alerts) ?? []),
    ...probing
      .filter((probe) => found(probe) > 0)
      .map(({ name, progress }) => ({
        kind: /** @type {const} */ ('regressed'),
        why: `${name}: ${progress?.sentence}`,
      })),
  ]
  const count = running.length + probing.length
  const icon = byId('state-icon')
  const isQuiet = count === 0
  icon.hidden = isQuiet && last === undefined
  const worst = needs.some(({ kind }) => kind === 'regressed') ? 'regressed' : 'invalid'
  setIcon(
    icon,
    needs.length > 0
      ? worst
      : isQuiet
        ? (last?.kind ?? '')
        : running.length > 0
          ? 'ramping'
          : 'probing',
  )
  const quiet =
    last === undefined ? 'Nothing has been probed yet.' : `Nothing is running; last, ${last.words}`
  const sentence = byId('sentence')
  // What needs somebody is said aloud when it changes; a figure that counts is not.
  const news = `${needs.map(({ kind, why }) => (kind === 'regressed' ? kind : why)).join()} ${count}`
  sentence.setAttribute('aria-live', news === announced ? 'off' : 'polite')
  announced = news
  setFindings(sentence, isQuiet ? quiet : sentenceOf(needs, count), needs)
  document.title = `${needs.length > 0 ? `${needs.length} need you` : `${count} running`} · Outrider`
}

/**
 * @param {HTMLElement} node
 * @param {string} words
 * @param {readonly import('./overview/needs.js').Need[]} needs
 */
function setFindings(node, words, needs) {
  /** @type {(Node | string)[]} */
  const parts = []
  let rest = words
  for (const { finding = '' } of needs) {
    const at = finding === '' ? -1 : rest.indexOf(finding)
    if (at === -1) continue
    parts.push(rest.slice(0, at), element('span', { class: 'bad' }, finding))
    rest = rest.slice(at + finding.length)
  }
  if (node.textContent !== words) node.replaceChildren(...parts, rest)
}

/**
 * Whether this run is that of a rollout's twins: said by the rollout, or, while it runs, known by
 * its name, because nobody follows it as a probe.
 * @param {ApiListed} probe
 * @param {readonly ApiRolloutListed[]} rollouts
 */
function isTwinsOf({ id, name, status, progress }, rollouts) {
  const isUnwatched = status === 'running' && progress === undefined
  return rollouts.some(
    (rollout) => rollout.run === id || (isUnwatched && !hasEnded(rollout) && rollout.name === name),
  )
}

/** @param {ApiListed} probe */
function found(probe) {
  return probe.progress?.findings ?? 0
}

async function readOlder() {
  hasMore = true
  await Promise.all([readPage('probes'), readPage('rollouts')])
  await refresh()
}

/** @param {'probes' | 'rollouts'} kind */
async function readPage(kind) {
  const cursor = cursors[kind]
  if (cursor === undefined) return
  const page = await read(`/${kind}?limit=${MORE}&cursor=${encodeURIComponent(cursor)}`)
  cursors[kind] = page.nextCursor
  older[kind] = [...older[kind], ...page[kind]].slice(0, MOST)
}

listKeys([
  ['Tab', 'move between rows, links and buttons'],
  ['Enter', 'open the row that has the focus'],
  ['?', 'show this list'],
])
await enter()
byId('more').addEventListener('click', () => void readOlder())
offerCopies()
void refresh()
setInterval(() => {
  if (document.visibilityState === 'visible') void refresh()
}, READ_EVERY_MS)
setInterval(() => tick(byId('running-rows'), Date.now() - readAtMs < LOST_MS), 1000)
