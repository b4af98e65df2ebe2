// @ts-check
/**
 * An answer as lines, each with the JSONPath it stands for. What is no JSON stays text as it came.
 * Pure: what is written into the page becomes text nodes, whatever a target said.
 */

import { showControls } from '../parts/words.js'

/**
 * @typedef {object} Line
 * @property {string} text
 * @property {string} path of the value on it; empty where there is none
 */

const MOST_LINES = 400
const DEEPEST = 60

/**
 * @param {string | undefined} body
 * @returns {Line[]}
 */
export function linesOf(body) {
  if (body === undefined) return [{ text: 'no body was kept', path: '' }]
  if (body === '') return [{ text: 'an empty body', path: '' }]
  const value = parse(body)
  /** @type {Line[]} */
  const lines = []
  if (value === undefined) {
    for (const text of body.split(/\r?\n/)) lines.push({ text, path: '' })
  } else print(value.document, '$', '', '', 0, lines)
  const shown = lines
    .slice(0, MOST_LINES)
    .map((line) => ({ ...line, text: showControls(line.text) }))
  const more = lines.length - shown.length
  return more > 0 ? [...shown, { text: `… ${more} more lines`, path: '' }] : shown
}

/**
 * A member's step of a JSONPath, as the investigation writes it.
 * @param {string} key
 */
function member(key) {
  if (/^[A-Za-z_]\w*$/.test(key)) return `.${key}`
  const escaped = JSON.stringify(key)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", String.raw`\'`)
  return `['${escaped}']`
}

/** @param {string} body */
function parse(body) {
  try {
    return /^\s*[[{]/.test(body) ? { document: JSON.parse(body) } : undefined
  } catch {
    return undefined
  }
}

/**
 * @param {unknown} value
 * @param {string} path
 * @param {string} name before the value, with its colon
 * @param {string} end after it: a comma or nothing
 * @param {number} depth
 * @param {Line[]} lines
 */
function print(value, path, name, end, depth, lines) {
  const indent = '  '.repeat(depth)
  const isList = Array.isArray(value)
  const isNested = typeof value === 'object' && value !== null && depth < DEEPEST
  const inside = isNested ? Object.entries(value) : []
  if (inside.length === 0) {
    lines.push({ text: `${indent}${name}${JSON.stringify(value)}${end}`, path })
    return
  }
  lines.push({ text: `${indent}${name}${isList ? '[' : '{'}`, path: '' })
  inside.forEach(([key, item], index) => {
    const comma = index === inside.length - 1 ? '' : ','
    const step = isList ? `[${key}]` : member(key)
    print(item, path + step, isList ? '' : `${JSON.stringify(key)}: `, comma, depth + 1, lines)
  })
  lines.push({ text: `${indent}${isList ? ']' : '}'}${end}`, path: '' })
}
