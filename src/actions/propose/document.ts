/** From a draft to an action of the ontology, and the comment that stands above it. */

import { soundsMutating } from '../check.ts'
import type { OntologyInput } from '../../core/contract/ontology.ts'
import type { Captures, Filling } from './correlate.ts'
import type { Showing } from './fields.ts'
import { Filler } from './filler.ts'
import type { Slot } from './live/slots.ts'
import { kindOf } from './path/action-name.ts'
import { isSuccess } from './survey.ts'
import type { Draft } from './survey.ts'

type ActionInput = OntologyInput['actions'][string]

export interface Written {
  readonly action: ActionInput
  /** In which names of `data` the values of its slots are. */
  readonly dataNames: ReadonlyMap<Slot, string>
  /** How often it was seen. */
  readonly comment: string
  /** What somebody has to look at, in one sentence each. */
  readonly open: readonly string[]
}

export interface Surroundings {
  readonly showing: Showing
  readonly fillings: ReadonlyMap<Slot, Filling>
  readonly captures: Captures
  readonly hasItems: boolean
}

export function writeAction(draft: Draft, around: Surroundings): Written {
  const filler = new Filler(draft, around)
  const path = `/${draft.segments.map((segment) => filler.segment(segment)).join('/')}`
  const query = filler.table('query')
  const body = filler.body()
  const headers = filler.headers()
  const isUpload = [...(draft.uploads?.values() ?? [])].some(({ bytes }) => bytes > 0)
  const named = { ...draft, query: draft.query.all().map(({ name }) => name) }
  const kind = kindOf({
    method: draft.method,
    segments: draft.segments,
    query: named.query,
    hasItems: around.hasItems,
    isUpload,
    ...(draft.operation === undefined ? {} : { operation: draft.operation.value }),
  })
  const hasOwnState = around.fillings.size > 0 || Object.keys(around.captures).length > 0
  const mutates = mutatesOf(draft)
  const isMutating = mutates ?? !['GET', 'HEAD'].includes(draft.method)
  const slash = draft.slashes * 2 > draft.count && path.length > 1 ? '/' : ''
  const action: ActionInput = {
    kind,
    ...(mutates === undefined ? {} : { mutates }),
    ...(isMutating && hasOwnState ? { shared_state: 'ok' as const } : {}),
    request: {
      ...(draft.method === 'GET' ? {} : { method: draft.method }),
      path: path + slash,
      ...(isEmpty(query) ? {} : { query }),
      ...(isEmpty(headers) ? {} : { headers }),
      ...body,
    },
    expect: { status: expectedStatus(draft) },
    ...(isEmpty(around.captures) ? {} : { capture: around.captures }),
    routes: [draft.route],
  }
  const open = [...filler.open]
  if (isMutating && !hasOwnState && !filler.namesTwin) {
    open.push('it mutates: say "shared_state: ok" if the same request may be sent twice')
  }
  if (draft.otherBodies.size > 0) {
    open.push(`its body (${[...draft.otherBodies.keys()].join(', ')}) is not proposed; add it`)
  }
  return { action, dataNames: filler.dataNames, comment: commentOf(draft), open }
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0
}

/** Undefined where the method says it. */
function mutatesOf({ method, segments, json, operation }: Draft): boolean | undefined {
  const words = segments.map((segment) => (segment.kind === 'literal' ? segment.text : ':'))
  const path = [...words, ...(operation === undefined ? [] : [operation.value])].join('/')
  if (method === 'GET' || method === 'HEAD') return soundsMutating(path) ? true : undefined
  // A GraphQL document says whether it only asks.
  const asks = json.every(({ value }) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
    const { query } = value
    return typeof query === 'string' && /^\s*(?:query\b|\{)/.test(query)
  })
  return json.length > 0 && asks ? false : undefined
}

/** 304 and 206 answer questions that the generator does not ask. */
function expectedStatus({ statuses }: Draft): number | number[] {
  const good = [...statuses.keys()].filter((status) => isSuccess(status))
  const own = good.filter((status) => status !== 304 && status !== 206)
  const [first = 200, ...others] = own.toSorted((one, other) => one - other)
  return others.length === 0 ? first : [first, ...others]
}

function commentOf({ count, people, statuses, segments }: Draft): string {
  const answers = [...statuses]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, 4)
    .map(([status, times]) => (statuses.size === 1 ? `${status}` : `${status} (${times} times)`))
  const times = count === 1 ? 'seen once' : `seen ${count} times`
  const who = people.size === 1 ? '1 person' : `${people.size} people`
  const tail = segments.at(-1)?.kind === 'tail' ? '; files that pages bring along' : ''
  return `${times}, by ${who}; answered ${answers.join(', ')}${tail}`
}
