/** Errors on the terminal: what failed, indented why and what to do, never a stack. */

import { OutriderError } from '../core/errors.ts'
import { wrap } from '../report/columns.ts'
import { paint, plainText, type TextStyle } from '../report/text.ts'

const WIDTH = 78

/** @param debug adds the stack (OUTRIDER_DEBUG=1) */
export function renderFailure(thrown: unknown, style: TextStyle, debug: boolean): string {
  const stack = debug && thrown instanceof Error && thrown.stack ? `${thrown.stack}\n` : ''
  if (thrown instanceof OutriderError) {
    const { where, mend, message } = thrown
    const place = where === undefined || isSaid(where, message) ? [] : [`at ${where}`]
    const then = [...place, ...(mend === undefined ? [] : [mend])].map(sentenceCase)
    return renderError(message, then.join('. '), style) + stack
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const name = thrown instanceof Error && thrown.name !== 'Error' ? `${thrown.name}: ` : ''
  const hint = 'This is a fault of outrider. OUTRIDER_DEBUG=1 shows where; please report it'
  return renderError(`unexpected: ${name}${message}`, hint, style) + stack
}

/** A place that the message names already, as `shop.yaml:41`, `--rate` or the "target" of `--target`. */
function isSaid(where: string, message: string): boolean {
  return message.includes(where.replace(/^--/, ''))
}

/** `error: …` and, indented below it, why and what to do. */
export function renderError(message: string, then: string, style: TextStyle): string {
  const head = wrapWhole(plainText(message, style), WIDTH, 'error: '.length)
  const tail = then === '' ? [] : wrapWhole(plainText(then, style), WIDTH, 0)
  const [first = '', ...more] = head
  const lines = [`${paint('red', 'error:', style)} ${first}`, ...[...more, ...tail].map(indent)]
  return `${lines.join('\n')}\n`
}

function indent(line: string): string {
  return `  ${line}`
}

/** Words are never cut here: a path or an address must stay whole to be copied. */
function wrapWhole(text: string, width: number, offset: number): string[] {
  const longest = Math.max(...text.split(' ').map((word) => word.length))
  if (longest > width - offset) return [text]
  return wrap(text, width, offset)
}

function sentenceCase(text: string): string {
  // A flag, a path or a quoted name keeps its spelling.
  return /^[a-z]+(?=[\s:,]|$)/.test(text) && !text.startsWith('outrider ')
    ? text.charAt(0).toUpperCase() + text.slice(1)
    : text
}
