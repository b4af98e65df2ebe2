/**
 * An arm of its own process: a shop whose cart costs 9.5. Started with `wrong` it costs nothing.
 */

import { createServer } from 'node:http'

const isWrong = process.argv[2] === 'wrong'
/** Enough CPU to be counted. */
const WORK_MS = 1
/** Longer than the machine's own delays, so that a run on a busy one can be judged. */
const WAIT_MS = 200

function work(): void {
  const end = performance.now() + WORK_MS
  while (performance.now() < end) Math.sqrt(end)
}

const server = createServer((request, response) => {
  work()
  let document: object = { ok: true }
  if (request.url === '/cart') {
    document = { id: performance.now(), items: [{ sku: 'lamp', price: isWrong ? 0 : 9.5 }] }
  }
  setTimeout(() => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(document))
  }, WAIT_MS)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.stdout.write(`port ${address?.port}\n`)
})
