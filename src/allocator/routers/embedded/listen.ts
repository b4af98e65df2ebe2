/** The address the embedded proxy listens at: taken, or why it cannot be. */

import { createServer, type Server } from 'node:net'
import { RouterError } from '../../../core/errors.ts'

/**
 * @param address `127.0.0.1:8000` or `[::1]:8000`; port 0 takes a free one
 * @returns the URL of what was taken
 * @throws RouterError `router-listen`
 */
export function listenAt(server: Server, address: string, name: string): Promise<string> {
  const colon = address.lastIndexOf(':')
  const shownHost = address.slice(0, colon)
  const host = shownHost.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(
        new RouterError(`Cannot listen at ${address} for router "${name}": ${reasonOf(error)}`, {
          code: 'router-listen',
          where: `routers.${name}.listen`,
          mend: 'end what listens there (perhaps outrider serve), or choose another address',
          cause: error,
        }),
      )
    }
    server.once('error', fail)
    server.listen(Number(address.slice(colon + 1)), host, () => {
      server.off('error', fail)
      const taken = server.address()
      const port = taken !== null && typeof taken === 'object' ? taken.port : 0
      resolve(`http://${shownHost}:${port}`)
    })
  })
}

/** Why nobody could listen there now; the address is taken for a moment and let go. */
export async function listenFault(address: string, name: string): Promise<RouterError | undefined> {
  const server = createServer((socket) => socket.destroy())
  try {
    await listenAt(server, address, name)
  } catch (thrown) {
    if (thrown instanceof RouterError) return thrown
    throw thrown
  }
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  return undefined
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'it is in use'
  if (error.code === 'EACCES') return 'this user may not'
  if (error.code === 'EADDRNOTAVAIL') return 'it is no address of this machine'
  return error.message
}
