/**
 * Which field says what a request is, where many calls share one path.
 *
 * GraphQL says `operationName` and JSON-RPC `method`, whatever the path. Scripts that are the whole
 * application (`/index.php?action=edit`, `/doku.php?do=login`) have a field of their own, known by its
 * usual names; it counts only where its values are a few words, because elsewhere it is data.
 */

import type { ReadBody } from './body/read.ts'

export interface Operation {
  readonly field: string
  readonly value: string
}

interface Call {
  readonly method: string
  readonly path: string
  readonly query: ReadonlyMap<string, string | string[]>
  readonly body: ReadBody
}

export interface Dispatch {
  /** To be told of every call first. */
  see(call: Call): void
  operationOf(call: Call): Operation | undefined
}

const FIELDS = ['action', '_action', 'do', 'act', 'op', 'cmd', 'task', '_task', 'func', 'route']
const SCRIPT = /\.(?:php\d?|cgi|pl|py|aspx?|ashx|jsp|do|dll)$|^\/$/i
const WORD = /^[a-z][a-z_.:-]{0,30}$/i
const MOST_WORDS = 20
const MOST_SCRIPTS = 1000

interface Values {
  readonly words: Set<string>
  /** Calls without it, or with what is no word. */
  others: number
  isData: boolean
}

export function createDispatch(): Dispatch {
  const scripts = new Map<string, Map<string, Values>>()
  return {
    see(call) {
      if (!SCRIPT.test(call.path)) return
      const known = scripts.get(keyOf(call))
      if (known === undefined && scripts.size >= MOST_SCRIPTS) return
      const fields = known ?? new Map<string, Values>()
      scripts.set(keyOf(call), fields)
      for (const field of FIELDS) {
        const values = fields.get(field) ?? { words: new Set(), others: 0, isData: false }
        fields.set(field, values)
        const value = fieldOf(call, field)
        if (value === undefined) values.others += 1
        else if (!WORD.test(value) || values.words.size >= MOST_WORDS) values.isData = true
        else values.words.add(value)
      }
    },
    operationOf(call) {
      const asked = call.query.get('operationName')
      if (isName(asked)) return { field: 'operationName', value: asked }
      const named = operationIn(call.body)
      if (named !== undefined) return named
      for (const [field, { words, others, isData }] of scripts.get(keyOf(call)) ?? []) {
        const value = fieldOf(call, field)
        const tellsApart = words.size + Math.min(1, others) > 1
        if (!isData && tellsApart && value !== undefined) return { field, value }
      }
      return undefined
    },
  }
}

function keyOf({ method, path }: Call): string {
  return `${method} ${path}`
}

function fieldOf({ query, body }: Call, field: string): string | undefined {
  const value = query.get(field) ?? (body.kind === 'form' ? body.fields.get(field) : undefined)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function operationIn(body: ReadBody): Operation | undefined {
  if (body.kind !== 'json' || typeof body.value !== 'object' || body.value === null)
    return undefined
  if (Array.isArray(body.value)) return undefined
  const { operationName, jsonrpc, method } = body.value
  if (isName(operationName)) return { field: 'operationName', value: operationName }
  return jsonrpc !== undefined && isName(method) ? { field: 'method', value: method } : undefined
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.:/-]{1,80}$/.test(value)
}
