/** A real HTTP server that takes alerts, and answers each as the test says. */

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

export interface Receiver {
  readonly url: string
  readonly received: readonly Received[]
  /** The most requests that were open at once. */
  mostAtOnce(): number
  /** Resolves once it got `count` requests in all. */
  got(count: number): Promise<void>
}

/** @param answer ends the response, or keeps it open */
export async function startReceiver(
  answer: (response: ServerResponse, request: Received, index: number) => void = accept,
): Promise<Receiver> {
  const received: Received[] = []
  const watchers = new Set<() => void>()
  let open = 0
  let most = 0
  const server = createServer((request, response) => {
    open += 1
    most = Math.max(most, open)
    response.on('close', () => (open -= 1))
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => (text += part))
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, body: JSON.parse(text) }
      received.push(one)
      answer(response, one, received.length - 1)
      for (const watcher of watchers) watcher()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('No port')
  return {
    url: `http://127.0.0.1:${address.port}/hook/top-secret`,
    received,
    mostAtOnce: () => most,
    got: (count) =>
      new Promise((resolve) => {
        const watcher = (): void => {
          if (received.length < count) return
          watchers.delete(watcher)
          resolve()
        }
        watchers.add(watcher)
        watcher()
      }),
  }
}

export function accept(response: ServerResponse): void {
  response.end('ok')
}

export function answerWith(status: number, headers: Record<string, string> = {}, body = '') {
  return (response: ServerResponse): void => {
    response.writeHead(status, headers).end(body)
  }
}
