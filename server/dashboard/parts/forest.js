// @ts-check
/**
 * The forest: a real table, one row an action, each interval beside the margin it is judged by.
 * Rows are made once and updated by attributes; they change places only when a verdict changes.
 */

import { createSmall, markerOf } from './cells/small.js'
import { element, drawing, setAttributes, setIcon, setText } from './dom.js'
import { createInterval, drawAxis, errorsAxis, placeOf, tailAxis, typicalAxis } from './interval.js'
import { formatCount, formatRatio } from './words.js'

/** @typedef {import('./rows.js').Row} Row */
/** @typedef {ReturnType<typeof createRow>} RowParts */

/** Above so many healthy rows of a group, they fold into one. */
const FOLDED_ABOVE = 12
const GROUPS = /** @type {const} */ ([
  ['required', 'Required'],
  ['watched', 'Watched: can regress, never blocks'],
  ['together', 'Together'],
])

/**
 * @param {HTMLElement} table
 * @param {(action: string, metric?: string) => void} onSelect
 */
export function createForest(table, onSelect) {
  const axisCell = element('span', { class: 'axis' })
  const body = element('tbody')
  table.append(headOf(axisCell), body)
  /** @type {Map<string, RowParts>} */
  const parts = new Map()
  /** @type {Map<string, ReturnType<typeof createFold>>} */
  const folds = new Map()
  let order = ''
  let axisDrawn = ''

  /**
   * @param {readonly Row[]} rows
   * @param {string} selected key of a row
   */
  function show(rows, selected) {
    table.classList.toggle('answers', rows.some(isCompared))
    const axis = typicalAxis(rows.flatMap((row) => ratiosOf(row)))
    if (axisDrawn !== `${axis.low} ${axis.high}`) {
      axisDrawn = `${axis.low} ${axis.high}`
      axisCell.replaceChildren(drawAxis(axis))
    }
    for (const row of rows) {
      const known = parts.get(row.key) ?? createRow(row, onSelect)
      parts.set(row.key, known)
      known.show(row, axis, row.key === selected)
    }
    const next = rows.map((row) => `${row.group} ${row.kind} ${row.key}`).join('\n')
    if (next !== order) arrange(rows)
    order = next
    for (const [group, fold] of folds) fold.show(healthyOf(rows, group), axis)
  }

  /** @param {readonly Row[]} rows */
  function arrange(rows) {
    folds.clear()
    body.replaceChildren(...GROUPS.flatMap(([group, title]) => groupOf(rows, group, title)))
  }

  /**
   * @param {readonly Row[]} rows
   * @param {string} group
   * @param {string} title
   */
  function groupOf(rows, group, title) {
    const own = rows.filter((row) => row.group === group)
    if (own.length === 0) return []
    const heading = element('tr', { class: 'grp' }, element('td', { colspan: 8 }, title))
    const nodes = own.map((row) => parts.get(row.key)?.node)
    const lines = nodes.filter((node) => node !== undefined)
    const healthy = healthyOf(rows, group)
    if (healthy.length <= FOLDED_ABOVE) return [heading, ...lines]
    const hidden = new Set(healthy.map((row) => parts.get(row.key)?.node))
    const fold = createFold(lines.filter((node) => hidden.has(node)))
    folds.set(group, fold)
    const first = lines.findIndex((node) => hidden.has(node))
    return [heading, ...lines.slice(0, first), fold.node, ...lines.slice(first)]
  }

  table.addEventListener('keydown', moveByArrow)
  return { show }
}

/**
 * ↑ and ↓ choose the neighbour that is not folded away.
 * @param {KeyboardEvent} event
 */
function moveByArrow(event) {
  const table = event.currentTarget
  const isArrow = event.key === 'ArrowDown' || event.key === 'ArrowUp'
  if (!isArrow || !(table instanceof HTMLElement)) return
  const buttons = [...table.querySelectorAll('button.pick')]
  const visible = buttons.filter((button) => button.closest('tr')?.hidden === false)
  const at = visible.findIndex((button) => button === document.activeElement)
  const next = visible[at + (event.key === 'ArrowDown' ? 1 : -1)]
  if (at === -1 || !(next instanceof HTMLButtonElement)) return
  event.preventDefault()
  next.focus()
  next.click()
}

/** @param {HTMLElement} axisCell */
function headOf(axisCell) {
  const row = element(
    'tr',
    {},
    headCell('Verdict', 'c-v'),
    headCell('Action', 'c-a'),
    headCell('Typical latency, canary ÷ baseline', 'c-t', axisCell),
    headCell('Estimate (interval)', 'c-n'),
    headCell('Tail', 'c-s', drawAxis(tailAxis)),
    headCell('Errors, pp', 'c-s', drawAxis(errorsAxis)),
    headCell('Responses, pp', 'c-s c-r', drawAxis(errorsAxis)),
    headCell('Pairs, or needs', 'c-p r'),
  )
  return element('thead', {}, row)
}

/**
 * @param {string} name
 * @param {string} style
 * @param {...Node} more
 */
function headCell(name, style, ...more) {
  return element('th', { class: style, scope: 'col' }, name, ...more)
}

/**
 * @param {Row} row
 * @param {(action: string, metric?: string) => void} onSelect
 */
function createRow({ action, metric }, onSelect) {
  const sign = element('span', { class: 'sign' })
  const word = element('span')
  const verdict = element('span', { class: 'v' }, sign, word)
  const button = element('button', { type: 'button', class: 'pick', 'aria-pressed': 'false' })
  const tag = element('span', { class: 'tag', hidden: true })
  const typical = createInterval()
  const small = [
    createSmall('tail', 'Tail, 0.7× to 2×', tailAxis),
    createSmall('errors', 'Errors, −1.5 to +3 pp', errorsAxis),
    createSmall('responses', 'Responses, −1.5 to +3 pp', errorsAxis),
  ]
  const why = element('span', { class: 'why sm mut', hidden: true })
  const estimate = element('b')
  const interval = element('span', { class: 'mut' })
  const need = element('td', { class: 'c-p r sm' })
  const name = element('span', { class: 'name' }, button, tag)
  const node = element(
    'tr',
    {},
    element('td', { class: 'c-v' }, verdict),
    element('th', { class: 'c-a', scope: 'row' }, name),
    element('td', { class: 'c-t' }, typical.node, why),
    element('td', { class: 'c-n' }, estimate, ' ', interval),
    ...small.map((cell) => cell.node),
    need,
  )
  node.addEventListener('click', () => onSelect(action, metric))

  /**
   * @param {Row} row
   * @param {import('./interval.js').Axis} axis
   * @param {boolean} isSelected
   */
  function show(row, axis, isSelected) {
    const place = row.metric === undefined ? (row.kind === 'victim' ? 'vic ' : '') : 'sub '
    const style = `${place}${isSelected ? 'sel' : ''}`.trim()
    setAttributes(node, { class: style === '' ? undefined : style })
    setIcon(sign, row.kind)
    setText(word, row.word)
    const isQuiet = row.kind === 'inconclusive' || row.kind === 'skipped'
    setAttributes(verdict, { class: row.kind === 'regressed' ? 'v bad' : isQuiet ? 'v q' : 'v' })
    setText(button, row.label)
    setAttributes(button, { 'aria-pressed': String(isSelected), title: row.label })
    setText(tag, row.tag)
    tag.hidden = row.tag === ''
    const isSkipped = row.kind === 'skipped'
    why.hidden = !isSkipped
    setText(why, isSkipped ? row.note : '')
    setAttributes(typical.node, { hidden: isSkipped })
    typical.show(axis, row.typical, markerOf(row, row.typical), row.note)
    for (const cell of small) cell.show(row)
    setAttributes(estimate, { class: row.isBad && row.kind === 'regressed' ? 'bad' : undefined })
    setText(estimate, row.estimate)
    setText(interval, row.interval)
    setText(need, row.need)
  }
  return { node, show }
}

/** @param {readonly HTMLTableRowElement[]} members */
function createFold(members) {
  const sign = element('span', { class: 'sign' })
  setIcon(sign, 'healthy')
  const verdict = element('span', { class: 'v' }, sign, 'Healthy')
  const button = element('button', { type: 'button', 'aria-expanded': 'false' })
  const rug = drawing('svg', { class: 'iv', 'aria-hidden': 'true' })
  const worst = element('td', { class: 'c-n' })
  const pairs = element('td', { class: 'c-p r sm' })
  const node = element(
    'tr',
    {},
    element('td', { class: 'c-v' }, verdict),
    element('th', { class: 'c-a', scope: 'row' }, element('span', { class: 'name' }, button)),
    element('td', { class: 'c-t' }, rug),
    worst,
    element('td', { class: 'c-s', colspan: 2 }),
    element('td', { class: 'c-s c-r' }),
    pairs,
  )
  let isOpen = false
  function paint() {
    for (const member of members) member.hidden = !isOpen
    setAttributes(button, { 'aria-expanded': String(isOpen) })
    setText(button, `${members.length} actions${isOpen ? ' ▾' : ', folded ▸'}`)
  }
  node.addEventListener('click', () => {
    isOpen = !isOpen
    paint()
  })
  paint()
  return {
    node,
    /**
     * @param {readonly Row[]} rows
     * @param {import('./interval.js').Axis} axis
     */
    show(rows, axis) {
      const ratios = rows.flatMap((row) => row.typical.effect?.estimate ?? [])
      const lines = ratios.map((ratio) => {
        const x = `${placeOf(axis, ratio).toFixed(2)}%`
        return drawing('line', { class: 'rug', x1: x, x2: x, y1: 8, y2: 23 })
      })
      rug.replaceChildren(...lines)
      setText(worst, ratios.length === 0 ? '–' : `worst ${formatRatio(Math.max(...ratios))}×`)
      setText(pairs, formatCount(rows.length))
    },
  }
}

/** @param {Row} row */
function isCompared({ responses: { effect, margin } }) {
  return effect !== undefined || margin !== undefined
}

/** @param {Row} row */
function ratiosOf({ typical: { effect } }) {
  if (effect === undefined) return []
  const ends = [effect.estimate, effect.low ?? effect.estimate, effect.high ?? effect.estimate]
  // What is wider than this is drawn as an arrow; the axis does not follow it.
  return ends.filter((value) => value >= 0.5 && value <= 4)
}

/**
 * @param {readonly Row[]} rows
 * @param {string} group
 */
function healthyOf(rows, group) {
  return rows.filter((row) => row.group === group && row.kind === 'healthy')
}
