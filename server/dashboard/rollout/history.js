// @ts-check
/**
 * The list of decisions, newest first. Rows are kept by their number, so that reading and selection
 * are left alone; what comes while someone has scrolled down waits behind a button.
 */

import { byId, element, setAttributes, setText } from '../parts/dom.js'
import { formatClock, formatDay, plural } from '../parts/words.js'
import { foldRoutine } from './decisions.js'

/** @typedef {import('./decisions.js').Decision} Decision */

/** A record is made when the finding is told, and the weight moves at the same time. */
const RECORD_WITHIN_MS = 30_000

/**
 * @param {(number: number | undefined) => void} onPoint a numbered line is pointed at, or left
 */
export function createHistory(onPoint) {
  const list = byId('history')
  const more = byId('history-more')
  const fresh = byId('history-new')
  /** @type {readonly Decision[]} */
  let known = []
  let isOpen = false
  let shownTo = Infinity
  /** @type {readonly ApiInvestigationListed[]} */
  let investigations = []
  let painted = ''

  function paint() {
    const isScrolled = list.scrollTop > 8
    if (!isScrolled) shownTo = Infinity
    else if (shownTo === Infinity) shownTo = Math.max(0, ...shownNumbers(list))
    const rows = (isOpen ? known : foldRoutine(known)).filter(({ seq }) => seq <= shownTo)
    const waiting = known.filter(({ seq }) => seq > shownTo).length
    fresh.hidden = waiting === 0
    setText(fresh, `${waiting} new`)
    const routine = known.length - foldRoutine(known).length
    more.hidden = routine === 0
    setText(more, isOpen ? 'Fold routine' : `All ${known.length}`)
    setAttributes(more, { 'aria-expanded': String(isOpen) })
    const signature = JSON.stringify([rows, investigations])
    if (signature === painted) return
    painted = signature
    list.replaceChildren(...rows.toReversed().map((row) => itemOf(row, investigations, onPoint)))
  }

  more.addEventListener('click', () => {
    isOpen = !isOpen
    paint()
  })
  fresh.addEventListener('click', () => {
    list.scrollTop = 0
    paint()
  })
  list.addEventListener('scroll', () => {
    if (list.scrollTop <= 8 && shownTo !== Infinity) paint()
  })
  return {
    /**
     * @param {readonly Decision[]} decisions oldest first
     * @param {readonly ApiInvestigationListed[]} records
     */
    show(decisions, records) {
      known = decisions
      investigations = records
      paint()
    },
    /** @param {number | undefined} number */
    highlight(number) {
      for (const item of list.children) {
        if (!(item instanceof HTMLElement)) continue
        item.classList.toggle(
          'lit',
          number !== undefined && item.dataset['number'] === String(number),
        )
      }
    },
  }
}

/** @param {HTMLElement} list */
function shownNumbers(list) {
  return [...list.children].map((item) =>
    Number(item instanceof HTMLElement && item.dataset['seq']),
  )
}

/**
 * @param {Decision} decision
 * @param {readonly ApiInvestigationListed[]} investigations
 * @param {(number: number | undefined) => void} onPoint
 */
function itemOf({ seq, atMs, kind, text, lead, number, folded }, investigations, onPoint) {
  const badge = element(
    'span',
    { class: number === undefined ? 'num none' : kind === 'trouble' ? 'num bad' : 'num' },
    number === undefined ? '·' : String(number),
  )
  const isToday = Date.now() - atMs < 12 * 3_600_000
  const iso = new Date(atMs).toISOString()
  const clock = isToday ? formatClock(atMs) : formatDay(iso, Date.now())
  const when = element(
    'time',
    { class: 'mut', datetime: iso, title: formatDay(iso, Date.now()) },
    clock,
  )
  const words = element('span', {}, ...leadOf(text, lead))
  if (folded > 0) {
    words.append(
      element(
        'span',
        { class: 'mut' },
        ` ${plural(folded, 'routine decision')} before it, folded.`,
      ),
    )
  }
  const record = kind === 'trouble' ? recordOf(atMs, investigations) : undefined
  if (record !== undefined)
    words.append(' ', element('a', { href: addressOf(record) }, 'Investigation'))
  const attributes = { 'data-seq': seq, 'data-number': number }
  const item = element('li', attributes, badge, when, words)
  if (number === undefined) return item
  item.addEventListener('pointerenter', () => onPoint(number))
  item.addEventListener('pointerleave', () => onPoint(undefined))
  return item
}

/** @param {{ id: string }} investigation */
export function addressOf({ id }) {
  return `/investigations/${encodeURIComponent(id)}`
}

/**
 * The record of what was seen at that moment.
 * @param {number} atMs
 * @param {readonly ApiInvestigationListed[]} investigations
 */
function recordOf(atMs, investigations) {
  const near = investigations
    .map((record) => ({ record, awayMs: Math.abs(Date.parse(record.at) - atMs) }))
    .filter(({ awayMs }) => awayMs <= RECORD_WITHIN_MS)
  return near.toSorted((one, other) => one.awayMs - other.awayMs)[0]?.record
}

/**
 * The finding inside a sentence is emphasised.
 * @param {string} text
 * @param {string | undefined} lead
 */
function leadOf(text, lead) {
  const at = lead === undefined ? -1 : text.toLowerCase().indexOf(lead.toLowerCase())
  if (lead === undefined || at === -1) return [text]
  const end = at + lead.length
  return [text.slice(0, at), element('b', { class: 'bad' }, text.slice(at, end)), text.slice(end)]
}
