/**
 * The value of a form field in an HTML page, such as a CSRF token.
 *
 * Building the tree of a whole page costs milliseconds, and seconds for a page of unclosed tags;
 * that would stall the generator because of what a target sends. So the page is scanned for the
 * tags that can be fields (comments and scripts skipped), and only those are parsed, each up to a
 * limit. The scan is linear in the page.
 */

import { parse } from 'node-html-parser'
import type { HTMLElement } from 'node-html-parser'

const MAX_PAGE_CHARS = 2 ** 20
const MAX_TAG_CHARS = 4096
const MAX_CONTENT_CHARS = 16_384
const MAX_CANDIDATES = 500

const CANDIDATE =
  /<!--[^]*?(?:-->|$)|<(script|style)\b[^]*?(?:<\/\1|$)|<(input|select|textarea)(?=[\s/>])/gi
const OPENING_TAG = /^<\w+(?:"[^"]*"|'[^']*'|[^"'>])*>/

/** What a browser would send for the first field of this name; undefined without one. */
export function findFormField(html: string, name: string): string | undefined {
  const page = html.length > MAX_PAGE_CHARS ? html.slice(0, MAX_PAGE_CHARS) : html
  let candidates = 0
  for (const match of page.matchAll(CANDIDATE)) {
    const tagName = match[2]?.toLowerCase()
    if (tagName === undefined) continue
    candidates += 1
    if (candidates > MAX_CANDIDATES) return undefined
    const value = fieldValue(page, match.index, tagName, name)
    if (value !== undefined) return value
  }
  return undefined
}

function fieldValue(page: string, at: number, tagName: string, name: string): string | undefined {
  const tag = tagAt(page, at)
  if (tag?.element.getAttribute('name') !== name) return undefined
  if (tagName === 'input') return inputValue(tag.element)
  const rest = page.slice(tag.end, tag.end + MAX_CONTENT_CHARS)
  const end = rest.search(tagName === 'select' ? /<\/select/i : /<\/textarea/i)
  const content = end === -1 ? rest : rest.slice(0, end)
  return tagName === 'select' ? selectValue(content) : plainText(content).replace(/^\r?\n/, '')
}

function inputValue(tag: HTMLElement): string | undefined {
  const type = tag.getAttribute('type')?.toLowerCase()
  const value = tag.getAttribute('value')
  if (type !== 'checkbox' && type !== 'radio') return value ?? ''
  return tag.getAttribute('checked') === undefined ? undefined : (value ?? 'on')
}

/** The option that is selected, else the first. */
function selectValue(content: string): string | undefined {
  let chosen: { text: string; tag: Tag } | undefined
  for (const match of content.matchAll(/<option(?=[\s>])/gi)) {
    const tag = tagAt(content, match.index)
    if (!tag) break
    const isSelected = tag.element.getAttribute('selected') !== undefined
    const end = content.indexOf('<', tag.end)
    const text = content.slice(tag.end, end === -1 ? undefined : end)
    if (isSelected || chosen === undefined) chosen = { text, tag }
    if (isSelected) break
  }
  if (chosen === undefined) return undefined
  return chosen.tag.element.getAttribute('value') ?? plainText(chosen.text).trim()
}

interface Tag {
  readonly element: HTMLElement
  /** Where the tag ends in the page. */
  readonly end: number
}

function tagAt(page: string, at: number): Tag | undefined {
  const opening = OPENING_TAG.exec(page.slice(at, at + MAX_TAG_CHARS))?.[0]
  if (opening === undefined) return undefined
  const element = parse(opening, { lowerCaseTagName: true }).querySelector('*')
  return element === null ? undefined : { element, end: at + opening.length }
}

/** Text with its character references resolved; what looks like a tag in it is none. */
function plainText(content: string): string {
  return parse(content.replaceAll('<', '&lt;')).text
}
