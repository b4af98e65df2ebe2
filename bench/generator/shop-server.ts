/** The server of the replay benchmark: the five steps of a small shop, as cheap as Node allows. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const PRODUCTS = JSON.stringify({
  items: Array.from({ length: 5 }, (_, index) => ({ sku: `S${index}`, price: 10 + index })),
})
const JSON_HEADERS = { 'content-type': 'application/json' }
const LOGIN_HEADERS = { ...JSON_HEADERS, 'set-cookie': 'sid=a1b2c3d4; Path=/; HttpOnly' }

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume()
  if (request.url === '/login') {
    response.writeHead(200, LOGIN_HEADERS).end('{"user":{"id":"u1"},"cart":"c42"}')
    return
  }
  if (request.headers.cookie === undefined && request.url !== '/plain') {
    response.writeHead(401).end()
    return
  }
  response.writeHead(200, JSON_HEADERS).end(PRODUCTS)
})

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ url: `http://127.0.0.1:${port}` })
})
