// @ts-check
/** Who is affected: each segment's interval beside the margin. A lead, never a proof. */

import { byId, element, setText } from '../parts/dom.js'
import { createInterval, drawAxis, errorsAxis, typicalAxis } from '../parts/interval.js'
import { effectWords, formatCount, plural, showControls } from '../parts/words.js'
import { segmentNote } from './moments.js'

/** @type {Record<string, string>} */
const TITLES = {
  action: 'Action',
  device: 'Device',
  geo: 'Country',
  label: 'Label',
  prev: 'Previous action',
  size: 'Payload size',
  load: 'Load level',
}

/** @param {ApiInvestigation} investigation */
export function showSegments(investigation) {
  const { segments, finding, pairs } = investigation
  const table = byId('segments')
  const isRatio = finding.effect?.kind !== 'difference'
  const ends = segments.flatMap(({ effect }) => [effect.low, effect.high, effect.estimate])
  const ratios = ends.filter((end) => end !== undefined && end >= 0.5 && end <= 4)
  const axis = isRatio ? typicalAxis(/** @type {number[]} */ (ratios)) : errorsAxis
  byId('segments-card').classList.toggle('empty', segments.length === 0)
  table.hidden = segments.length === 0
  setText(byId('segments-note'), segmentNote(investigation, plural(pairs, 'pair')))
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'Segment'),
    element(
      'th',
      { scope: 'col', class: 'c-x' },
      isRatio ? 'Canary ÷ baseline' : 'Difference, pp',
      drawAxis(axis),
    ),
    element('th', { scope: 'col', class: 'r' }, 'Pairs'),
  )
  const groups = Map.groupBy(segments, ({ segment }) => Object.keys(segment).join(' and '))
  const rows = [...groups].flatMap(([name, members]) => [
    element(
      'tr',
      { class: 'grp' },
      element('th', { colspan: 3, scope: 'colgroup' }, titleOf(name)),
    ),
    ...members.map((member) => rowOf(member, axis, finding.margin)),
  ])
  table.replaceChildren(element('thead', {}, head), element('tbody', {}, ...rows))
}

/** @param {string} name */
function titleOf(name) {
  return TITLES[name] ?? showControls(name)
}

/**
 * @param {ApiSegment} row
 * @param {import('../parts/interval.js').Axis} axis
 * @param {number} margin
 */
function rowOf({ segment, pairs, effect }, axis, margin) {
  const interval = createInterval()
  const worst = effect.kind === 'ratio' ? 1 + margin : margin
  const isBeyond = effect.low !== undefined && effect.low > worst
  const cell = { effect, margin, guilty: isBeyond }
  interval.show(axis, cell, isBeyond ? 'bad' : 'faint', '')
  const words = effectWords(effect)
  const name = Object.values(segment).map(showControls).join(', ')
  return element(
    'tr',
    {},
    element('th', { scope: 'row', class: 'c-a' }, name),
    element(
      'td',
      {},
      interval.node,
      element('span', { class: 'only-read' }, `${words.estimate} ${words.interval}`),
    ),
    element('td', { class: 'r sm' }, formatCount(pairs)),
  )
}
