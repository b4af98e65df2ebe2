/**
 * The paths of an application as a tree, from which its variable segments stand out.
 *
 * What has the form of an identifier is variable at once. Words and slugs are literal at first; where
 * a position has many of them, they are values (`/blog/:blog_slug`): many different ones for the
 * requests there, or many that look like titles. What is asked for often beside them stays literal
 * (`/users/me`), and so does what has paths of its own below it that the others do not have.
 * A position holds a limited number of literals, so a tree of millions of paths stays small.
 */

import { formOf, isIdentifier } from './form.ts'
import type { SegmentForm } from './form.ts'
import { identifierOf, singularOf, takeFree } from './words.ts'

export interface PathNode {
  /** By decoded text. */
  readonly literals: Map<string, PathNode>
  variable: PathNode | undefined
  /** Requests through here or to here. */
  count: number
  /** Requests whose path ends here. */
  ends: number
  /** Requests by the form of what stands at this variable position. */
  readonly forms: Map<SegmentForm, number>
  /** Everything below is a file that a page brings along. */
  isAssets: boolean
}

export type PatternSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter' | 'tail'; readonly name: string }

/** Words that are pages or calls even where values stand beside them. */
const KEYWORDS = new Set(
  `me self current new create edit update delete search find list all latest popular trending index
  login logout signin signout signup register checkout cart basket settings profile account status
  count export import upload download batch bulk info health metrics config`.split(/\s+/),
)

/** What stands below these is a part of the application, as at the top. */
const PREFIX = /^(?:api|rest|v\d+(?:\.\d+)?)$/i

/** More literals at one position than these are values. */
const MOST_LITERALS = 2000
/** At the top of a site stand its pages; deeper, in a folder, its things. */
const MANY_PAGES = 40
const MANY_THINGS = 20
const SOME_THINGS = 10
const FEW_SLUGS = 5
/** Requested in this share of the position's requests: no value among many. */
const FREQUENT_SHARE = 0.25
const LEAST_ASSETS = 3

export function createPathTree(): PathNode {
  return {
    literals: new Map(),
    variable: undefined,
    count: 0,
    ends: 0,
    forms: new Map(),
    isAssets: false,
  }
}

/** @param segments percent-decoded */
export function addPath(tree: PathNode, segments: readonly string[]): void {
  let node = tree
  node.count += 1
  for (const segment of segments) {
    const form = formOf(segment)
    const known = node.literals.get(segment)
    if (known !== undefined) node = known
    else if (segment !== '' && (isIdentifier(form) || node.literals.size >= MOST_LITERALS)) {
      node = node.variable ??= createPathTree()
      node.forms.set(form, (node.forms.get(form) ?? 0) + 1)
    } else {
      const child = createPathTree()
      node.literals.set(segment, child)
      node = child
    }
    node.count += 1
  }
  node.ends += 1
}

/**
 * Makes values of the literals that are values. To be called once, after the last path.
 * @param isKnownValue whether the application itself named this text as an id or the like
 */
export function generalise(
  node: PathNode,
  isKnownValue: (text: string) => boolean = () => false,
  depth = 0,
): void {
  if (depth === 1 && isAllAssets(node)) {
    node.isAssets = true
    return
  }
  for (const [text, child] of valuesAmong(node, depth, isKnownValue)) {
    node.literals.delete(text)
    const form = formOf(text)
    node.variable ??= createPathTree()
    node.variable.forms.set(form, (node.variable.forms.get(form) ?? 0) + child.count)
    merge(node.variable, child)
  }
  for (const [text, child] of node.literals) {
    generalise(child, PREFIX.test(text) ? undefined : isKnownValue, depth + 1)
  }
  if (node.variable) generalise(node.variable, isKnownValue, depth + 1)
}

/** Where a path of the tree leads, as the segments of a route; undefined for one never added. */
export function patternOf(
  tree: PathNode,
  segments: readonly string[],
): PatternSegment[] | undefined {
  const pattern: PatternSegment[] = []
  const taken = new Set<string>()
  let node = tree
  for (const segment of segments) {
    if (node.isAssets) {
      pattern.push({ kind: 'tail', name: takeFree('path', taken) })
      return pattern
    }
    const literal = node.literals.get(segment)
    if (literal === undefined && (segment === '' || node.variable === undefined)) return undefined
    if (literal === undefined) {
      const next = node.variable ?? node
      const name = takeFree(nameOf(next, pattern.at(-1)), taken)
      pattern.push({ kind: 'parameter', name })
      node = next
    } else {
      pattern.push({ kind: 'literal', text: segment })
      node = literal
    }
  }
  return pattern
}

function valuesAmong(
  node: PathNode,
  depth: number,
  isKnownValue: (text: string) => boolean,
): [string, PathNode][] {
  const usual = ownPathsOfMost(node)
  const candidates = [...node.literals].filter(
    ([text, child]) =>
      text !== '' && !KEYWORDS.has(text.toLowerCase()) && hasNoOwnPaths(child, usual),
  )
  const files = candidates.filter(([text]) => formOf(text) === 'file')
  const words = candidates.filter(([text]) => formOf(text) !== 'file')
  // At the top stand parts of the application, whatever they are called elsewhere.
  const known = depth === 0 ? [] : words.filter(([text]) => isKnownValue(text))
  const others = words.filter((one) => !known.includes(one))
  return [
    ...(depth > 0 ? files : []),
    ...known,
    ...(areValues(others, depth) ? withoutFrequent(others) : []),
  ]
}

function areValues(candidates: readonly [string, PathNode][], depth: number): boolean {
  const different = candidates.length
  const requests = sumOf(candidates)
  if (different >= (depth === 0 ? MANY_PAGES : MANY_THINGS)) return true
  const slugs = candidates.filter(([text]) => formOf(text) === 'slug').length
  if (depth > 0 && different >= FEW_SLUGS && slugs >= different / 2) return true
  return depth > 0 && different >= SOME_THINGS && different >= requests / 3
}

function withoutFrequent(candidates: readonly [string, PathNode][]): [string, PathNode][] {
  const requests = sumOf(candidates)
  const usual = requests / candidates.length
  return candidates.filter(
    ([, { count }]) => count < FREQUENT_SHARE * requests || count < 3 * usual,
  )
}

function sumOf(candidates: readonly [string, PathNode][]): number {
  return candidates.reduce((sum, [, { count }]) => sum + count, 0)
}

/** Names below the literals of a position that at least two of them have: `reviews` of each product. */
function ownPathsOfMost(node: PathNode): Set<string> {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const child of node.literals.values()) {
    for (const name of child.literals.keys()) (seen.has(name) ? shared : seen).add(name)
  }
  return shared
}

function hasNoOwnPaths(child: PathNode, shared: ReadonlySet<string>): boolean {
  if (child.variable !== undefined) return false
  return [...child.literals.keys()].every((name) => shared.has(name))
}

function isAllAssets(node: PathNode): boolean {
  let files = 0
  const visit = (inner: PathNode): boolean => {
    if (inner.ends > 0 || inner.variable !== undefined) return false
    for (const [text, child] of inner.literals) {
      if (child.literals.size === 0 && child.variable === undefined) {
        if (formOf(text) !== 'file') return false
        files += 1
      } else if (!visit(child)) return false
    }
    return true
  }
  return visit(node) && files >= LEAST_ASSETS
}

function merge(into: PathNode, from: PathNode): void {
  into.count += from.count
  into.ends += from.ends
  for (const [form, count] of from.forms) into.forms.set(form, (into.forms.get(form) ?? 0) + count)
  for (const [text, child] of from.literals) {
    const own = into.literals.get(text)
    if (own === undefined) into.literals.set(text, child)
    else merge(own, child)
  }
  if (from.variable === undefined) return
  if (into.variable === undefined) into.variable = from.variable
  else merge(into.variable, from.variable)
}

/** After what stands before it: `/orders/123` is an `order_id`. */
function nameOf(variable: PathNode, before: PatternSegment | undefined): string {
  const kind = endingOf(variable.forms)
  if (kind === 'file' || kind === 'date') return kind
  if (before?.kind !== 'literal') return kind
  const words = identifierOf(before.text.replace(/\.(?:html?|php|aspx?|jsp)$/i, ''), 'item')
  return `${singularOf(words.split('_').at(-1) ?? 'item')}_${kind}`
}

function endingOf(forms: ReadonlyMap<SegmentForm, number>): string {
  const [most] = [...forms].toSorted(([, left], [, right]) => right - left)
  if (most === undefined) return 'id'
  if (most[0] === 'file' || most[0] === 'date') return most[0]
  return most[0] === 'slug' || most[0] === 'word' ? 'slug' : 'id'
}
