/**
 * Header lines of a request: defaults of the ontology, then those of the action.
 *
 * A value that holds a line break could add a header or a whole request, so filled values with
 * control characters are refused, never cleaned. Characters beyond ASCII go out as UTF-8 bytes, as
 * curl sends them.
 */

import type { ActionDocument } from '../../core/contract/ontology.ts'
import type { Place } from '../place.ts'
import { refuseTemplateInName } from './target.ts'
import { compileTemplate, fillText, missing, referencesOf } from '../template.ts'
import type { Missing, Reference, Template, TemplateContext } from '../template.ts'

type HeaderMap = NonNullable<ActionDocument['request']['headers']>

interface HeaderLine {
  readonly name: string
  readonly template: Template
}

export interface Headers {
  /** Flat `name, value, …`: the lines that never change. */
  readonly fixed: readonly string[]
  readonly filled: readonly HeaderLine[]
  readonly hasContentType: boolean
  readonly references: readonly Reference[]
}

/** What HTTP framing and the generator own: an ontology that sets it would break the request. */
const OWNED = [
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'traceparent',
  'transfer-encoding',
  'upgrade',
  'x-synthetic',
]

/** RFC 9110, 5.6.2: token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * @param sources maps with their places, the later ones win whatever the case of the name
 * @throws UsageError with code `bad-header` or `bad-template`
 */
export function compileHeaders(
  sources: readonly { readonly map: HeaderMap | undefined; readonly place: Place }[],
): Headers {
  const lines = new Map<string, HeaderLine>()
  for (const { map, place } of sources) {
    for (const [name, value] of Object.entries(map ?? {})) {
      lines.set(name.toLowerCase(), compileLine(name, String(value), place.at(name)))
    }
  }
  const all = [...lines.values()]
  return {
    fixed: all.flatMap(({ name, template }) =>
      template.kind === 'text' ? [name, toWire(template.text)] : [],
    ),
    filled: all.filter(({ template }) => template.kind !== 'text'),
    hasContentType: lines.has('content-type'),
    references: all.flatMap(({ template }) => referencesOf(template)),
  }
}

/** A new flat list that the caller may add to, or what a line lacks. */
export function fillHeaders(headers: Headers, context: TemplateContext): string[] | Missing {
  const lines = headers.fixed.slice()
  for (const { name, template } of headers.filled) {
    const text = fillText(template, context)
    if (typeof text !== 'string') return text
    if (hasControls(text)) {
      const culprit = referencesOf(template)[0]
      if (culprit) return missing(culprit, `puts a control character into header "${name}"`)
    }
    lines.push(name, toWire(text))
  }
  return lines
}

/** @throws UsageError with code `bad-header` if this cannot be the name of a header */
export function checkHeaderName(name: string, place: Place): void {
  if (!TOKEN.test(name)) {
    throw place.fault(
      'bad-header',
      `"${name}" cannot be the name of a header`,
      'use letters, digits and "-"',
    )
  }
}

/** False for what cannot be a header's name, and for what Outrider sets itself. */
export function canBeSent(name: string): boolean {
  return TOKEN.test(name) && !OWNED.includes(name.toLowerCase())
}

function checkNotOwned(name: string, place: Place): void {
  if (OWNED.includes(name.toLowerCase())) {
    throw place.fault('bad-header', `header "${name}" is set by Outrider itself`, 'leave it out')
  }
}

/** Anything that could end a header line; a tab may stand in one. */
export function hasControls(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u0008\u000a-\u001f\u007f]/.test(text)
}

function compileLine(name: string, value: string, place: Place): HeaderLine {
  refuseTemplateInName(name, place)
  checkHeaderName(name, place)
  checkNotOwned(name, place)
  if (hasControls(value)) {
    throw place.fault('bad-header', 'the value has a control character', 'write it on one line')
  }
  return { name: name.toLowerCase(), template: compileTemplate(value, place) }
}

/** One character per byte, as header lines are written. */
function toWire(text: string): string {
  return /^[\t\x20-\x7e]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}
