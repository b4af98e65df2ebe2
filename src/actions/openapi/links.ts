/**
 * Links: which answer holds what a later path asks for.
 *
 * `POST /orders` answers with an `id`, and `/orders/{orderId}` asks for one; `GET /orders` lists
 * some. Beside what follows from paths, the document's own `links` are taken. What a session created
 * itself and what it found in a list have different names: only the former may be changed or
 * deleted by it, unless the user's own data say otherwise.
 */

import type { OntologyInput } from '../../core/contract/ontology.ts'
import { takeFree } from '../propose/path/words.ts'
import { findInList, findInObject, guessInList, step } from './answers.ts'
import type { Found } from './answers.ts'
import { entriesAt, textAt } from './read/document.ts'
import type { OpenApiDocument } from './read/document.ts'
import type { Operation } from './operations.ts'
import type { PathValue } from './target.ts'

export type Captures = NonNullable<OntologyInput['actions'][string]['capture']>

/** Names of captured values. */
interface Source {
  created?: string
  listed?: string
}

export interface Links {
  /** By name of the action. */
  captures(operation: Operation): Captures
  /** The template for a value in the path: `{{captured.order_id|data.order_id}}`. */
  pathValue(operation: Operation, value: PathValue): string
  /** The template for a field of the query, where a link fills it. */
  queryValue(operation: Operation, name: string, template: string): string
  /** Captured names that a value of the path may come from. */
  sourcesOf(operation: Operation, value: PathValue): string[]
  readonly count: number
}

export function linksOf(document: OpenApiDocument, operations: readonly Operation[]): Links {
  const book = new Book()
  // Some frameworks write a slash behind what is a list, and none in front of an identifier.
  const byShape = new Map(
    operations.map((one) => [`${one.method} ${one.target.shape.replace(/(?<=.)\/$/, '')}`, one]),
  )
  for (const operation of operations) {
    for (const value of operation.target.values) {
      const { collection, name } = value
      if (collection === undefined) continue
      const creator = byShape.get(`POST ${collection}`)
      const made = creator && findInObject(document, creator.answers.schema, name, collection)
      if (creator && made) book.created(creator, value, made)
      const lister = operation.mutates ? undefined : byShape.get(`GET ${collection}`)
      const found =
        lister &&
        (findInList(document, lister.answers.schema, name, collection) ??
          guessInList(document, lister.answers, name))
      if (lister && !lister.mutates && found) book.listed(lister, value, found)
    }
  }
  addWritten(document, operations, book)
  return book
}

class Book implements Links {
  readonly #names = new Set<string>()
  /** By slot of the path, or `action?name` for a field of a query. */
  readonly #sources = new Map<string, Source>()
  readonly #captures = new Map<Operation, Record<string, Captures[string]>>()
  count = 0

  created(producer: Operation, value: Pick<PathValue, 'slot' | 'key'>, found: Found): void {
    const source = this.#sourceOf(value.slot)
    source.created ??= takeFree(value.key, this.#names)
    this.#capture(producer, source.created, captureOf(found))
  }

  listed(producer: Operation, value: Pick<PathValue, 'slot' | 'key'>, found: Found): void {
    const source = this.#sourceOf(value.slot)
    source.listed ??= takeFree(`listed_${value.key}`, this.#names)
    this.#capture(producer, source.listed, captureOf(found))
  }

  /** A link that the document writes; what only reads gives what is only read. */
  written(producer: Operation, slot: string, key: string, capture: Captures[string]): void {
    const source = this.#sourceOf(slot)
    if (producer.mutates) source.created ??= takeFree(key, this.#names)
    else source.listed ??= takeFree(`listed_${key}`, this.#names)
    const name = producer.mutates ? source.created : source.listed
    if (name !== undefined) this.#capture(producer, name, capture)
  }

  captures(operation: Operation): Captures {
    return this.#captures.get(operation) ?? {}
  }

  sourcesOf(operation: Operation, { slot }: Pick<PathValue, 'slot'>): string[] {
    const { created, listed } = this.#sources.get(slot) ?? {}
    const mayList = listed !== undefined && !operation.mutates
    return [...(created === undefined ? [] : [created]), ...(mayList ? [listed] : [])]
  }

  pathValue(operation: Operation, value: PathValue): string {
    const { created, listed } = this.#sources.get(value.slot) ?? {}
    const choices = [
      ...(created === undefined ? [] : [`captured.${created}`]),
      `data.${value.key}`,
      ...(listed === undefined || operation.mutates ? [] : [`captured.${listed}`]),
    ]
    return `{{${choices.join('|')}}}`
  }

  queryValue(operation: Operation, name: string, template: string): string {
    const inner = /^\{\{(data\.\w+)\}\}$/.exec(template)?.[1]
    const sources = this.sourcesOf(operation, { slot: `${operation.name}?${name}` })
    if (inner === undefined || sources.length === 0) return template
    return `{{${[...sources.map((source) => `captured.${source}`), inner].join('|')}}}`
  }

  #sourceOf(slot: string): Source {
    const source = this.#sources.get(slot) ?? {}
    this.#sources.set(slot, source)
    return source
  }

  #capture(producer: Operation, name: string, capture: Captures[string]): void {
    const captures = this.#captures.get(producer) ?? {}
    if (Object.hasOwn(captures, name)) return
    captures[name] = capture
    this.#captures.set(producer, captures)
    this.count += 1
  }
}

function captureOf({ path, isSure }: Found): Captures[string] {
  return isSure ? { json: path } : { json: path, optional: true }
}

const MAX_LINKS = 100

function addWritten(document: OpenApiDocument, operations: readonly Operation[], book: Book): void {
  const byId = new Map(operations.map((one) => [one.operationId, one]))
  const byReference = new Map(operations.map((one) => [one.reference, one]))
  for (const producer of operations) {
    for (const link of producer.answers.links.slice(0, MAX_LINKS)) {
      const id = textAt(link, 'operationId')
      const reference = textAt(link, 'operationRef')
      const target = id === undefined ? byReference.get(reference ?? '') : byId.get(id)
      if (target === undefined) continue
      for (const [written, expression] of entriesAt(link, 'parameters')) {
        const capture = typeof expression === 'string' ? captureFrom(expression) : undefined
        const name = written.replace(/^(?:path|query)\./, '')
        const value = target.target.values.find((one) => one.name === name)
        if (capture === undefined) continue
        // What only reads may not say what another one deletes.
        if (target.mutates && !producer.mutates) continue
        if (value) book.written(producer, value.slot, value.key, capture)
        else addToQuery(target, producer, name, capture, book)
      }
    }
  }
}

function addToQuery(
  target: Operation,
  producer: Operation,
  name: string,
  capture: Captures[string],
  book: Book,
): void {
  const field = target.query.find((one) => one.name === name)
  const key = /^\{\{data\.(\w+)\}\}$/.exec(field?.value ?? '')?.[1]
  if (key !== undefined) book.written(producer, `${target.name}?${name}`, key, capture)
}

/** Of OpenAPI's runtime expressions those that read the answer. */
function captureFrom(expression: string): Captures[string] | undefined {
  const header = /^\$response\.header\.([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})$/.exec(expression)?.[1]
  if (header !== undefined) return { header, optional: true }
  const pointer = /^\$response\.body#((?:\/[^/]{1,100}){1,20})$/.exec(expression)?.[1]
  if (pointer === undefined) return undefined
  const steps = pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d{1,9}$/.test(part) ? `[${Number(part)}]` : step(part)))
  return { json: `$${steps.join('')}`, optional: true }
}
