/**
 * From a logged request back to its action: which route it took, and which data that gives.
 *
 * The routes stand in a tree of path segments. At each segment a literal is tried before a
 * parameter and a parameter before a tail, from left to right, so the most specific route wins
 * whatever the order in the file. Of routes with the same path, one whose field has its value wins
 * over one without a field. A slash at the end of a path makes no difference.
 */

import type { JsonValue } from '../core/contract/profile.ts'
import type { Action, Ontology } from './ontology.ts'
import { decodeSegment, pathSegments } from './route.ts'
import type { Route, RouteSegment } from './route.ts'
import { dataNameOf } from './template.ts'

export interface RouteMatch {
  readonly action: string
  readonly data: Record<string, JsonValue>
}

interface Node {
  readonly literals: Map<string, Node>
  parameter: Node | undefined
  readonly tails: Leaf[]
  readonly leaves: Leaf[]
}

interface Leaf {
  readonly action: Action
  readonly route: Route
  /** Name in the query → name in `data`. */
  readonly query: ReadonlyMap<string, string>
}

/** Longer requests are not looked at: a log may hold anything. */
const MAX_URL_CHARS = 8192

/** A field at the top of the request's body as text; undefined where there is none. */
export type FieldOf = (name: string) => string | undefined

const NO_BODY: FieldOf = () => undefined

/**
 * Finds the action of a request; undefined where no route takes it. Fields that routes ask for are
 * looked up in the query, then in the body.
 */
export function createRouteMatcher(
  ontology: Ontology,
): (method: string, pathWithQuery: string, bodyField?: FieldOf) => RouteMatch | undefined {
  const trees = new Map<string, Node>()
  for (const action of ontology.actions.values()) {
    for (const route of action.routes) plant(trees, action, route)
  }
  return (method, pathWithQuery, bodyField = NO_BODY) => {
    const tree = trees.get(method)
    if (!tree || pathWithQuery.length > MAX_URL_CHARS) return undefined
    const { path, search } = split(pathWithQuery)
    if (path === undefined) return undefined
    const segments = pathSegments(path).map(decodeSegment)
    const fieldOf: FieldOf = (name) => new URLSearchParams(search).get(name) ?? bodyField(name)
    const leaf = findLeaf(tree, segments, 0, fieldOf)
    if (!leaf) return undefined
    const data = dataOfPath(leaf.route, segments)
    if (search !== '' && leaf.query.size > 0) addQuery(data, leaf.query, search)
    return { action: leaf.action.name, data }
  }
}

function plant(trees: Map<string, Node>, action: Action, route: Route): void {
  let node = trees.get(route.method) ?? createNode()
  trees.set(route.method, node)
  const leaf = { action, route, query: queryNames(action) }
  for (const segment of route.segments) {
    if (segment.kind === 'tail') {
      node.tails.push(leaf)
      return
    }
    node = childOf(node, segment)
  }
  node.leaves.push(leaf)
}

function childOf(node: Node, segment: Exclude<RouteSegment, { kind: 'tail' }>): Node {
  if (segment.kind === 'parameter') {
    node.parameter ??= createNode()
    return node.parameter
  }
  const child = node.literals.get(segment.text) ?? createNode()
  node.literals.set(segment.text, child)
  return child
}

function createNode(): Node {
  return { literals: new Map(), parameter: undefined, tails: [], leaves: [] }
}

function findLeaf(
  node: Node,
  segments: readonly string[],
  index: number,
  fieldOf: FieldOf,
): Leaf | undefined {
  const segment = segments[index]
  if (segment === undefined) return choose(node.leaves, fieldOf)
  const literal = node.literals.get(segment)
  const found = literal && findLeaf(literal, segments, index + 1, fieldOf)
  if (found) return found
  if (segment === '') return undefined
  const below = node.parameter && findLeaf(node.parameter, segments, index + 1, fieldOf)
  return below ?? choose(node.tails, fieldOf)
}

function choose(leaves: readonly Leaf[], fieldOf: FieldOf): Leaf | undefined {
  const [only] = leaves
  if (only === undefined || (leaves.length === 1 && only.route.condition === undefined)) return only
  const asked = leaves.find(
    ({ route: { condition } }) =>
      condition !== undefined && fieldOf(condition.field) === condition.value,
  )
  return asked ?? leaves.find(({ route }) => route.condition === undefined)
}

function dataOfPath(route: Route, segments: readonly string[]): Record<string, JsonValue> {
  const data: Record<string, JsonValue> = {}
  for (const [index, segment] of route.segments.entries()) {
    if (segment.kind === 'parameter') data[segment.name] = segments[index] ?? ''
    if (segment.kind === 'tail') data[segment.name] = segments.slice(index).join('/')
  }
  return data
}

/** The fields of the request's query that are one reference to `data.x` and nothing else. */
function queryNames(action: Action): Map<string, string> {
  const names = new Map<string, string>()
  for (const { name, template } of action.request.target.fields) {
    if (template.kind !== 'reference') continue
    const key = dataNameOf(template.reference)
    if (key !== undefined) names.set(name, key)
  }
  return names
}

/** A field that stands there several times becomes a list. */
function addQuery(
  data: Record<string, JsonValue>,
  names: ReadonlyMap<string, string>,
  search: string,
): void {
  const fields = new URLSearchParams(search)
  for (const [name, key] of names) {
    const values = fields.getAll(name)
    const [first] = values
    if (first === undefined || key === '__proto__') continue
    data[key] = values.length === 1 ? first : values
  }
}

/** Takes `/a?b=1` and what proxies log, `http://host/a?b=1`. */
function split(url: string): { path: string | undefined; search: string } {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, '')
  const cut = target.search(/[?#]/)
  const path = cut === -1 ? target : target.slice(0, cut)
  const search = cut === -1 || target[cut] === '#' ? '' : target.slice(cut + 1)
  const isPath = path.startsWith('/') || (path === '' && target !== url)
  return { path: isPath ? path : undefined, search: search.split('#')[0] ?? '' }
}
