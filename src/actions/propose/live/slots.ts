/** The places of a request that can take a value from an earlier answer, and what stood there. */

import { decodeSegment, pathSegments } from '../../route.ts'
import { bodyOf } from '../body/read.ts'
import { jsonTemplate } from '../body/shape.ts'
import { fieldsOf } from '../fields.ts'
import type { RecordedExchange } from '../recorded.ts'
import { splitTarget } from '../survey.ts'
import type { Draft } from '../survey.ts'
import { leavesOf } from './leaves.ts'

/** `path:order_id`, `query:q`, `form:sku`, `json:$.sku`, `header:authorization`. */
export type Slot = `${'path' | 'query' | 'form' | 'json' | 'header'}:${string}`

export interface SlotValue {
  readonly slot: Slot
  readonly text: string
  /** What a captured value has to be, so that a JSON body keeps its types. */
  readonly type: 'string' | 'number' | 'any'
  /** Stands before the value in a header: `Bearer `. */
  readonly prefix: string
  /** The segment that stands before the value in a path. */
  readonly before?: string
}

const MOST_LEAVES = 500
const MOST_CHARS = 4096

/** Templates go down to these places of a JSON body; what is deeper is one value as a whole. */
export function jsonSlotsOf({ json }: Draft): ReadonlySet<Slot> {
  const slots = new Set<Slot>()
  if (json.length === 0) return slots
  jsonTemplate(json, (seen, path) => {
    slots.add(`json:${path}`)
    return seen.first
  })
  return slots
}

/** @param jsonSlots of the draft, from jsonSlotsOf() */
export function slotValues(
  exchange: RecordedExchange,
  draft: Draft,
  jsonSlots: ReadonlySet<Slot>,
): SlotValue[] {
  const { path, search } = splitTarget(exchange.target)
  const values: SlotValue[] = []
  const add = (
    slot: Slot,
    text: string,
    type: SlotValue['type'] = 'any',
    prefix = '',
    before?: string,
  ): void => {
    if (text === '' || text.length > MOST_CHARS) return
    values.push({ slot, text, type, prefix, ...(before === undefined ? {} : { before }) })
  }
  const segments = pathSegments(path).map(decodeSegment)
  for (const [index, segment] of draft.segments.entries()) {
    if (segment.kind !== 'parameter') continue
    add(`path:${segment.name}`, segments[index] ?? '', 'any', '', segments[index - 1])
  }
  for (const [name, value] of fieldsOf(search)) {
    if (typeof value === 'string') add(`query:${name}`, value)
  }
  for (const [name, value] of Object.entries(exchange.requestHeaders ?? {})) {
    const [, prefix = '', bare = ''] = /^((?:Bearer|Token) )?(.*)$/i.exec(value) ?? []
    if (name === 'authorization' ? prefix !== '' : isOwnHeader(name)) {
      add(`header:${name}`, bare, 'any', prefix)
    }
  }
  const body = bodyOf(exchange)
  if (body.kind === 'form') {
    for (const [name, value] of body.fields) {
      if (typeof value === 'string') add(`form:${name}`, value)
    }
  }
  if (body.kind === 'json') {
    for (const { path: at, value } of leavesOf(body.value, MOST_LEAVES)) {
      const type = typeof value === 'number' ? 'number' : 'string'
      if (jsonSlots.has(`json:${at}`)) add(`json:${at}`, String(value), type)
    }
  }
  return values
}

/** Headers that applications make up, such as `x-csrf-token`; not those that describe the client. */
function isOwnHeader(name: string): boolean {
  return /^(?:x-(?!forwarded|real-ip|request-id|requested-with)|csrf|xsrf)[\w-]+$/.test(name)
}
