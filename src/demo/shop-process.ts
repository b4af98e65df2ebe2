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

const version = Object.values(SHOP_VERSIONS).find((known) => known === process.argv[2])
if (version === undefined) throw new TypeError(`No shop version "${process.argv[2] ?? ''}"`)

const catalogue = openCatalogue(version, SEED)
const server = createShopServer(catalogue)

process.once('disconnect', () => {
  server.close(() => catalogue.close())
  server.closeIdleConnections()
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
})
// Ctrl-C reaches every process of the terminal; the parent decides when the shops close.
process.on('SIGINT', () => undefined)

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('No port to listen on')
  process.send?.({ port: address.port })
})
