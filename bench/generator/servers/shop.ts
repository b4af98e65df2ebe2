/** The five steps of a small shop, as cheap as Node allows: for where there is no nginx. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LOGIN, PRODUCTS, SESSION_COOKIE } from './answers.ts'

const JSON_HEADERS = { 'content-type': 'application/json' }

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume()
  const { url = '' } = request
  if (url === '/private/login') {
    response.writeHead(200, { ...JSON_HEADERS, 'set-cookie': SESSION_COOKIE }).end(LOGIN)
  } else if (url === '/open/login') {
    response.writeHead(200, JSON_HEADERS).end(LOGIN)
  } else if (url.startsWith('/private/') && request.headers.cookie === undefined) {
    response.writeHead(401).end()
  } else {
    response.writeHead(200, JSON_HEADERS).end(PRODUCTS)
  }
})

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ url: `http://127.0.0.1:${port}` })
})
