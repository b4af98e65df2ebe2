/**
 * An endpoint: one row of the table that is mounted, described in /openapi.json and asked for the
 * methods a path allows. The schemas it is described with are the ones that validate.
 */

import type { Context } from 'hono'
import {
  anyValue,
  noFields,
  type ObjectSchema,
  type Parsed,
  type Schema,
} from '../src/core/json-schema.ts'
import { jsonPointer, parseWith } from '../src/core/parse.ts'
import { UsageError } from '../src/core/errors.ts'
import type { Needed } from './access/access.ts'
import type { Caller } from './access/sessions.ts'
import { ProblemError } from './problem.ts'

export type Method = 'get' | 'post' | 'put' | 'delete'

export interface Answer {
  readonly description: string
  readonly schema?: Schema
  /** Default `application/json`. */
  readonly contentType?: string
}

interface Described {
  readonly method: Method
  /** As Hono writes it: `/probes/:id`. */
  readonly path: string
  readonly summary: string
  /** Left out = `viewer` to read, `operator` to write. */
  readonly role?: Needed
  readonly answers: Readonly<Record<number, Answer>>
  /** Body limit in bytes; left out = that of a JSON body. */
  readonly maxBodyBytes?: 'json' | 'profiles'
  /** Takes NDJSON too. */
  readonly ndjson?: boolean
  /** The handler parses the body itself; `body` then only describes it. */
  readonly rawBody?: boolean
  /** A look at the body before its schema, for a clearer error. */
  readonly look?: (value: unknown) => void
  /** Query parameters that the handler reads itself, for the description. */
  readonly freeQuery?: ObjectSchema
}

export interface Call<Query, Body> {
  readonly context: Context
  /** The `:id` of the path. */
  readonly id: string
  /** Undefined only where the role is `anyone`. */
  readonly caller: Caller | undefined
  /** What the audit log calls whoever asks. */
  readonly by: string
  readonly query: Query
  readonly body: Body
  /** The raw body of a write. */
  readonly bytes: Buffer
}

interface Definition<Query extends ObjectSchema, Body extends Schema> extends Described {
  readonly query?: Query
  readonly body?: Body
  readonly handle: (call: Call<Parsed<Query>, Parsed<Body>>) => Response | Promise<Response>
}

export interface Endpoint extends Described {
  readonly role: Needed
  readonly query: ObjectSchema | undefined
  readonly body: Schema | undefined
  readonly run: (context: Context, bytes: Buffer) => Promise<Response>
}

/** What the audit log calls somebody whom no token names; no token can be called so. */
export const NOBODY = '(nobody)'

export function endpoint<
  Query extends ObjectSchema = typeof noFields,
  Body extends Schema = typeof anyValue,
>(definition: Definition<Query, Body>): Endpoint {
  const { query, body, handle, ...described } = definition
  return {
    ...described,
    role: definition.role ?? (definition.method === 'get' ? 'viewer' : 'operator'),
    query,
    body,
    async run(context, bytes) {
      const id = context.req.param('id') ?? ''
      const search = new URL(context.req.url).searchParams
      const given = readJson(bytes, definition)
      context.set('reason', reasonOf(given))
      const caller = context.get('caller')
      return await handle({
        context,
        id,
        caller,
        by: caller?.name ?? NOBODY,
        query: readQuery(search, query, definition.freeQuery),
        body: given,
        bytes,
      } as Call<Parsed<Query>, Parsed<Body>>)
    },
  }
}

export function json(
  document: unknown,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify(document), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })
}

export function notFound(what: string, id: string, mend: string): ProblemError {
  const code = `unknown-${what}`
  return new ProblemError(404, code, `Cannot find ${what} "${id.slice(0, 200)}": there is none`, {
    mend,
  })
}

/**
 * A JSON text.
 * @throws UsageError with code `bad-json`
 */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError('Cannot read body: it is not JSON', {
      code: 'bad-json',
      where,
      mend: text.trim() === '' ? 'send a JSON object, {} at least' : 'check quotes and commas',
      cause: error,
    })
  }
}

function readJson(bytes: Buffer, described: Described & { readonly body?: Schema }): unknown {
  const { body: schema, rawBody, look } = described
  if (schema === undefined || rawBody === true) return undefined
  const value = parseJson(bytes.toString('utf8'), 'body')
  look?.(value)
  return parseWith(schema, value, { what: 'body', code: 'bad-body', locate: jsonPointer })
}

function reasonOf(body: unknown): string | undefined {
  const isSaid = typeof body === 'object' && body !== null && 'reason' in body
  return isSaid && typeof body.reason === 'string' ? body.reason : undefined
}

function readQuery(
  search: URLSearchParams,
  schema: ObjectSchema | undefined,
  free: ObjectSchema | undefined,
): unknown {
  const known = schema ?? noFields
  const values: Record<string, string> = {}
  for (const [name, value] of search) {
    if (free !== undefined && !Object.hasOwn(known.shape, name)) continue
    if (Object.hasOwn(values, name)) {
      throw new UsageError(`Cannot read query: "${name.slice(0, 100)}" is given twice`, {
        code: 'bad-query',
        where: `/${name.slice(0, 100)}`,
        mend: 'give it once',
      })
    }
    values[name] = value
  }
  return parseWith(known, values, { what: 'query', code: 'bad-query', locate: jsonPointer })
}
