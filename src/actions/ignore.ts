/**
 * What an action's answers may differ in without being compared: its `ignore` list, compiled.
 *
 * Most entries go by names, `*` and places alone (`$.id`, `$..created_at`, `$.items[*].etag`).
 * Whether they match is known from the way down to a value, so they become states of an automaton
 * that goes down together with whoever compares: documents are not searched. Entries with filters,
 * slices or places from the end depend on the document and are looked up in it, once a document.
 */

import { jsonpath } from 'json-p3'
import type { JSONPathQuery } from 'json-p3'
import { createAutomaton, type Pattern, type Selector } from './response/ignore-automaton.ts'
import { placeOf } from './place.ts'
import type { Place } from './place.ts'
import { checkHeaderName } from './request/headers.ts'
import { compileJsonPath, locationsOf, type JsonPath } from './response/json-path.ts'

/** A place of the documents that are compared, on the way down from `$`. */
export interface IgnoredPlace {
  /** Neither this value nor anything below it is compared. */
  readonly isIgnored: boolean
  /** Undefined where nothing is ignored from here on down. */
  at(step: string | number): IgnoredPlace | undefined
}

export interface Ignore {
  /** Of paths that are not of JSON: `status`, `header:date`, `html:small`. */
  path(path: string): boolean
  /** The place of `$`: what is ignored in either of the two documents is ignored in both. */
  root(first: unknown, other: unknown): IgnoredPlace | undefined
}

const HEADER = 'header:'
/** Paths of differences that are neither of a header nor of JSON. */
const WHOLE = /^(status|text|body|size|html:[a-z][a-z0-9]*)$/

/**
 * @param place where the list stands, for the errors
 * @throws UsageError with code `bad-json-path` or `bad-header`
 */
export function checkIgnore(ignore: readonly string[], place: Place): void {
  for (const [index, text] of ignore.entries()) {
    const at = place.at(index)
    if (text.startsWith(HEADER)) checkHeaderName(text.slice(HEADER.length), at)
    else if (!WHOLE.test(text)) compileJsonPath(text, at)
  }
}

/**
 * Undefined for an empty list: then there is nothing to ask.
 * @throws UsageError as `checkIgnore`, which can also say where in its file an entry stands
 */
export function createIgnore(ignore: readonly string[]): Ignore | undefined {
  if (ignore.length === 0) return undefined
  const place = placeOf({ value: ignore, locate: () => 'ignore' })
  checkIgnore(ignore, place)
  const paths = new Set<string>()
  const patterns: Pattern[] = []
  const queries: JsonPath[] = []
  for (const [index, text] of ignore.entries()) {
    if (text.startsWith(HEADER)) paths.add(text.toLowerCase())
    else if (WHOLE.test(text)) paths.add(text)
    else {
      const path = compileJsonPath(text, place.at(index))
      const pattern = patternOf(path.query)
      if (pattern === undefined) queries.push(path)
      else patterns.push(pattern)
    }
  }
  const automaton = createAutomaton(patterns)
  const search = createSearch(queries)
  return {
    path: (path) => paths.has(path),
    root: (first, other) =>
      queries.length === 0
        ? automaton
        : both(automaton, treeOf([...search(first), ...search(other)])),
  }
}

/** Undefined where the document decides. */
function patternOf(query: JSONPathQuery): Pattern | undefined {
  const pattern: Pattern[number][] = []
  for (const segment of query.segments) {
    const selectors: Selector[] = []
    for (const selector of segment.selectors) {
      if (selector instanceof jsonpath.selectors.NameSelector) selectors.push(selector.name)
      else if (selector instanceof jsonpath.selectors.WildcardSelector) selectors.push(EVERY)
      else if (selector instanceof jsonpath.selectors.IndexSelector && selector.index >= 0) {
        selectors.push(selector.index)
      } else return undefined
    }
    const isDescendant = segment.toString().startsWith('..')
    pattern.push({ selectors, isDescendant })
  }
  return pattern
}

const EVERY = { every: true } as const

type Location = readonly (string | number)[]

/** A document is searched once, however often it is compared. */
function createSearch(queries: readonly JsonPath[]): (document: unknown) => readonly Location[] {
  const known = new WeakMap<object, readonly Location[]>()
  return (document) => {
    const isKept = typeof document === 'object' && document !== null
    const kept = isKept ? known.get(document) : undefined
    if (kept !== undefined) return kept
    const found = queries.flatMap((query) => locationsOf(query, document))
    if (isKept) known.set(document, found)
    return found
  }
}

interface Tree {
  isIgnored: boolean
  readonly below: Map<string | number, Tree>
}

function treeOf(locations: readonly Location[]): Tree {
  const root: Tree = { isIgnored: false, below: new Map() }
  for (const location of locations) {
    let tree = root
    for (const step of location) {
      const next: Tree = tree.below.get(step) ?? { isIgnored: false, below: new Map() }
      tree.below.set(step, next)
      tree = next
    }
    tree.isIgnored = true
  }
  return root
}

function both(place: IgnoredPlace | undefined, tree: Tree | undefined): IgnoredPlace | undefined {
  if (tree === undefined) return place
  return {
    isIgnored: tree.isIgnored || place?.isIgnored === true,
    at: (step) => both(place?.at(step), tree.below.get(step)),
  }
}
