/** The recording reverse proxy: it listens, passes everything on, and keeps a tape of it. */

import { createServer, type Server } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { UsageError } from '../../core/errors.ts'
import type { LoggedRequest } from '../derive/read/request.ts'
import { forward, type Passage } from './forward.ts'
import { Tape, type TapeCounts, type TapeOptions } from './tape.ts'
import { tunnel } from './tunnel.ts'
import { Upstream, type UpstreamOptions } from './upstream.ts'

export interface RecorderOptions extends TapeOptions {
  readonly target: UpstreamOptions
  /** `127.0.0.1:8081` or `[::1]:8081`; port 0 takes a free one. */
  readonly listen: string
  /** Also an address that other machines reach. */
  readonly allowRemote?: boolean
  /** For open requests when the recording ends. */
  readonly graceMs?: number
}

export interface Recorder {
  readonly url: string
  counts(): TapeCounts
  /** Up to `most` requests that are over and were not given before; the tape keeps them. */
  passed(most: number): LoggedRequest[]
  /** Ends the listening, lets open requests finish for a moment, and hands over the tape. */
  stop(): Promise<LoggedRequest[]>
}

const MOST_CLIENTS = 4096
const KEEP_ALIVE_MS = 65_000
const CLIENT_IDLE_MS = 120_000
const GRACE_MS = 2_000

/** @throws UsageError with code `bad-listen` or `bad-url` */
export async function startRecorder(options: RecorderOptions): Promise<Recorder> {
  checkTarget(options.target.url)
  const { host, port } = readListen(options)
  const upstream = new Upstream(options.target)
  const tape = new Tape(options)
  const passage: Passage = { upstream, tape }
  const tunnels = new Set<Duplex>()
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
    endOnError(response, () => forward(request, response, passage))
  })
  server.on('upgrade', (request, client, head) => {
    endOnError(client, () =>
      tunnel(request, client, head, passage, (opened) => {
        tunnels.add(opened)
        opened.once('close', () => tunnels.delete(opened))
      }),
    )
  })
  const taken = await listen(server, host, port, options.listen)
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    counts: () => tape.counts(),
    passed: (most) => tape.passed(most),
    async stop() {
      for (const client of tunnels) client.destroy()
      await close(server, options.graceMs ?? GRACE_MS)
      upstream.close()
      return tape.requests()
    },
  }
}

function checkTarget(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isOrigin =
    parsed !== undefined &&
    /^https?:$/.test(parsed.protocol) &&
    parsed.pathname === '/' &&
    `${parsed.search}${parsed.hash}${parsed.username}${parsed.password}` === ''
  if (isOrigin) return
  throw new UsageError('Cannot record: the target is not scheme, host and port alone', {
    code: 'bad-url',
    where: '--target',
    mend: 'write it like http://127.0.0.1:8080, without a path and without a password',
  })
}

function readListen({ listen, allowRemote }: RecorderOptions): { host: string; port: number } {
  const [, shown = '', port = ''] = /^(.+):(\d{1,5})$/.exec(listen) ?? []
  const host = shown.replace(/^\[|\]$/g, '')
  if (host === '' || Number(port) > 65_535) {
    throw refuseListen(`"${listen}" is not an address and a port`, 'write it like 127.0.0.1:8081')
  }
  const isLoopback =
    host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  if (!isLoopback && allowRemote !== true) {
    throw refuseListen(
      `${listen} can be reached from other machines, and whoever does reaches the target`,
      'listen on 127.0.0.1, or add --allow-remote',
    )
  }
  return { host, port: Number(port) }
}

function refuseListen(why: string, mend: string): UsageError {
  return new UsageError(`Cannot record: ${why}`, { code: 'bad-listen', where: '--listen', mend })
}

function listen(server: Server, host: string, port: number, shown: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(
        new UsageError(`Cannot record: nothing can listen at ${shown}: ${reasonOf(error)}`, {
          code: 'bad-listen',
          where: '--listen',
          mend: 'choose another port; 0 takes a free one',
          cause: error,
        }),
      )
    }
    server.once('error', fail)
    server.listen(port, host, () => {
      server.off('error', fail)
      const taken = server.address()
      resolve(taken !== null && typeof taken === 'object' ? taken.port : port)
    })
  })
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'the port is in use'
  if (error.code === 'EACCES') return 'this user may not'
  if (error.code === 'EADDRNOTAVAIL') return 'it is no address of this machine'
  return error.message
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(end)
      resolve()
    })
    server.closeIdleConnections()
  })
}

function endOnError(stream: { destroy(): unknown }, work: () => void): void {
  try {
    work()
  } catch {
    stream.destroy()
  }
}
