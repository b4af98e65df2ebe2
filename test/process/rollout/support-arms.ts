/** Two arms that can fall ill in every way a canary does, and one way to ask HAProxy directly. */

import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

/** `fails`: 500 to all; `hangs`: takes requests and never answers. */
export type Mood = 'well' | 'fails' | 'hangs'

export interface MoodyArm {
  readonly url: string
  readonly port: number
  mood: Mood
  /** Nobody listens any more, and who was connected is thrown out. */
  refuse(): Promise<void>
  /** Listens again, on the same port. */
  accept(): Promise<void>
  close(): Promise<void>
}

export async function serveArm(name: 'baseline' | 'canary'): Promise<MoodyArm> {
  let server: Server | undefined
  const sockets = new Set<Socket>()
  let port = 0
  const close = async (): Promise<void> => {
    const closing = server
    server = undefined
    if (closing === undefined) return
    const closed = new Promise<void>((resolve) => {
      closing.close(() => resolve())
    })
    for (const socket of sockets) socket.destroy()
    await closed
  }
  const arm = {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    get port() {
      return port
    },
    mood: 'well' as Mood,
    refuse: close,
    async accept() {
      const opened = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
        if (arm.mood === 'hangs') return
        const status = arm.mood === 'fails' ? 500 : 200
        response.writeHead(status, { 'x-arm': name, 'content-type': 'text/plain' })
        response.end(status === 200 ? 'a small answer\n' : 'out of order\n')
      })
      opened.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
      })
      await new Promise<void>((resolve, reject) => {
        opened.once('error', reject)
        opened.listen(port, '127.0.0.1', resolve)
      })
      const address = opened.address() as AddressInfo
      port = address.port
      server = opened
    },
    close,
  }
  await arm.accept()
  return arm
}

const SOCKET_LIMIT_MS = 3_000

/** One command, as an operator with socat would send it; rejects where nobody answers. */
export function askHaproxy(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect({ path: socket })
    let text = ''
    connection.setTimeout(SOCKET_LIMIT_MS, () => connection.destroy(new Error('no answer')))
    connection.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    connection.once('error', reject)
    connection.once('close', () => resolve(text))
    connection.write(`${command}\n`)
  })
}
