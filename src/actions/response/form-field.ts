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
const MAX_OPTIONS = 300

const CANDIDATE =
  /<!--[^]*?(?:-->|$)|<(script|style)\b[^]*?(?:<\/\1|$)|<(\/?form|input|select|textarea|button)(?=[\s/>])/gi
const TYPED = /^(?:text|email|tel|password|search|url|textarea)$/i
const OPENING_TAG = /^<\w+(?:"[^"]*"|'[^']*'|[^"'>])*>/

/** A form by what tells it from others. */
export interface Form {
  readonly id: string | undefined
  readonly name: string | undefined
  /** Where it is sent to, as it stands in the page but for the query. */
  readonly action: string | undefined
  /** Names of its fields, complete when the page was read. */
  readonly fields: ReadonlySet<string>
}

export interface FormField {
  readonly name: string
  /** What a browser would send if nobody touched it; undefined for a box that is not ticked. */
  readonly value: string | undefined
  /** What a person can choose here; none where a text is typed. */
  readonly choices: readonly string[]
  /** People write into it. */
  readonly isTyped: boolean
  readonly isPassword: boolean
  /** Undefined for a field outside of all forms. */
  readonly form: Form | undefined
}

/**
 * What a browser would send for the first field of this name; undefined without one.
 * @param form id, name or action of its form, or the name of another field there; left out = any
 */
export function findFormField(html: string, name: string, form?: string): string | undefined {
  // Which fields a form has shows at its end.
  const fields = form === undefined ? fieldsIn(html, name) : formFieldsOf(html)
  for (const field of fields) {
    if (field.value === undefined || field.name !== name) continue
    if (form === undefined || isForm(field.form, form)) return field.value
  }
  return undefined
}

/** The fields of a page, in its order. */
export function formFieldsOf(html: string): FormField[] {
  return [...fieldsIn(html, undefined)]
}

/** @param wanted id, name, action, or the name of one of its fields */
export function isForm(form: Form | undefined, wanted: string): boolean {
  if (form === undefined) return false
  return [form.id, form.name, form.action].includes(wanted) || form.fields.has(wanted)
}

function* fieldsIn(html: string, wanted: string | undefined): Generator<FormField> {
  const page = html.length > MAX_PAGE_CHARS ? html.slice(0, MAX_PAGE_CHARS) : html
  let candidates = 0
  let form: OpenForm | undefined
  for (const match of page.matchAll(CANDIDATE)) {
    const tagName = match[2]?.toLowerCase()
    if (tagName === undefined) continue
    candidates += 1
    if (candidates > MAX_CANDIDATES) return
    if (tagName === '/form') {
      form = undefined
      continue
    }
    const tag = tagAt(page, match.index)
    if (tagName === 'form') form = formOf(tag?.element)
    const name = tag?.element.getAttribute('name')
    if (tag === undefined || tagName === 'form' || name === undefined || name === '') continue
    form?.fields.add(name)
    if (wanted !== undefined && name !== wanted) continue
    const read = fieldValue(page, tag, tagName)
    if (read.value === undefined && read.choices.length === 0) continue
    const type = tagName === 'input' ? (tag.element.getAttribute('type') ?? 'text') : tagName
    const isTyped = TYPED.test(type)
    const isPassword = /^password$/i.test(type)
    yield { name, value: read.value, choices: read.choices, isTyped, isPassword, form }
  }
}

interface OpenForm extends Form {
  readonly fields: Set<string>
}

function formOf(element: HTMLElement | undefined): OpenForm {
  const action = element?.getAttribute('action')?.split(/[?#]/, 1)[0]
  const [id, name] = ['id', 'name'].map((key) => element?.getAttribute(key))
  return { id, name, action, fields: new Set() }
}

interface ReadValue {
  readonly value: string | undefined
  readonly choices: readonly string[]
}

function fieldValue(page: string, tag: Tag, tagName: string): ReadValue {
  if (tagName === 'input') return inputValue(tag.element)
  if (tagName === 'button') return { value: buttonValue(tag.element), choices: [] }
  const rest = page.slice(tag.end, tag.end + MAX_CONTENT_CHARS)
  const end = rest.search(tagName === 'select' ? /<\/select/i : /<\/textarea/i)
  const content = end === -1 ? rest : rest.slice(0, end)
  if (tagName === 'select') return selectValue(content)
  return { value: plainText(content).replace(/^\r?\n/, ''), choices: [] }
}

function inputValue(tag: HTMLElement): ReadValue {
  const type = tag.getAttribute('type')?.toLowerCase()
  const value = tag.getAttribute('value')
  if (type !== 'checkbox' && type !== 'radio') return { value: value ?? '', choices: [] }
  const choice = value ?? 'on'
  const isChecked = tag.getAttribute('checked') !== undefined
  return { value: isChecked ? choice : undefined, choices: [choice] }
}

/** One that only a script listens to is not sent. */
function buttonValue(tag: HTMLElement): string | undefined {
  const isSent = !/^(?:button|reset)$/i.test(tag.getAttribute('type') ?? '')
  return isSent ? (tag.getAttribute('value') ?? '') : undefined
}

/** The option that is selected, else the first. */
function selectValue(content: string): ReadValue {
  const choices: string[] = []
  let selected: string | undefined
  for (const match of content.matchAll(/<option(?=[\s>])/gi)) {
    const tag = tagAt(content, match.index)
    if (!tag || choices.length >= MAX_OPTIONS) break
    const end = content.indexOf('<', tag.end)
    const text = content.slice(tag.end, end === -1 ? undefined : end)
    const choice = tag.element.getAttribute('value') ?? plainText(text).trim()
    choices.push(choice)
    if (tag.element.getAttribute('selected') !== undefined) selected ??= choice
  }
  return { value: selected ?? choices[0], choices }
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
