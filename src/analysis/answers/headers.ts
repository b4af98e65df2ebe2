/** Headers that say something about the answer itself, in a form in which equal ones are equal. */

import { shapeOfText } from './shape.ts'

/** By lower-cased name; several of one name as a list, or joined by a comma. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

export interface HeaderDifference {
  /** `header:location` */
  readonly path: string
  readonly first: string | undefined
  readonly other: string | undefined
  readonly hasOtherShape: boolean
}

type Normal = (value: string) => string

const plain: Normal = (value) => value.trim().replace(/\s+/g, ' ')
/** Lists whose order says nothing. */
const list: Normal = (value) => itemsOf(value.toLowerCase(), ',').join(', ')
const directives: Normal = (value) =>
  itemsOf(value.replace(/'nonce-[^']*'/gi, "'nonce-*'"), ';').join('; ')

/**
 * What is compared. Left out is what differs between any two answers (date, etag, age, ids of
 * requests), what follows from the body (content-length), and what belongs to the server in front.
 */
const CHOSEN: ReadonlyMap<string, Normal> = new Map<string, Normal>([
  ['content-type', contentType],
  ['content-encoding', list],
  ['content-language', list],
  ['content-disposition', plain],
  ['content-range', plain],
  ['location', plain],
  ['link', plain],
  ['allow', list],
  ['vary', list],
  ['cache-control', list],
  ['retry-after', plain],
  ['set-cookie', cookieNames],
  ['www-authenticate', plain],
  ['access-control-allow-origin', plain],
  ['access-control-allow-methods', list],
  ['access-control-allow-headers', list],
  ['access-control-allow-credentials', list],
  ['access-control-expose-headers', list],
  ['content-security-policy', directives],
  ['strict-transport-security', directives],
  ['x-content-type-options', list],
  ['x-frame-options', list],
  ['referrer-policy', list],
  ['x-total-count', plain],
])

/** @param isSame for texts that differ: whether they say the same in the words of each arm */
export function differencesOfHeaders(
  first: AnswerHeaders,
  other: AnswerHeaders,
  isSame: (first: string, other: string) => boolean,
): HeaderDifference[] {
  const found: HeaderDifference[] = []
  for (const [name, normal] of CHOSEN) {
    const [one, two] = [valueOf(first, name), valueOf(other, name)]
    if (one === two) continue
    const left = one === undefined ? undefined : normal(one)
    const right = two === undefined ? undefined : normal(two)
    const isBoth = left !== undefined && right !== undefined
    if (left === right || (isBoth && isSame(left, right))) continue
    found.push({
      path: `header:${name}`,
      first: left,
      other: right,
      hasOtherShape: !isBoth || headerShape(name, left) !== headerShape(name, right),
    })
  }
  return found
}

/** Lines of cookies stay apart: there are commas in their dates. */
function valueOf(headers: AnswerHeaders, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (value === undefined || typeof value === 'string') return value
  return value.join(name === 'set-cookie' ? '\n' : ', ')
}

export function contentType(value: string): string {
  const [type = '', ...parameters] = itemsOf(value.toLowerCase(), ';', false)
  const kept = parameters
    .map((parameter) => parameter.replace(/\s*=\s*/, '=').replaceAll('"', ''))
    // A boundary is drawn anew for each answer.
    .filter((parameter) => !parameter.startsWith('boundary='))
    .toSorted()
  return [type, ...kept].join('; ')
}

function cookieNames(value: string): string {
  const names = value.split('\n').map((line) => line.slice(0, line.search(/[=;]|$/)).trim())
  return [...new Set(names)].toSorted().join(', ')
}

function itemsOf(value: string, separator: string, sorted = true): string[] {
  const items = value
    .split(separator)
    .map((item) => item.trim().replace(/\s+/g, ' '))
    .filter((item) => item !== '')
  return sorted ? items.toSorted() : items
}

function headerShape(name: string, value: string): string {
  if (name === 'content-type') return value.replace(/;.*/, '')
  return shapeOfText(value)
}
