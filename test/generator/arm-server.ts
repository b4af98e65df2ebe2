/** Real servers and traffic for the tests of the generator. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { parseOntology } from '../../src/actions/load.ts'
import type { Ontology } from '../../src/actions/ontology.ts'
import type { Arm } from '../../src/core/arm.ts'
import type { JsonValue, Profile } from '../../src/core/contract/profile.ts'
import { systemClock } from '../../src/generator/system-clock.ts'
import {
  createTraffic,
  type Exchange,
  type Step,
  type Traffic,
  type TrafficOptions,
} from '../../src/generator/traffic.ts'

export interface ArmServer {
  readonly url: string
  readonly port: number
  /** Connections that are open now. */
  connections(): number
  /** Connections that were ever opened. */
  accepted(): number
  /** Resolves when a connection was seen and none is open any more. */
  abandoned(): Promise<void>
  close(): Promise<void>
}

export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/** A listener that rejects fails the test as an unhandled rejection. */
export function serveHttp(listener: Listener): Promise<ArmServer> {
  return serve(
    createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      void listener(request, response)
    }),
  )
}

export function serveTcp(listener: (socket: Socket) => void): Promise<ArmServer> {
  return serve(
    createTcpServer((socket) => {
      socket.on('error', () => undefined)
      listener(socket)
    }),
  )
}

export async function serve(server: ReturnType<typeof createTcpServer>): Promise<ArmServer> {
  const sockets = new Set<Socket>()
  const waiters: (() => void)[] = []
  let accepted = 0
  server.on('connection', (socket: Socket) => {
    accepted += 1
    sockets.add(socket)
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) for (const resolve of waiters.splice(0)) resolve()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    connections: () => sockets.size,
    accepted: () => accepted,
    abandoned: async () => {
      if (accepted > 0 && sockets.size === 0) return
      await new Promise<void>((resolve) => {
        waiters.push(resolve)
      })
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

export function ontologyOf(yaml: string): Ontology {
  return parseOntology(yaml, 'test.yaml')
}

type Entry = readonly [action: string, data?: Record<string, JsonValue>, timestamp?: number]

export function profileOf(id: string, ...entries: readonly Entry[]): Profile {
  return {
    user_id: id,
    behavioral_patterns: entries.map(([action, data = {}, timestamp], index) => ({
      timestamp: timestamp ?? index,
      action,
      data,
    })),
    resource_intensity: { cpu_ms: 0, memory_mb: 0, network_kb: 0, period_s: 0 },
    geo_location: 'US',
    device_type: 'mobile',
    labels: [],
    source: 'synthetic',
  }
}

export interface Recorded {
  readonly traffic: Traffic
  readonly sent: { readonly step: Step; readonly arm: Arm; readonly sentMs: number }[]
  readonly steps: {
    readonly step: Step
    readonly exchanges: readonly Exchange[]
    readonly repeats: readonly Exchange[]
  }[]
  readonly sessions: { readonly id: string; readonly completed: ReadonlyMap<Arm, boolean> }[]
  /** Resolves when `condition` holds; it is looked at whenever something was sent or ended. */
  readonly until: (condition: () => boolean) => Promise<void>
}

type Given = Partial<TrafficOptions> & Pick<TrafficOptions, 'arms' | 'ontology' | 'profiles'>

export function recordTraffic(given: Given): Recorded {
  const waiters = new Set<() => void>()
  const look = (): void => {
    for (const waiter of waiters) waiter()
  }
  const sent: Recorded['sent'] = []
  const steps: Recorded['steps'] = []
  const sessions: Recorded['sessions'] = []
  const traffic = createTraffic({
    seed: 1,
    skipped: new Set(),
    secrets: {},
    maxRps: Number.POSITIVE_INFINITY,
    runId: 'p1',
    clock: systemClock,
    ...given,
    watcher: {
      sent: (step, arm, sentMs) => {
        sent.push({ step, arm, sentMs })
        given.watcher?.sent(step, arm, sentMs)
        look()
      },
      ended: (step, exchange) => given.watcher?.ended(step, exchange),
      step: (step, exchanges, repeats) => {
        steps.push({ step, exchanges, repeats })
        given.watcher?.step(step, exchanges, repeats)
        look()
      },
      session: (id, completed) => {
        sessions.push({ id, completed })
        given.watcher?.session(id, completed)
        look()
      },
    },
  })
  return {
    traffic,
    sent,
    steps,
    sessions,
    until: (condition) =>
      new Promise((resolve) => {
        const waiter = (): void => {
          if (!condition()) return
          waiters.delete(waiter)
          resolve()
        }
        waiters.add(waiter)
        waiter()
      }),
  }
}

/** The exchange of one arm. */
export function exchangeOf(exchanges: readonly Exchange[], arm: Arm): Exchange {
  const exchange = exchanges.find((one) => one.arm === arm)
  if (exchange === undefined) throw new Error(`No exchange of ${arm}`)
  return exchange
}
