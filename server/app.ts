/** The HTTP door: guards, the table of endpoints, the page. */

import { Hono, type Context } from 'hono'
import type { Clock } from '../src/core/clock.ts'
import { OutriderError } from '../src/core/errors.ts'
import { systemClock, type Outrider } from '../src/outrider.ts'
import { loadAssets, type Assets } from './assets.ts'
import type { Endpoint } from './endpoint.ts'
import { createIdempotency, type Idempotency } from './idempotency.ts'
import { LIMITS, limitRequests, readBody, type Limits } from './limits.ts'
import { describeApi } from './openapi.ts'
import { createProbeMemory } from './probe-memory.ts'
import { ProblemError, problemResponse } from './problem.ts'
import { generationEndpoints } from './routes/generations.ts'
import { probeEndpoints } from './routes/probes.ts'
import { profileEndpoints } from './routes/profiles.ts'
import type { Room } from './routes/room.ts'
import { systemEndpoints } from './routes/system.ts'
import { guardRequests, isWrite, protect, requireContentType } from './security.ts'

export interface AppOptions {
  /** Name or address the server listens on; allowed as Host beside the loopback names. */
  readonly listenHost?: string
  /** Aborts when the server stops. */
  readonly stopping?: AbortSignal
  /** Where faults of our own go, with their stack; default: nowhere. */
  readonly log?: (line: string) => void
  readonly clock?: Clock
  readonly limits?: Partial<Limits>
  /** Milliseconds between pings of an event stream; default 15 s. */
  readonly pingMs?: number
}

/** The application; it holds nothing open, so it needs no closing. */
export function createApp(outrider: Outrider, options: AppOptions = {}): Hono {
  const clock = options.clock ?? systemClock
  const limits = { ...LIMITS, ...options.limits }
  const stopping = options.stopping ?? new AbortController().signal
  const room: Room = {
    outrider,
    memory: createProbeMemory(outrider),
    limits,
    clock,
    stopping,
    ping: options.pingMs === undefined ? {} : { pingMs: options.pingMs },
  }
  const assets = loadAssets()
  const endpoints = [
    ...profileEndpoints(room),
    ...systemEndpoints(room),
    ...generationEndpoints(room),
    ...probeEndpoints(room),
  ]

  const app = new Hono()
  app.use(async (context, next) => {
    await next()
    context.res = protect(context.res)
    if (stopping.aborted) context.res.headers.set('connection', 'close')
  })
  app.use(guardRequests(options.listenHost ?? 'localhost'), limitRequests(limits, clock))
  mountPage(app, assets, room)
  mountEndpoints(app, endpoints, limits, createIdempotency(clock))
  const description = JSON.stringify(describeApi(endpoints, assets.version))
  app.get('/openapi.json', (context) =>
    context.body(description, 200, { 'content-type': 'application/json' }),
  )
  app.notFound((context) => problemResponse(unknownPath(context, endpoints)))
  app.onError((error) => {
    const isOurs = error instanceof ProblemError || error instanceof OutriderError
    if (!isOurs) options.log?.(error.stack ?? String(error))
    return protect(problemResponse(error))
  })
  return app
}

/** The same address is a page for a browser and a document for a program. */
function mountPage(app: Hono, assets: Assets, { outrider }: Room): void {
  app.get('/', () => assets.page('index.html'))
  app.get('/docs', () => assets.page('docs.html'))
  app.get('/probes/:id', async (context, next) => {
    if (!(context.req.header('accept') ?? '').includes('text/html')) {
      await next()
      context.res.headers.set('vary', 'accept')
      return undefined
    }
    const id = context.req.param('id')
    const isKnown = (outrider.findProbe(id) ?? outrider.findRun(id)) !== undefined
    return assets.page('probe.html', isKnown ? 200 : 404)
  })
  app.use(async (context, next) => {
    const isRead = context.req.method === 'GET' || context.req.method === 'HEAD'
    const file = isRead
      ? assets.find(context.req.path, context.req.header('if-none-match'))
      : undefined
    if (file !== undefined) return file
    await next()
    return undefined
  })
}

function mountEndpoints(
  app: Hono,
  endpoints: readonly Endpoint[],
  limits: Limits,
  idempotency: Idempotency,
): void {
  for (const endpoint of endpoints) {
    app.on(endpoint.method.toUpperCase(), endpoint.path, async (context) => {
      if (!isWrite(context.req.method)) return await endpoint.run(context, Buffer.alloc(0))
      const ndjson = endpoint.ndjson === true ? ['application/x-ndjson'] : []
      requireContentType(context.req.header('content-type'), ['application/json', ...ndjson])
      const isLarge = endpoint.maxBodyBytes === 'profiles'
      const bytes = await readBody(
        context.req.raw,
        isLarge ? limits.profileBodyBytes : limits.bodyBytes,
      )
      const key = context.req.header('idempotency-key')
      if (key === undefined || endpoint.method !== 'post') return await endpoint.run(context, bytes)
      const act = (): Promise<Response> => endpoint.run(context, bytes)
      return await idempotency.answer(`POST ${context.req.path}`, key, bytes, act)
    })
  }
}

function unknownPath(context: Context, endpoints: readonly Endpoint[]): ProblemError {
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
