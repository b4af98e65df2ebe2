// @ts-check
/** One pair with both answers, side by side, and the fields that differ over all kept pairs. */

import { byId, element, icon, setText } from '../parts/dom.js'
import {
  capital,
  formatMs,
  formatSeconds,
  formatShare,
  plural,
  showControls,
} from '../parts/words.js'
import { linesOf } from './body.js'

/** A field in which the control differs about as often is noise of the application. */
const NOISE = 0.5

/** @param {readonly ApiExchange[]} exchanges */
export function showPairs(exchanges) {
  byId('pair-card').hidden = exchanges.length === 0
  if (exchanges.length === 0) return
  let at = 0
  const step = (/** @type {number} */ by) => {
    at = (at + by + exchanges.length) % exchanges.length
    showPair(exchanges, at)
  }
  byId('pair-before').addEventListener('click', () => step(-1))
  byId('pair-next').addEventListener('click', () => step(1))
  byId('pair-steps').hidden = exchanges.length === 1
  showPair(exchanges, at)
  showFields(exchanges)
}

/**
 * @param {readonly ApiExchange[]} exchanges
 * @param {number} at
 */
function showPair(exchanges, at) {
  const exchange = exchanges[at]
  if (exchange === undefined) return
  const { pair, request, baseline, canary, diff } = exchange
  setText(byId('pair-place'), `${at + 1} of ${exchanges.length}`)
  setText(byId('pair-name'), `${showControls(pair)}, ${formatSeconds(exchange.at)} into the run`)
  setText(byId('pair-request'), showControls(`${request.method} ${request.path}`))
  const noise = diff.filter(isNoise).length
  const words = [
    diff.length === 0
      ? 'No field differs: status and body agree.'
      : `${plural(diff.length - noise, 'field')} ${diff.length - noise === 1 ? 'differs' : 'differ'}.`,
    noise === 0
      ? ''
      : `${plural(noise, 'more field')} ${noise === 1 ? 'is' : 'are'} noise: the control differs there as well.`,
    'Bodies are cut at 4 KiB and redacted.',
  ]
  setText(byId('pair-note'), words.filter((part) => part !== '').join(' '))
  const kinds = new Map(diff.map((entry) => [entry.path, isNoise(entry) ? 'noise' : 'chg']))
  byId('pair').replaceChildren(
    sideOf('Baseline', 'bas', baseline, kinds, '−'),
    sideOf('Canary', 'can', canary, kinds, '+'),
  )
}

/**
 * @param {string} name
 * @param {string} tone
 * @param {ApiExchange['canary']} side
 * @param {Map<string, string>} kinds of the paths that differ
 * @param {string} sign
 */
function sideOf(name, tone, side, kinds, sign) {
  const { status, outcome, latencyMs, body, headers, reason } = side
  const head = [name, status ?? outcome.replace('_', ' '), formatMs(latencyMs)]
  if (status !== undefined && outcome !== 'ok') head.push(outcome.replace('_', ' '))
  const statusKind = kinds.get('status')
  const title = element(
    'h3',
    { class: statusKind === undefined ? tone : `${tone} chg` },
    head.join(' · '),
  )
  const why = reason === undefined ? [] : [element('p', { class: 'sm bad' }, showControls(reason))]
  const lines = linesOf(body).map(({ text, path }) => {
    const kind = kindOf(kinds, path)
    const mark = element('i', { 'aria-hidden': 'true' }, kind === 'chg' ? sign : ' ')
    const tag = kind === 'noise' ? element('em', { class: 'tag' }, 'noise') : undefined
    const read = kind === 'chg' ? element('span', { class: 'only-read' }, ' differs') : undefined
    return element('div', { class: `l ${kind}` }, mark, element('code', {}, text), tag, read)
  })
  const code = element(
    'div',
    { class: 'lines', tabindex: 0, role: 'group', 'aria-label': `${name}, body` },
    ...lines,
  )
  return element('div', {}, title, ...why, code, ...headersOf(headers))
}

/**
 * A value that differs as a whole covers the lines inside it.
 * @param {Map<string, string>} kinds
 * @param {string} path
 */
function kindOf(kinds, path) {
  if (path === '') return ''
  const own = kinds.get(path)
  if (own !== undefined) return own
  const above = [...kinds.keys()].find(
    (key) => path.startsWith(`${key}.`) || path.startsWith(`${key}[`),
  )
  return above === undefined ? '' : (kinds.get(above) ?? '')
}

/** @param {Record<string, string> | undefined} headers */
function headersOf(headers) {
  const entries = Object.entries(headers ?? {})
  if (entries.length === 0) return []
  const text = entries.map(([name, value]) => showControls(`${name}: ${value}`)).join('\n')
  return [
    element(
      'details',
      {},
      element('summary', {}, plural(entries.length, 'header')),
      element('pre', { tabindex: 0 }, text),
    ),
  ]
}

/** @param {readonly ApiExchange[]} exchanges */
function showFields(exchanges) {
  const fields = new Map(
    exchanges
      .flatMap(({ diff }) => diff)
      .toReversed()
      .map((entry) => [entry.path, entry]),
  )
  const all = [...fields.values()].toReversed()
  const sorted = all.toSorted((one, other) => Number(isNoise(one)) - Number(isNoise(other)))
  byId('fields-scroll').hidden = sorted.length === 0
  const heads = ['Field', 'Canary differs', 'Control differs', 'Reading']
  const head = heads.map((text, at) =>
    element('th', { scope: 'col', class: at === 1 || at === 2 ? 'r' : undefined }, text),
  )
  const rows = sorted.map((entry) => {
    const { path, canaryShare, controlShare } = entry
    const reading = readingOf(entry)
    return element(
      'tr',
      { class: isNoise(entry) ? 'mut' : undefined },
      element('th', { scope: 'row' }, element('code', {}, showControls(path))),
      element('td', { class: 'r' }, shareOf(canaryShare)),
      element('td', { class: 'r' }, shareOf(controlShare)),
      element(
        'td',
        {},
        element(
          'span',
          { class: 'v' },
          isNoise(entry) ? undefined : icon(reading.kind),
          reading.words,
        ),
      ),
    )
  })
  byId('fields').replaceChildren(
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows),
  )
}

/** @param {number | undefined} share */
function shareOf(share) {
  return share === undefined ? 'not measured' : formatShare(share)
}

/** @param {ApiExchange['diff'][number]} entry */
function readingOf({ canaryShare, controlShare }) {
  if (canaryShare !== undefined && controlShare !== undefined) {
    if (isNoise({ canaryShare, controlShare }))
      return { kind: 'skipped', words: 'noise: two baselines differ here too' }
    return { kind: 'inconclusive', words: 'differs on the canary: a lead' }
  }
  return { kind: 'inconclusive', words: capital('no control to compare with') }
}

/** @param {{ canaryShare?: number; controlShare?: number }} entry */
function isNoise({ canaryShare, controlShare }) {
  if (canaryShare === undefined || controlShare === undefined) return false
  return controlShare > 0 && controlShare >= canaryShare * NOISE
}
