// @ts-check
/** Elements from data. Text only ever becomes a text node, so nothing a target says is markup. */

const SVG = 'http://www.w3.org/2000/svg'

/** @typedef {string | number | boolean | undefined} Attribute */
/** @typedef {Node | string | undefined} Child */

/**
 * An HTML element; an attribute that is undefined or false is left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Attribute>} [attributes]
 * @param {...Child} children
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  setAttributes(node, attributes)
  append(node, children)
  return node
}

/**
 * An SVG element.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Attribute>} [attributes]
 * @param {...Child} children
 */
export function drawing(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag)
  setAttributes(node, attributes)
  append(node, children)
  return node
}

/**
 * @param {Element} node
 * @param {Record<string, Attribute>} attributes
 */
export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) node.removeAttribute(name)
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value))
  }
}

/**
 * Writes only what changed, so that a screen reader and a selection are left alone.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

/**
 * The element of the page with this id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id)
  if (node === null) throw new TypeError(`The page has no element "${id}"`)
  return node
}

/**
 * @param {Element} node
 * @param {readonly Child[]} children
 */
function append(node, children) {
  for (const child of children) if (child !== undefined) node.append(child)
}

/** Each verdict and state: a class for its colour and its shapes, as class and path or circle. */
/** @type {Record<string, { tone: string; shapes: readonly (readonly [string, string])[] }>} */
const ICONS = {
  regressed: {
    tone: 'b',
    shapes: [
      ['fill', 'M0-8.6 8.6 0 0 8.6-8.6 0z'],
      ['on', 'M-2.6-2.6 2.6 2.6M2.6-2.6-2.6 2.6'],
    ],
  },
  victim: { tone: 'b', shapes: [['st', 'M0-7.6 7.6 0 0 7.6-7.6 0z']] },
  healthy: {
    tone: 'g',
    shapes: [
      ['fill', 'M-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0z'],
      ['on', 'M-3.6.2-1 3 3.8-2.8'],
    ],
  },
  inconclusive: {
    tone: 'n',
    shapes: [
      ['st', 'M-7.2 0a7.2 7.2 0 1 0 14.4 0a7.2 7.2 0 1 0-14.4 0z'],
      ['st', 'M-2.2-1.6a2.2 2.2 0 1 1 3.2 2C.3.8 0 1.1 0 2'],
      ['fill', 'M-1 4.3a1 1 0 1 0 2 0a1 1 0 1 0-2 0z'],
    ],
  },
  invalid: {
    tone: 'inv',
    shapes: [
      ['st', 'M0-7.4 8 6.8-8 6.8z'],
      ['st', 'M0-2.8V2.2'],
      ['fill', 'M-.9 4.5a.9.9 0 1 0 1.8 0a.9.9 0 1 0-1.8 0z'],
    ],
  },
  failed: {
    tone: 'inv',
    shapes: [
      ['st', 'M0-7.4 8 6.8-8 6.8z'],
      ['st', 'M0-2.8V2.2'],
      ['fill', 'M-.9 4.5a.9.9 0 1 0 1.8 0a.9.9 0 1 0-1.8 0z'],
    ],
  },
  skipped: { tone: 'n', shapes: [['st', 'M-4 0h8']] },
  pending: { tone: 'n', shapes: [['st', 'M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0z']] },
  ramping: { tone: 'can', shapes: [['st', 'M-7 5h4.5V0H2V-5h5']] },
  holding: { tone: 'n', shapes: [['st', 'M-7 0h14M-7-4v8M7-4v8']] },
  paused: { tone: 'inv', shapes: [['st', 'M-3-5.5v11M3-5.5v11']] },
  promoting: { tone: 'can', shapes: [['st', 'M-4.5-1 0-6l4.5 5M0-6v12']] },
  promoted: { tone: 'g', shapes: [['st', 'M-7 6h14M-4 1-0-4l4 5M0-4v8']] },
  rolling_back: { tone: 'b', shapes: [['st', 'M-7-5h4.5V0H2v5h5']] },
  rolled_back: { tone: 'b', shapes: [['st', 'M-7-5h4.5V0H2v5h5']] },
  aborted: { tone: 'n', shapes: [['st', 'M-5-5h10v10h-10z']] },
  alert: {
    tone: 'b',
    shapes: [
      ['st', 'M0-7.5v9'],
      ['fill', 'M-1.1 5.6a1.1 1.1 0 1 0 2.2 0a1.1 1.1 0 1 0-2.2 0z'],
    ],
  },
  met: { tone: 'n', shapes: [['st', 'M-5 .5-1.5 4 5-4']] },
  unmet: { tone: 'n', shapes: [['st', 'M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z']] },
  probing: { tone: 'can', shapes: [['st', 'M-7-3h10m-3-3 3 3-3 3M-7 4h10m-3-3 3 3-3 3']] },
  live: { tone: 'g', shapes: [['fill', 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z']] },
  lost: { tone: 'inv', shapes: [['st', 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z']] },
  ended: { tone: 'n', shapes: [['st', 'M-4-4h8v8h-8z']] },
}

/**
 * The sign of a verdict or state; the word always stands beside it.
 * @param {string} kind
 */
export function icon(kind) {
  const { tone, shapes } = ICONS[kind] ?? { tone: 'n', shapes: [] }
  const paths = shapes.map(([style, d]) => drawing('path', { class: style, d }))
  const attributes = { class: `ic ${tone}`, viewBox: '-9 -9 18 18', 'aria-hidden': 'true' }
  return drawing('svg', attributes, ...paths)
}

/**
 * Puts the sign of `kind` into `holder`, if another one is there.
 * @param {HTMLElement} holder
 * @param {string} kind
 */
export function setIcon(holder, kind) {
  if (holder.dataset['kind'] === kind) return
  holder.dataset['kind'] = kind
  holder.replaceChildren(icon(kind))
}
