/** Ports for programs that cannot ask the system for one themselves. */

import { createServer } from 'node:net'

/** A loopback port that was free a moment ago: the system picked it, then it was let go. */
export async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  if (address === null || typeof address === 'string') throw new Error('The system gave no port')
  return address.port
}

const START_TRIES = 3

/** What `start` gives with a free port. Before it listens another program may take the port. */
export async function startOnFreePort<Started>(
  start: (port: number) => Promise<Started>,
): Promise<Started> {
  let failure: unknown
  for (let attempt = 0; attempt < START_TRIES; attempt += 1) {
    try {
      return await start(await findFreePort())
    } catch (error) {
      failure = error
    }
  }
  throw failure
}
