/** Opens the HTTP door, on loopback or with tokens, and closes it gracefully. */

import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { UsageError } from '../src/core/errors.ts'
import type { Outrider } from '../src/outrider.ts'
import { isLoopback } from './access/hosts.ts'
import { createApp, type AppOptions } from './app.ts'

export interface ListenOptions extends Omit<AppOptions, 'listenHost' | 'stopping'> {
  /** `127.0.0.1:7070`; port 0 takes a free one. */
  readonly listen: string
}

export interface Listening {
  /** Without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Event streams end, what is being answered is finished, within five seconds. */
  close(): Promise<void>
}

const CLOSING_MS = 5000
const SWEEP_MS = 20
const HEADERS_MS = 10_000
const REQUEST_MS = 60_000
const CONNECTIONS = 512

/**
 * Serves until `close`.
 * @throws UsageError `bad-listen`, `listen-needs-tokens`, `port-in-use` or `port-refused`
 */
export async function listen(outrider: Outrider, options: ListenOptions): Promise<Listening> {
  const { host, port } = parseListen(options.listen)
  const hasTokens = outrider.config.server.tokens.length > 0
  if (!isLoopback(host) && !hasTokens) throw needsTokens(options.listen, port)
  const stopping = new AbortController()
  const { listen: _address, ...rest } = options
  const shownHost = host.includes(':') ? `[${host}]` : host
  const app = createApp(outrider, { ...rest, listenHost: host, stopping: stopping.signal })
  const server = createAdaptorServer({
    fetch: app.fetch,
    createServer,
    serverOptions: { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
  }) as Server
  server.maxConnections = CONNECTIONS
  await open(server, host, port, options.listen)
  const actual = (server.address() as AddressInfo).port
  return {
    url: `http://${shownHost}:${actual}`,
    port: actual,
    close: async () => {
      stopping.abort()
      await closeWithin(server, CLOSING_MS)
    },
  }
}

function open(server: Server, host: string, port: number, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, where)))
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function closeWithin(server: Server, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), limitMs)
    // A connection falls idle when its last answer is out, which may be after this moment.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
    server.close(() => {
      clearTimeout(timer)
      clearInterval(sweep)
      resolve()
    })
  })
}

function parseListen(text: string): { host: string; port: number } {
  const match = /^(\[[0-9a-f:]+\]|[^:[\]]+):(\d{1,5})$/i.exec(text)
  const port = Number(match?.[2])
  if (match?.[1] === undefined || port > 65_535) {
    throw new UsageError(`Cannot listen on "${text}": it is not an address with a port`, {
      code: 'bad-listen',
      where: 'server.listen',
      mend: 'write it like 127.0.0.1:7070',
    })
  }
  return { host: match[1].replace(/^\[|\]$/g, '').toLowerCase(), port }
}

function needsTokens(text: string, port: number): UsageError {
  return new UsageError(
    `Cannot listen on "${text}": others reach it too, and server.tokens of outrider.yaml is empty`,
    {
      code: 'listen-needs-tokens',
      where: 'server.listen',
      mend:
        'make a token with `openssl rand -hex 32`, its hash with `printf %s TOKEN | sha256sum`, ' +
        'and write it as tokens: [{ name: ci, role: operator, sha256: "…" }] below server; ' +
        `or use 127.0.0.1:${port} and an ssh tunnel`,
    },
  )
}

function listenError(error: NodeJS.ErrnoException, listen: string): UsageError {
  const isTaken = error.code === 'EADDRINUSE'
  const why = isTaken ? 'another program has this port' : (error.code ?? error.message)
  return new UsageError(`Cannot listen on "${listen}": ${why}`, {
    code: isTaken ? 'port-in-use' : 'port-refused',
    where: 'server.listen',
    mend: 'end that program or take another port, like --listen 127.0.0.1:7071',
    cause: error,
  })
}
