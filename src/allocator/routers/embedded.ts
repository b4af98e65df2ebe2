/**
 * The embedded router: a reverse proxy in this process, for a first try and for small services.
 *
 * It speaks HTTP/1.1 on both sides, keeps connections alive on both, streams bodies, and passes
 * WebSockets on. A user is told by a cookie or a header, else by a cookie that the proxy sets, and
 * keeps the side while the weight grows (embedded/assign.ts). A change of the weight is one
 * assignment between two requests, so none is lost by it.
 * Limits: its weight and counts live as long as the process; it begins at 0. No TLS towards users,
 * no HTTP/2, trailers are dropped.
 */

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import type { EmbeddedSettings } from '../../core/contract/routers.ts'
import { RouterError } from '../../core/errors.ts'
import { ServedBy, type ArmOptions } from './embedded/arm.ts'
import { OWN_COOKIE, armOf, findUserKey, userHash, type ServedArm } from './embedded/assign.ts'
import { forward, type Passage } from './embedded/forward.ts'
import { listenAt, listenFault } from './embedded/listen.ts'
import { SeenUsers } from './embedded/tally.ts'
import { tunnel } from './embedded/tunnel.ts'
import { effectiveWeight, type Finding, type RouterAdapter } from './router.ts'

/** A week: longer than a rollout. */
const COOKIE_SECONDS = 604_800
const MOST_CLIENTS = 10_000
/** Longer than what load balancers before it usually wait, so that they close first. */
const KEEP_ALIVE_MS = 75_000
const CLIENT_IDLE_MS = 120_000
/** What is under way may end before everything is closed. */
const GRACE_MS = 10_000

export interface EmbeddedOptions {
  /** As the configuration calls the router; also the salt of the users' buckets. */
  readonly name: string
  readonly settings: EmbeddedSettings
  readonly clock: Clock
  readonly baseline: ArmOptions
  readonly canary: ArmOptions
  /** How long what is under way may take at the end. */
  readonly graceMs?: number
}

export function createEmbeddedAdapter(options: EmbeddedOptions): RouterAdapter {
  const proxy = new Proxy(options)
  return {
    kind: 'embedded',
    capabilities: {
      stepBp: 1,
      isMonotone: true,
      countsUsers: true,
      measuresLatency: true,
      survivesRestart: false,
      isInProcess: true,
    },
    url: () => proxy.url,
    open: () => proxy.open(),
    preflight: () => proxy.preflight(),
    readState: async () => proxy.readState(),
    write: async (weightBp) => proxy.setWeight(weightBp),
    counts: async () => proxy.counts(),
    evict: async () => proxy.closeTunnels('canary'),
    close: () => proxy.close(),
  }
}

class Proxy {
  url: string | undefined
  readonly #options: EmbeddedOptions
  readonly #arms: Readonly<Record<ServedArm, ServedBy>>
  readonly #users = new SeenUsers()
  readonly #tunnels = new Map<Duplex, ServedArm>()
  #server: Server | undefined
  #incarnation = ''
  #weightBp = 0
  #isClosing = false

  constructor(options: EmbeddedOptions) {
    this.#options = options
    const { baseline, canary } = options
    this.#arms = { baseline: new ServedBy(baseline), canary: new ServedBy(canary) }
  }

  async open(): Promise<void> {
    if (this.#server !== undefined) return
    const { name, settings, clock } = this.#options
    const server = createServer({
      keepAliveTimeout: KEEP_ALIVE_MS,
      // A long upload is no attack; silence is what ends a request.
      requestTimeout: 0,
      shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket',
    })
    server.maxConnections = MOST_CLIENTS
    server.setTimeout(CLIENT_IDLE_MS)
    // What cannot be sent on is thrown by node:http; it must end that connection and nothing else.
    server.on('request', (request, response) => {
      endOnError(response, () => forward(request, response, this.#pass(request)))
    })
    server.on('upgrade', (request, client, head) => {
      const passage = this.#pass(request)
      const arm = passage.arm === this.#arms.canary ? 'canary' : 'baseline'
      endOnError(client, () =>
        tunnel(request, client, head, passage, (opened) => this.#keepTunnel(opened, arm)),
      )
    })
    this.#server = server
    try {
      this.url = await listenAt(server, settings.listen, name)
    } catch (thrown) {
      this.#server = undefined
      throw thrown
    }
    this.#incarnation = `pid:${process.pid}@${clock.wallMs()}`
  }

  /** Where this request goes, and what is to be remembered about it. */
  #pass(request: IncomingMessage): Passage {
    const { name, settings, clock } = this.#options
    const known = findUserKey(request.headers, settings.user_key)
    const key = known ?? randomUUID()
    const hash = userHash(name, key)
    const arm = armOf(hash, this.#weightBp)
    this.#users.see(hash, arm)
    const cookie = `${OWN_COOKIE}=${key}; Path=/; Max-Age=${COOKIE_SECONDS}; HttpOnly; SameSite=Lax`
    return {
      arm: this.#arms[arm],
      clock,
      answerHeaders: () => [
        ...(known === undefined ? ['Set-Cookie', cookie] : []),
        ...(this.#isClosing ? ['Connection', 'close'] : []),
      ],
    }
  }

  #keepTunnel(client: Duplex, arm: ServedArm): void {
    if (this.#isClosing) client.destroy()
    this.#tunnels.set(client, arm)
    client.once('close', () => this.#tunnels.delete(client))
  }

  closeTunnels(arm: ServedArm): void {
    for (const [client, side] of this.#tunnels) if (side === arm) client.destroy()
  }

  setWeight(weightBp: number): void {
    this.#mustRun()
    this.#weightBp = weightBp
    this.#users.clear()
    for (const arm of Object.values(this.#arms)) arm.tally.weightChanged()
  }

  readState(): Awaited<ReturnType<RouterAdapter['readState']>> {
    this.#mustRun()
    const { baseline, canary } = this.#arms
    const up = { baseline: baseline.tally.isUp, canary: canary.tally.isUp }
    const effectiveBp = effectiveWeight(this.#weightBp, up)
    return {
      configuredBp: this.#weightBp,
      incarnation: this.#incarnation,
      ...(effectiveBp === undefined ? {} : { effectiveBp }),
    }
  }

  counts(): Awaited<ReturnType<RouterAdapter['counts']>> {
    this.#mustRun()
    return {
      baseline: this.#arms.baseline.tally.counts(),
      canary: this.#arms.canary.tally.counts(),
      users: this.#users.counts(),
      incarnation: this.#incarnation,
    }
  }

  async preflight(): Promise<Finding[]> {
    const { name, settings } = this.#options
    const findings: Finding[] = []
    const fault = this.url === undefined ? await listenFault(settings.listen, name) : undefined
    if (fault === undefined) {
      const message = `${settings.listen} ${this.url === undefined ? 'is free' : 'is listened on'}`
      findings.push({ level: 'ok', code: 'listen-free', message })
    } else {
      const { code, message, mend } = fault
      findings.push({ level: 'error', code, message, ...(mend === undefined ? {} : { mend }) })
    }
    for (const arm of ['baseline', 'canary'] as const) {
      const why = await this.#arms[arm].findFault()
      const { url } = this.#options[arm]
      findings.push(
        why === undefined
          ? { level: 'ok', code: 'backend-up', message: `${arm} ${url} takes connections` }
          : {
              level: 'warning',
              code: `${arm}-down`,
              message: `${arm} ${url} takes no connections: ${why}`,
              mend: 'start it before the weight is raised',
            },
      )
    }
    return findings
  }

  async close(): Promise<void> {
    const server = this.#server
    this.#isClosing = true
    for (const client of this.#tunnels.keys()) client.destroy()
    if (server?.listening === true) {
      await new Promise<void>((resolve) => {
        const { graceMs = GRACE_MS } = this.#options
        const end = setTimeout(() => server.closeAllConnections(), graceMs)
        server.close(() => {
          clearTimeout(end)
          resolve()
        })
      })
    }
    this.#server = undefined
    this.url = undefined
    for (const arm of Object.values(this.#arms)) arm.close()
  }

  #mustRun(): void {
    if (this.url !== undefined) return
    const { name } = this.#options
    throw new RouterError(`Cannot use router "${name}": it is embedded and not in this process`, {
      code: 'router-elsewhere',
      mend: 'it lives in the outrider serve that uses this configuration; from here it can only be checked',
    })
  }
}

function endOnError(stream: { destroy(): unknown }, work: () => void): void {
  try {
    work()
  } catch {
    stream.destroy()
  }
}
