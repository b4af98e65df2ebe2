/** The HTTP door: guards, the table of endpoints, the page. */

import { Hono } from 'hono'
import type { Clock } from '../src/core/clock.ts'
import { OutriderError } from '../src/core/errors.ts'
import { systemClock, type Outrider } from '../src/outrider.ts'
import { createAccess } from './access/access.ts'
import { auditWrites } from './access/audit.ts'
import { createHosts } from './access/hosts.ts'
import { loadAssets } from './assets.ts'
import type { Endpoint } from './endpoint.ts'
import { createIdempotency } from './idempotency.ts'
import { createSeats, LIMITS, limitRequests, type Limits } from './limits.ts'
import { mountEndpoints, unknownPath } from './mount.ts'
import { describeApi } from './openapi.ts'
import { mountPage } from './page.ts'
import { createProbeMemory } from './probe-memory.ts'
import { ProblemError, problemResponse } from './problem.ts'
import { auditEndpoints } from './routes/audit.ts'
import { generationEndpoints } from './routes/generations.ts'
import { historyEndpoints } from './routes/history.ts'
import { investigationEndpoints } from './routes/investigations.ts'
import { probeEndpoints } from './routes/probes.ts'
import { profileEndpoints } from './routes/profiles.ts'
import { rolloutFollowEndpoints } from './routes/rollout-follow.ts'
import { rolloutEndpoints } from './routes/rollouts.ts'
import type { Room } from './routes/room.ts'
import { sessionEndpoints } from './routes/session.ts'
import { systemEndpoints } from './routes/system.ts'
import { guardRequests, protect } from './security.ts'

export interface AppOptions {
  /** Name or address the server listens on, without brackets; decides which Hosts are allowed. */
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
  const room = roomOf(outrider, options)
  const { limits, clock, stopping } = room
  const log = options.log ?? ((): void => {})
  const access = createAccess(outrider.config.server.tokens, clock)
  const assets = loadAssets()
  const endpoints: Endpoint[] = [
    ...profileEndpoints(room),
    ...systemEndpoints(room),
    ...generationEndpoints(room),
    ...probeEndpoints(room),
    ...rolloutEndpoints(room),
    ...rolloutFollowEndpoints(room),
    ...investigationEndpoints(room),
    ...historyEndpoints(room),
    ...sessionEndpoints(access),
    ...auditEndpoints(room),
  ]

  const app = new Hono()
  app.use(async (context, next) => {
    await next()
    context.res = protect(context.res)
    if (stopping.aborted) context.res.headers.set('connection', 'close')
  })
  app.use(guardRequests(createHosts(options.listenHost ?? 'localhost')))
  app.use(limitRequests(limits, clock), auditWrites(outrider, access, clock, log))
  mountPage(app, assets, outrider, access)
  mountEndpoints(app, endpoints, { limits, access, idempotency: createIdempotency(clock) })
  const description = JSON.stringify(describeApi(endpoints, assets.version))
  app.get('/openapi.json', (context) =>
    context.body(description, 200, { 'content-type': 'application/json' }),
  )
  app.notFound((context) => problemResponse(unknownPath(context, endpoints)))
  app.onError((error) => {
    const isOurs = error instanceof ProblemError || error instanceof OutriderError
    if (!isOurs) log(error.stack ?? String(error))
    return protect(problemResponse(error))
  })
  return app
}

function roomOf(outrider: Outrider, options: AppOptions): Room {
  const limits = { ...LIMITS, ...options.limits }
  return {
    outrider,
    memory: createProbeMemory(outrider),
    limits,
    seats: createSeats(limits.eventStreams),
    clock: options.clock ?? systemClock,
    stopping: options.stopping ?? new AbortController().signal,
    ping: options.pingMs === undefined ? {} : { pingMs: options.pingMs },
  }
}
