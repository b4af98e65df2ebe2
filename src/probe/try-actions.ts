/**
 * Sends each action of an ontology once, so that its author sees request and response before any
 * run depends on them. Mutating actions are never sent, and secrets are never shown.
 */

import { identityHeaders } from '../actions/identity.ts'
import type { Action, Ontology } from '../actions/ontology.ts'
import { buildRequest } from '../actions/request.ts'
import { decompress } from '../actions/response/received.ts'
import { createHider, secretsOf } from '../actions/secrets.ts'
import type { Outcome } from '../core/contract/sample.ts'
import type { JsonValue, Profile } from '../core/contract/profile.ts'
import {
  createArmClient,
  MAX_KEPT_BYTES,
  type ArmAddress,
  type ArmClient,
} from '../generator/client.ts'
import { createCookies, type Cookies } from '../generator/cookies.ts'
import { createRoute, RunningExchange, type ExchangeResult } from '../generator/exchange.ts'
import { checkReachable } from '../generator/reach.ts'
import { createBucket } from '../generator/schedule.ts'
import { systemClock } from '../generator/system-clock.ts'
import { createTraceParent, stampHeaders } from '../generator/trace.ts'
import { checkedAddress } from './choose.ts'
import { checkFits, readReach } from './reach/reach.ts'
import { sourceOfFlags, type ReachSettings } from './reach/source.ts'

export interface TryOptions {
  readonly ontology: Ontology
  /** Of one arm, as an address is written. */
  readonly url: string
  readonly reach?: ReachSettings
  readonly environment: Readonly<Record<string, string | undefined>>
  /** A user who performs the action, for the data of its templates. */
  findUser(action: string): Profile | undefined
  /** Called after each action, in the order in which they were tried. */
  onAttempt(attempt: Attempt): void
}

export interface ShownRequest {
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: string
}

export type Attempt =
  | { readonly kind: 'skipped'; readonly action: string; readonly why: string }
  | {
      readonly kind: 'sent'
      readonly action: string
      /** More than one where redirects were followed. */
      readonly requests: readonly ShownRequest[]
      readonly outcome: Outcome
      readonly reason?: string
      readonly status?: number
      readonly serviceMs: number
      readonly bytes: number
      /** Of a redirect that was not followed. */
      readonly leadsTo?: string
      /** The beginning of the last answer's body. */
      readonly body: string
      readonly captured: readonly string[]
    }

const REQUESTS_PER_SECOND = 10
const SHOWN_BODY_BYTES = 2000

/** @throws UsageError for a wrong address, TargetError if nothing answers there */
export async function tryActions(options: TryOptions): Promise<void> {
  const { reach: flags = {}, environment } = options
  const place = checkedAddress(options.url, '--target')
  const reach = await readReach([sourceOfFlags(flags)], environment)
  checkFits([place], reach, flags)
  const address = { arm: 'baseline', ...place, ...reach } as const
  await checkReachable([address])
  const client = createArmClient(address, systemClock)
  const attempt = createAttempts(options, client, address)
  try {
    for (const action of inOrder(options.ontology)) options.onAttempt(await attempt(action))
  } finally {
    await client.close()
  }
}

/** Those that capture come before those that need it. */
function inOrder(ontology: Ontology): Action[] {
  const waiting = [...ontology.actions.values()]
  const ordered: Action[] = []
  const captured = new Set<string>()
  while (waiting.length > 0) {
    const isThere = (name: string): boolean => captured.has(name)
    const best = waiting.findIndex((action) => action.uses.every(isThere))
    const ready = best === -1 ? waiting.findIndex(({ needs }) => needs.every(isThere)) : best
    const [next] = waiting.splice(Math.max(0, ready), 1)
    if (next === undefined) break
    ordered.push(next)
    for (const name of next.captures) captured.add(name)
  }
  return ordered
}

function createAttempts(
  options: TryOptions,
  client: ArmClient,
  address: ArmAddress,
): (action: Action) => Promise<Attempt> {
  const { ontology } = options
  const secrets = secretsOf(options.environment)
  const hide = createHider(secrets, (name) => `{{secret.${name}}}`)
  const bucket = createBucket(REQUESTS_PER_SECOND)
  const recorder = createRecorder(client)
  const route = createRoute(address, recorder.client, bucket)
  const cookies = createCookies(route.publicOrigin)
  const traceParent = createTraceParent('try', 1)
  const captured: Record<string, JsonValue> = {}
  let count = 0

  return async (action) => {
    const { name } = action
    if (action.mutates) return { kind: 'skipped', action: name, why: 'it changes data' }
    const unset = action.secrets.find((secret) => !Object.hasOwn(secrets, secret))
    if (unset !== undefined) {
      return { kind: 'skipped', action: name, why: `OUTRIDER_SECRET_${unset} is not set` }
    }
    const profile = options.findUser(name) ?? nobody(name)
    const data = profile.behavioral_patterns.find((entry) => entry.action === name)?.data ?? {}
    count += 1
    const sessionId = `try${count}`
    const context = { data, profile, captured, sessionId, arm: 'baseline' as const, secrets }
    const built = buildRequest(ontology, action, context)
    if (built.kind === 'blocked') {
      return { kind: 'skipped', action: name, why: `${built.missing} ${built.why}` }
    }
    const headers = [...built.headers]
    const trace = traceParent(`${sessionId}.1`, 'baseline')
    stampHeaders(headers, trace, route.headers, identityHeaders(ontology, profile))
    const { path, method, body } = built
    const result = await exchange(action, { route, cookies }, { method, path, headers, body })
    Object.assign(captured, result.captured)
    return toAttempt(action, result, recorder.take(), hide)
  }
}

function exchange(
  action: Action,
  { route, cookies }: { route: ReturnType<typeof createRoute>; cookies: Cookies },
  request: ConstructorParameters<typeof RunningExchange>[3],
): Promise<ExchangeResult> {
  return new Promise((resolve) => {
    const nowMs = systemClock.nowMs()
    const timing = { intendedMs: nowMs, timeoutMs: action.timeoutMs, remember: undefined }
    const running = new RunningExchange(route, action, cookies, request, timing, {
      started: () => {},
      arrived: (arrival) => {
        const result = arrival.proceed(true, systemClock.nowMs())
        if (result !== undefined) resolve(result)
      },
    })
    running.send(nowMs)
  })
}

interface Recorded {
  readonly requests: readonly ShownRequest[]
  readonly body: string
  readonly location: string | undefined
}

/** Passes everything on and remembers what was sent and what the last answer held. */
function createRecorder(client: ArmClient): { client: ArmClient; take(): Recorded } {
  let requests: ShownRequest[] = []
  let body = ''
  let location: string | undefined
  return {
    client: {
      ...client,
      abort: () => client.abort(),
      close: () => client.close(),
      load: () => client.load(),
      send(request, listener) {
        requests.push(toShown(request))
        client.send(
          { ...request, keepBytes: MAX_KEPT_BYTES },
          {
            started: (atMs) => listener.started(atMs),
            repeated: (atMs) => listener.repeated(atMs),
            ended(answer) {
              const encoding = [answer.headers['content-encoding']].flat()[0]
              const plain = decompress(Buffer.concat(answer.chunks), encoding)
              location = [answer.headers['location']].flat()[0]
              body = plain.subarray(0, SHOWN_BODY_BYTES).toString('utf8')
              listener.ended(answer)
            },
          },
        )
      },
    },
    take() {
      const recorded = { requests, body, location }
      requests = []
      body = ''
      location = undefined
      return recorded
    },
  }
}

function toShown(request: Parameters<ArmClient['send']>[0]): ShownRequest {
  const { method, path, headers, body } = request
  const pairs: [string, string][] = []
  for (let index = 0; index < headers.length; index += 2) {
    pairs.push([headers[index] ?? '', headers[index + 1] ?? ''])
  }
  return {
    method,
    path,
    headers: pairs,
    ...(body === undefined ? {} : { body: body.toString().slice(0, SHOWN_BODY_BYTES) }),
  }
}

function toAttempt(
  action: Action,
  { exchange, captured }: ExchangeResult,
  recorded: Recorded,
  hide: (text: string) => string,
): Attempt {
  const { outcome, reason, status, serviceMs, bytes } = exchange
  return {
    kind: 'sent',
    action: action.name,
    requests: recorded.requests.map(({ body, ...request }) => ({
      ...request,
      path: hide(request.path),
      headers: request.headers.map(([name, value]) => [name, hide(value)] as const),
      ...(body === undefined ? {} : { body: hide(body) }),
    })),
    outcome,
    ...(reason === undefined ? {} : { reason: hide(reason) }),
    ...(status === undefined ? {} : { status }),
    serviceMs,
    bytes,
    ...(status === undefined ? {} : leadsToOf(status, recorded.location, hide)),
    body: hide(recorded.body),
    captured: Object.keys(captured),
  }
}

function leadsToOf(
  status: number,
  location: string | undefined,
  hide: (text: string) => string,
): { leadsTo?: string } {
  const isRedirect = status >= 300 && status < 400 && location !== undefined
  return isRedirect ? { leadsTo: hide(location.slice(0, SHOWN_BODY_BYTES)) } : {}
}

/** A user without data: enough for actions whose templates need none. */
function nobody(action: string): Profile {
  return {
    user_id: 'try',
    behavioral_patterns: [{ timestamp: 0, action, data: {} }],
    resource_intensity: { cpu_ms: 0, memory_mb: 0, network_kb: 0, period_s: 0 },
    geo_location: 'ZZ',
    device_type: 'desktop',
    labels: [],
    source: 'synthetic',
  }
}
