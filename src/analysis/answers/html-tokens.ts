/**
 * Tokens of HTML: tags and texts, as far as comparing needs them. Any text is some HTML; each token
 * ends after it began, so that a page takes time in proportion to its length.
 */

export interface Tag {
  /** Lower-cased. */
  readonly name: string
  /** By lower-cased name; of a name that stands twice the first. */
  readonly attributes: ReadonlyMap<string, string>
}

export type Token =
  | { readonly kind: 'text'; readonly text: string; readonly end: number }
  | ({ readonly kind: 'open'; readonly end: number } & Tag)
  | { readonly kind: 'close'; readonly name: string; readonly end: number }
  /** A comment, a doctype: nothing that is compared. */
  | { readonly kind: 'nothing'; readonly end: number }

const NAME = /[a-z][^\s/>]*/iy
const MOST_NAME_CHARS = 60
/** Of one tag; the rest is passed over. */
const MOST_ATTRIBUTES = 200
/** A name and perhaps a value. What is unclosed is no quoted value. */
const ATTRIBUTE = /[\s/]*([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']?[^\s>]*)))?/y

/** The token that begins at `at`, which is within the page. */
export function nextToken(page: string, at: number): Token {
  if (page[at] !== '<') return textFrom(page, at)
  if (page.startsWith('<!--', at)) {
    return { kind: 'nothing', end: after(page, '-->', at + 4) }
  }
  const second = page[at + 1] ?? ''
  if (second === '!' || second === '?') return { kind: 'nothing', end: after(page, '>', at) }
  const isClosing = second === '/'
  const name = nameAt(page, at + (isClosing ? 2 : 1))
  // A lone bracket is a character like any other.
  if (name === undefined) return textFrom(page, at)
  if (isClosing) return { kind: 'close', name: name.text, end: after(page, '>', name.end) }
  return openingTag(page, name)
}

/** What stands in these is text up to their own closing tag. */
const RAW: ReadonlyMap<string, RegExp> = new Map(
  ['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes'].map((name) => [
    name,
    new RegExp(`</${name}(?=[\\s/>])`, 'gi'),
  ]),
)

/** Where the text of an element ends that may hold anything; undefined for any other element. */
export function endOfRawText(page: string, name: string, from: number): number | undefined {
  const closing = RAW.get(name)
  if (closing === undefined) return undefined
  closing.lastIndex = from
  return closing.exec(page)?.index ?? page.length
}

interface Name {
  readonly text: string
  readonly end: number
}

function nameAt(page: string, at: number): Name | undefined {
  NAME.lastIndex = at
  const [found] = NAME.exec(page) ?? []
  if (found === undefined) return undefined
  return { text: found.slice(0, MOST_NAME_CHARS).toLowerCase(), end: at + found.length }
}

const NO_ATTRIBUTES: Tag['attributes'] = new Map()

function openingTag(page: string, { text: name, end }: Name): Token {
  if (page[end] === '>') return { kind: 'open', name, attributes: NO_ATTRIBUTES, end: end + 1 }
  const attributes = new Map<string, string>()
  let at = end
  for (;;) {
    ATTRIBUTE.lastIndex = at
    const found = ATTRIBUTE.exec(page)
    if (found === null) break
    const [whole, key = '', double, single, bare] = found
    const attribute = key.slice(0, MOST_NAME_CHARS).toLowerCase()
    const isNew = attributes.size < MOST_ATTRIBUTES && !attributes.has(attribute)
    if (isNew) attributes.set(attribute, double ?? single ?? bare ?? '')
    at += whole.length
  }
  return { kind: 'open', name, attributes, end: after(page, '>', at) }
}

const BRACKET = /<(?=[a-z/!?])/gi

function textFrom(page: string, at: number): Token {
  BRACKET.lastIndex = at + 1
  const end = BRACKET.exec(page)?.index ?? page.length
  return { kind: 'text', text: page.slice(at, end), end }
}

function after(page: string, mark: string, from: number): number {
  const found = page.indexOf(mark, from)
  return found === -1 ? page.length : found + mark.length
}
