/** Targets whose capacity is known by construction, and targets that do everything wrong. */

import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { CapacityTarget } from '../../../src/generator/capacity/target.ts'

/** The origin of an HTTP server that ends with the test. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.keepAliveTimeout = 60_000
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return await listen(server)
}

/** The origin of a server that answers bytes with whatever it likes. */
export async function serveRaw(speak: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    speak(socket)
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return await listen(server)
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

/** At most `slots` at a time, `serviceMs` each: it can do `slots / serviceMs`, and not one more. */
export function slotted(slots: number, serviceMs: number): RequestListener {
  const waiting: (() => void)[] = []
  let free = slots
  const work = (answer: () => void): void => {
    free -= 1
    setTimeout(() => {
      answer()
      free += 1
      const next = waiting.shift()
      if (next !== undefined) work(next)
    }, serviceMs)
  }
  return (_, response) => {
    const answer = (): void => void response.end('{"ok":true}')
    if (free > 0) work(answer)
    else waiting.push(answer)
  }
}

export function targetOf(origin: string, paths: readonly string[] = ['/']): CapacityTarget {
  const expected = new Uint8Array(600).fill(1, 200, 400)
  return {
    arm: 'baseline',
    origin,
    requests: paths.map((path, action) => ({
      action,
      path,
      headers: { 'x-synthetic': 'outrider' },
    })),
    statuses: paths.map(() => expected),
  }
}
