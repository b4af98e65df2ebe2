/** What an action is called and of what kind it is, from its method and path: `create_order`. */

import type { ActionDocument, HttpMethod } from '../../../core/contract/ontology.ts'
import { RARE_POOL } from '../../../core/verdict.ts'
import type { PatternSegment } from './tree.ts'
import { isPlural, singularOf, takeFree, wordsOf } from './words.ts'

export interface Named {
  readonly method: HttpMethod
  readonly segments: readonly PatternSegment[]
  /** Names of the query's fields. */
  readonly query: readonly string[]
  /** Other requests go further below this path, to one of many: it is a collection. */
  readonly hasItems: boolean
  /** GraphQL, JSON-RPC and the like: what the call says it is. */
  readonly operation?: string
  readonly isUpload?: boolean
}

type Kind = ActionDocument['kind']

const MOST_CHARS = 80
const PREFIX = /^(?:api|rest|v\d+(?:\.\d+)?|public|internal|www|[a-z]{2}[-_][a-z]{2})$/i
const SEARCH = /^(?:search|find|query|suggest|autocomplete|lookup)$/
const SEARCH_FIELD = /^(?:q|query|search|term|keywords?|s)$/i
const SIGN_IN =
  /^(?:login|logout|signin|signout|signup|auth|authenticate|register|sessions?|tokens?|oauth2?|sso)$/
const PAY = /^(?:pay|payments?|checkout|charges?|purchase|billing)$/
/** As the last word of a POST they are what is done, not what is made. */
const DEEDS = new Set(
  `login logout signin signout signup register checkout pay purchase search cancel confirm approve
  reject submit publish close open refund return ship verify validate reset refresh subscribe
  unsubscribe follow unfollow like unlike vote send share upload download import export add remove
  delete update edit save apply redeem start stop restart retry archive restore clear count check
  preview calculate estimate track logoff authenticate invite accept decline lock unlock`.split(
    /\s+/,
  ),
)

/** What a GET does; other words of this kind name a page with a form. */
const DEEDS_BY_GET = new Set(
  `logout signout logoff unsubscribe download export delete remove preview suggest`.split(/\s+/),
)

export function kindOf({ method, segments, query, operation, isUpload }: Named): Kind {
  const words = literalsOf(segments).flatMap(wordsOf)
  const last = words.at(-1) ?? ''
  const joined = words.slice(-2).join('')
  if (operation !== undefined) return SIGN_IN.test(operation) ? 'authenticate' : 'call'
  if (SIGN_IN.test(last) || SIGN_IN.test(joined)) return 'authenticate'
  if (isUpload === true || last === 'upload') return 'upload'
  if (method === 'DELETE') return 'delete'
  if (method === 'PUT' || method === 'PATCH') return 'update'
  if (PAY.test(last) && method === 'POST') return 'pay'
  if (isSearch(last, query)) return 'search'
  if (method === 'POST') return /^(?:delete|remove|destroy)$/.test(last) ? 'delete' : 'create'
  return segments.at(-1)?.kind === 'parameter' ? 'view' : 'navigate'
}

/** A name that none of `taken` has; takes it. */
export function actionName(named: Named, taken: Set<string>): string {
  if (named.operation !== undefined) {
    return takeFree(limited(named.operation.replaceAll(/[^A-Za-z0-9_.-]+/g, '_')), taken)
  }
  const verb = verbOf(named)
  const context = contextOf(named, verb)
  const short = limited([verb, ...context.slice(-2)].join('_'))
  if (!taken.has(short)) return takeFree(short, taken)
  return takeFree(limited([verb, ...context].join('_')), taken)
}

function limited(name: string): string {
  const cut = name.slice(0, MOST_CHARS)
  return cut === '' || cut === RARE_POOL ? 'call' : cut
}

function verbOf(named: Named): string {
  const { method, segments, query, hasItems } = named
  const last = wordsOf(literalsOf(segments).at(-1) ?? '').at(-1) ?? ''
  const endsInValue = segments.at(-1)?.kind === 'parameter'
  const deed = deedOf(named)
  switch (method) {
    case 'GET':
      if (segments.at(-1)?.kind === 'tail') return 'load'
      if (isSearch(last, query)) return 'search'
      return deed ?? (!endsInValue && (hasItems || isPlural(last)) ? 'list' : 'view')
    case 'POST':
      return deed ?? (endsInValue ? 'update' : 'create')
    case 'PUT':
    case 'PATCH':
      return deed ?? 'update'
    case 'DELETE':
      return 'delete'
    case 'HEAD':
    case 'OPTIONS':
      return method.toLowerCase()
  }
}

/** The end of the path where it says what is done, such as `cancel` or `login`. */
function deedOf({ method, segments }: Named): string | undefined {
  const last = segments.at(-1)
  if (last?.kind !== 'literal' || method === 'DELETE') return undefined
  const word = wordsOf(last.text).join('')
  return (method === 'GET' ? DEEDS_BY_GET : DEEDS).has(word) ? word : undefined
}

/** The things that the path names; only a whole collection stays in the plural. */
function contextOf(named: Named, verb: string): string[] {
  const deed = deedOf(named)
  const rest = deed === undefined ? named.segments : named.segments.slice(0, -1)
  const things: string[] = []
  for (const [index, segment] of rest.entries()) {
    if (segment.kind !== 'literal' || PREFIX.test(segment.text)) continue
    const words = wordsOf(segment.text)
    const isLast = index === rest.length - 1
    if (words.length === 0 || (verb === 'search' && isLast && SEARCH.test(words.join('')))) continue
    const isOne = !isLast || verb === 'create'
    things.push(isOne ? singularLast(words) : words.join('_'))
  }
  const last = rest.at(-1)
  if (last?.kind === 'tail') return [...things, 'files']
  if (things.length > 0 || deed !== undefined || verb === 'search') return things
  if (last === undefined) return verb === 'view' ? ['home'] : []
  return [last.kind === 'literal' ? 'page' : last.name]
}

function singularLast(words: readonly string[]): string {
  return [...words.slice(0, -1), singularOf(words.at(-1) ?? '')].join('_')
}

function literalsOf(segments: readonly PatternSegment[]): string[] {
  return segments.flatMap((segment) => (segment.kind === 'literal' ? [segment.text] : []))
}

function isSearch(last: string, query: readonly string[]): boolean {
  return SEARCH.test(last) || query.some((name) => SEARCH_FIELD.test(name))
}
