/** A real server on loopback whose answers a test decides, and counters as a process shows them. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Served {
  readonly url: string
  readonly host: string
  /** Requests that came in. */
  readonly requests: IncomingMessage[]
  readonly close: () => Promise<void>
}

/** Ends with the test that asked for it. */
export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Served> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
  }
  onTestFinished(close)
  const host = `127.0.0.1:${port}`
  return { url: `http://${host}/metrics`, host, requests, close }
}

/** Always the same answer. */
export function serveText(text: string, status = 200): Promise<Served> {
  return serve((_request, response) => response.writeHead(status).end(text))
}

/** What a Node process with the usual client library shows, and a counter of requests. */
export function expositionOf(cpu: number, rss: number, requests = 0): string {
  return [
    '# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.',
    '# TYPE process_cpu_seconds_total counter',
    `process_cpu_seconds_total ${cpu}`,
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${rss}`,
    '# TYPE http_requests_total counter',
    `http_requests_total{route="/",status="200"} ${requests}`,
    '',
  ].join('\n')
}

export const never = (): AbortSignal => new AbortController().signal
