/** Mounts the table of endpoints: who may, how much is read, which repetition is answered again. */

import type { Context, Hono } from 'hono'
import type { Access } from './access/access.ts'
import { NOBODY, type Endpoint } from './endpoint.ts'
import type { Idempotency } from './idempotency.ts'
import { readBody, type Limits } from './limits.ts'
import { ProblemError } from './problem.ts'
import { isWrite, requireContentType } from './security.ts'

export interface MountParts {
  readonly limits: Limits
  readonly access: Access
  readonly idempotency: Idempotency
}

export function mountEndpoints(app: Hono, endpoints: readonly Endpoint[], parts: MountParts): void {
  for (const endpoint of endpoints) {
    app.on(endpoint.method.toUpperCase(), endpoint.path, (context) =>
      answer(context, endpoint, parts),
    )
  }
}

async function answer(
  context: Context,
  endpoint: Endpoint,
  { limits, access, idempotency }: MountParts,
): Promise<Response> {
  context.set('endpoint', endpoint)
  context.set('subject', context.req.param('id'))
  // Before anything of the body is read: a stranger has no right to our memory.
  const caller = access.admit(context, endpoint.role)
  if (!isWrite(context.req.method)) return await endpoint.run(context, Buffer.alloc(0))
  const ndjson = endpoint.ndjson === true ? ['application/x-ndjson'] : []
  requireContentType(context.req.header('content-type'), ['application/json', ...ndjson])
  const isLarge = endpoint.maxBodyBytes === 'profiles'
  const most = isLarge ? limits.profileBodyBytes : limits.bodyBytes
  const bytes = await readBody(context.req.raw, most)
  const key = context.req.header('idempotency-key')
  // A sign-in is never kept: its answer is a cookie.
  const isKept = endpoint.method === 'post' && endpoint.role !== 'anyone'
  if (key === undefined || !isKept) return await endpoint.run(context, bytes)
  const scope = `${caller?.name ?? NOBODY} POST ${context.req.path}`
  return await idempotency.answer(scope, key, bytes, () => endpoint.run(context, bytes))
}

/** The refusal of a path that is none, or of a method that the path does not take. */
export function unknownPath(context: Context, endpoints: readonly Endpoint[]): ProblemError {
  const path = context.req.path
  const fitting = endpoints.filter(({ path: pattern }) => fits(pattern, path))
  if (fitting.length === 0) {
    return new ProblemError(404, 'unknown-path', `Cannot find "${path.slice(0, 200)}"`, {
      mend: '/docs lists what there is',
    })
  }
  const allowed = [...new Set(fitting.map(({ method }) => method.toUpperCase()))].join(', ')
  const method = context.req.method.slice(0, 20)
  return new ProblemError(405, 'method-not-allowed', `Cannot ${method} "${path.slice(0, 200)}"`, {
    mend: `allowed: ${allowed}`,
    headers: { allow: allowed },
  })
}

function fits(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return false
  return wanted.every((part, index) => part.startsWith(':') || part === given[index])
}
