/**
 * HTML as it can be compared: what a page says and where it leads, part by part, without what is
 * drawn anew for each answer or belongs to its looks.
 *
 * The parts, which are the paths of differences:
 * - `html:NAME`: the texts that stand in elements of this name (`html:title`, `html:h1`, `html:td`);
 *   a page has a clock somewhere, and it shall not drown the prices. Elements that HTML does not
 *   know are `html:text`.
 * - `html:structure`: which elements follow each other. Its shape is which kinds there are.
 * - `html:links`: where links and forms lead. `html:assets`: what is loaded, without the
 *   fingerprints of builds, which change with every release.
 * - `html:forms`: fields with their values, but no tokens. `html:meta`: what the head says.
 * - `html:labels`: texts in attributes. `html:script`, `html:style`: what stands in them.
 *
 * Left out: comments, classes, styles, ids and data attributes (looks), nonces and hashes. The walk
 * is one pass, in time proportional to the page, whatever it holds.
 */

import { OTHER_PATH } from './path.ts'
import { collapsed } from './text.ts'
import { endOfRawText, nextToken, type Tag } from './html-tokens.ts'

export type HtmlParts = ReadonlyMap<string, readonly string[]>

export const STRUCTURE = 'html:structure'

export function htmlParts(page: string): HtmlParts {
  const reader = new Reader()
  let at = 0
  for (let tokens = 0; at < page.length; tokens += 1) {
    if (tokens >= MOST_TOKENS) return reader.parts(page.slice(at))
    const token = nextToken(page, at)
    if (token.kind === 'text') reader.text(token.text)
    else if (token.kind === 'close') reader.close(token.name)
    at = token.end
    if (token.kind !== 'open') continue
    reader.open(token)
    const end = endOfRawText(page, token.name, at)
    if (end === undefined) continue
    reader.text(page.slice(at, end))
    at = end
  }
  return reader.parts('')
}

/** Which kinds of elements there are, whatever their number. */
export function structureShape(names: readonly string[]): string {
  return [...new Set(names)].toSorted().join(' ')
}

const KNOWN = new Set(
  (
    'title h1 h2 h3 h4 h5 h6 p a span div li td th caption dt dd label button option legend em ' +
    'strong b i u s small code pre blockquote q cite time figcaption summary header footer nav ' +
    'main section article aside body textarea output address abbr mark sub sup kbd text script style'
  ).split(' '),
)
const VOID = new Set(
  'area base br col embed hr img input link meta param source track wbr'.split(' '),
)
/** What follows after these is compared as it is, as `other`. */
const MOST_TOKENS = 30_000
const LABELS = ['alt', 'title', 'placeholder', 'aria-label', 'lang']
/** Unclosed elements beyond these are forgotten, and so is where a stray closing tag belongs. */
const MOST_OPEN = 500
const MOST_CLOSED_AT_ONCE = 30

class Reader {
  readonly #parts = new Map<string, string[]>()
  readonly #open: string[] = []

  text(raw: string): void {
    const text = collapsed(raw)
    if (text === '') return
    const name = this.#open.at(-1) ?? 'body'
    const isSource = name === 'script' || name === 'style'
    this.#add(KNOWN.has(name) ? `html:${name}` : 'html:text', isSource ? text : decoded(text))
  }

  open({ name, attributes }: Tag): void {
    this.#add(STRUCTURE, name)
    if (attributes.size > 0 || name === 'form' || name === 'button')
      this.#attributes(name, attributes)
    if (!VOID.has(name) && this.#open.length < MOST_OPEN) this.#open.push(name)
  }

  #attributes(name: string, attributes: Tag['attributes']): void {
    for (const label of LABELS) {
      const text = attributes.get(label)
      if (text !== undefined) this.#add('html:labels', collapsed(decoded(text)))
    }
    this.#links(name, attributes)
    this.#fields(name, attributes)
  }

  close(name: string): void {
    this.#add(STRUCTURE, `/${name}`)
    const from = this.#open.lastIndexOf(name)
    if (from >= 0 && this.#open.length - from <= MOST_CLOSED_AT_ONCE) this.#open.length = from
  }

  /** @param rest of the page, which was not read */
  parts(rest: string): HtmlParts {
    if (rest !== '') this.#add(OTHER_PATH, rest)
    return this.#parts
  }

  #links(name: string, attributes: Tag['attributes']): void {
    const href = attributes.get('href')
    const source = attributes.get('src')
    const action = attributes.get('action')
    if (href !== undefined && name === 'link') this.#add('html:assets', assetOf(decoded(href)))
    else if (href !== undefined) this.#add('html:links', collapsed(decoded(href)))
    if (source !== undefined) this.#add('html:assets', assetOf(decoded(source)))
    if (name === 'form') {
      this.#add('html:links', `${attributes.get('method') ?? 'get'} ${decoded(action ?? '')}`)
    }
  }

  #fields(name: string, attributes: Tag['attributes']): void {
    if (name === 'meta') {
      const about = attributes.get('name') ?? attributes.get('property')
      const content = decoded(attributes.get('content') ?? '')
      if (about !== undefined) this.#add('html:meta', fieldOf(about, content))
    } else if (name === 'input' || name === 'select' || name === 'textarea' || name === 'button') {
      const type = attributes.get('type') ?? name
      const flags = FLAGS.filter((flag) => attributes.has(flag)).map((flag) => ` ${flag}`)
      const field = fieldOf(attributes.get('name') ?? '', decoded(attributes.get('value') ?? ''))
      this.#add('html:forms', `${type} ${field}${flags.join('')}`)
    }
  }

  #add(part: string, text: string): void {
    const known = this.#parts.get(part)
    if (known === undefined) this.#parts.set(part, [text])
    else known.push(text)
  }
}

const FLAGS = ['checked', 'disabled', 'readonly', 'required', 'selected']
const TOKEN_NAME = /csrf|xsrf|token|nonce|verification|viewstate|captcha|timestamp|signature/i
/** Long, of letters and digits, and no word: drawn at random. */
const RANDOM = /^(?=[^\d]*\d)(?=[^a-z]*[a-z])[\w+/=.~-]{20,}$/i

function fieldOf(name: string, value: string): string {
  const isToken = TOKEN_NAME.test(name) || RANDOM.test(value)
  return `${name}=${isToken ? '*' : collapsed(value)}`
}

/** `/app.3f2a1b9c.js?v=12` is `/app.*.js`. */
function assetOf(address: string): string {
  const [, path = '', query = ''] = /^([^?#]*)([^#]*)/.exec(address) ?? []
  const segments = path.split('/').map((part) => (RANDOM.test(part) ? '*' : part))
  const file = segments.pop() ?? ''
  const kept = file.replace(/([._-])(?=[a-z_]*\d)[a-z0-9_]{6,}(?=\.[a-z0-9.]+$)/i, '$1*')
  return (
    [...segments, kept].join('/') + query.replace(/[?&](v|ver|version|rev|hash|t|_)=[^&]*/g, '')
  )
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

function decoded(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, ...found) => {
    const [decimal, hexadecimal, name]: (string | undefined)[] = found
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole
    const code = decimal === undefined ? parseInt(hexadecimal ?? '', 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
