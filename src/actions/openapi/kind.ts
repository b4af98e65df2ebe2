/** What kind of action an operation is, guessed from its words; and whether it changes anything. */

import type { ActionDocument, HttpMethod } from '../../core/contract/ontology.ts'
import { soundsMutating } from '../check.ts'
import { wordsOf } from '../propose/path/words.ts'

type Kind = ActionDocument['kind']

export interface Told {
  readonly method: HttpMethod
  /** As the document has it: `/orders/{orderId}`. */
  readonly path: string
  readonly operationId: string
  /** Names of the parameters in the query. */
  readonly query: readonly string[]
  /** The body holds a file. */
  readonly uploads: boolean
  /** The answer is a page for people. */
  readonly isPage: boolean
}

const AUTHENTICATES =
  /(?:^|-)(?:login|log-in|logon|signin|sign-in|authenticate|authentication|oauth|oauth2|token|session)(?:-|$)/
/** By GET only what is sure: a path with `token` in it mostly shows one. */
const LOGS_IN = /(?:^|-)(?:login|log-in|logon|signin|sign-in)(?:-|$)/
const PAYS = /(?:^|-)(?:pay|payments?|checkout|charges?|purchase)(?:-|$)/
const SEARCHES = /(?:^|-)(?:search|find|query|lookup|autocomplete|suggest)(?:-|$)/
/** What tools call every reading of a table. */
const READS = /(?:^|-)find-(?:all|one|many|unique|first)(?=-|$)/g
const LOGS_OUT = /(?:^|-)(?:logout|log-out|signout|sign-out)(?:-|$)/
const QUERIES = new Set(['q', 'query', 'search', 'term', 'keyword', 'keywords', 'filter'])

/** The words of path and name, parted by `-`; what stands for a value is left out. */
function wordsIn({ path, operationId }: Told): string {
  const literal = path.replaceAll(/\{[^}]*\}/g, '')
  return [literal, operationId].map((text) => wordsOf(text).join('-')).join('--')
}

export function kindOf(told: Told): Kind {
  const words = wordsIn(told).replaceAll(READS, '')
  const { method } = told
  if (method === 'DELETE') return 'delete'
  if (method === 'PUT' || method === 'PATCH') return told.uploads ? 'upload' : 'update'
  if (method === 'POST') {
    if (LOGS_OUT.test(words)) return 'call'
    if (AUTHENTICATES.test(words)) return 'authenticate'
    if (PAYS.test(words)) return 'pay'
    if (told.uploads) return 'upload'
    if (SEARCHES.test(words)) return 'search'
    return told.path.endsWith('}') ? 'update' : 'create'
  }
  if (method !== 'GET') return 'call'
  if (LOGS_IN.test(words)) return 'authenticate'
  if (SEARCHES.test(words) || told.query.some((name) => QUERIES.has(name.toLowerCase()))) {
    return 'search'
  }
  return told.isPage ? 'navigate' : 'view'
}

/** Any method that is not safe, and any other whose path or name sounds as if it changed data. */
export function changesData(told: Told): boolean {
  if (told.method !== 'GET' && told.method !== 'HEAD' && told.method !== 'OPTIONS') return true
  return soundsMutating(told.path) || soundsMutating(wordsOf(told.operationId).join('-'))
}
