/**
 * One instance of the sample shop: a process of its own that serves until its parent lets go.
 *
 * The channel to the parent is its lifeline. The parent closes it to stop the shop, and when the
 * parent dies, however it dies, the system closes it; either way the shop ends.
 */

import { openCatalogue, SHOP_VERSIONS } from './catalogue.ts'
import { createShopServer } from './shop-app.ts'

const SEED = 1
const GRACE_MS = 2_000
/** Where a shop was just stopped, its port may be in use for a moment. */
const PORT_TRIES = 50
const PORT_RETRY_MS = 100

const version = Object.values(SHOP_VERSIONS).find((known) => known === process.argv[2])
if (version === undefined) throw new TypeError(`No shop version "${process.argv[2] ?? ''}"`)
const port = Number(process.argv[3] ?? 0)

const catalogue = openCatalogue(version, SEED)
const server = createShopServer(catalogue, version)

process.once('disconnect', () => {
  server.close(() => catalogue.close())
  server.closeIdleConnections()
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
})
// Ctrl-C reaches every process of the terminal; the parent decides when the shops close.
process.on('SIGINT', () => undefined)

let tries = 0
server.on('error', (error: NodeJS.ErrnoException) => {
  tries += 1
  if (error.code !== 'EADDRINUSE' || tries >= PORT_TRIES || !process.connected) throw error
  setTimeout(() => server.listen(port, '127.0.0.1'), PORT_RETRY_MS)
})
server.once('listening', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('No port to listen on')
  process.send?.({ port: address.port })
})
server.listen(port, '127.0.0.1')
