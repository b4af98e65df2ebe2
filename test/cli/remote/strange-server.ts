/** Servers that are no Outrider, and a line to one that can be cut. */

import { createServer, type RequestListener } from 'node:http'
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Its address. */
export async function answerWith(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return await open(server)
}

export interface Line {
  readonly url: string
  /** Ends every connection there is; new ones are let through again. */
  cut(): void
  /** From now on no connection is taken any more. */
  close(): void
  /** How many connections were made. */
  count(): number
}

/** Hands every byte on to `url` and back. */
export async function lineTo(url: string): Promise<Line> {
  const sockets = new Set<Socket>()
  let count = 0
  const server = createTcpServer((near) => {
    count += 1
    const far = connect(Number(new URL(url).port), '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
  })
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const close = (): void => {
    cut()
    server.close()
  }
  onTestFinished(close)
  return { url: await open(server), cut, close, count: () => count }
}

async function open(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  return `http://127.0.0.1:${address.port}`
}
