/** The sample shop as an HTTP server: which request gets which page. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Catalogue } from './catalogue.ts'
import {
  cartPage,
  categoryPage,
  homePage,
  missingPage,
  productPage,
  searchPage,
} from './shop-pages.ts'

const MAX_BODY_BYTES = 16_384
/** Longer than any pause of a demo: a connection must not close under a request that is sent. */
const KEEP_ALIVE_MS = 120_000

interface Answer {
  readonly status: number
  readonly type: 'text/html; charset=utf-8' | 'application/json'
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A server that does not listen yet; each answer says how many statements it took. */
export function createShopServer(catalogue: Catalogue): Server {
  const server = createServer((request, response) => {
    void serve(catalogue, request, response)
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return server
}

async function serve(
  catalogue: Catalogue,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let answer: Answer
  const statementsBefore = catalogue.statementCount()
  try {
    const url = new URL(request.url ?? '/', 'http://shop.test')
    answer =
      request.method === 'POST'
        ? write(catalogue, url, await bodyOf(request))
        : read(catalogue, url, request)
  } catch {
    answer = json(400, { problem: 'the request cannot be read' })
  }
  const statements = catalogue.statementCount() - statementsBefore
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
    'server-timing': `statements;desc="${statements}"`,
    ...answer.headers,
  })
  response.end(request.method === 'HEAD' ? undefined : answer.body)
}

function read(catalogue: Catalogue, url: URL, request: IncomingMessage): Answer {
  const [first, second, ...rest] = url.pathname.split('/').slice(1).map(decodeURIComponent)
  if (rest.length > 0) return missing('such page')
  if (first === '') return html(200, homePage(catalogue.bestSellers()))
  if (first === 'products' && second === undefined) {
    const words = url.searchParams.get('q') ?? ''
    return html(200, searchPage(words, catalogue.search(words)))
  }
  if (first === 'products' && second !== undefined) {
    const product = catalogue.findProduct(second)
    return product === undefined ? missing(`product ${second}`) : html(200, productPage(product))
  }
  if (first === 'categories' && second !== undefined) {
    const found = catalogue.findCategory(second)
    return found === undefined
      ? missing(`category ${second}`)
      : html(200, categoryPage(second, found))
  }
  if (first === 'cart' && second === undefined) {
    return html(200, cartPage(catalogue.cartLines(cartIdOf(request))))
  }
  return missing('such page')
}

function write(catalogue: Catalogue, url: URL, body: string): Answer {
  if (url.pathname === '/login') return login(new URLSearchParams(body))
  if (url.pathname === '/cart') return addToCart(catalogue, JSON.parse(body))
  const paid = /^\/cart\/(\d+)\/pay$/.exec(url.pathname)?.[1]
  if (paid === undefined) return missing('such page')
  return catalogue.payCart(paid)
    ? json(201, { id: paid, state: 'paid' })
    : json(409, { problem: 'this cart is not there or is paid' })
}

function login(form: URLSearchParams): Answer {
  const isKnown = form.get('user')?.includes('@') === true && form.get('password') === 'synthetic'
  if (!isKnown) return json(401, { problem: 'wrong user or password' })
  return { ...html(303, ''), headers: { location: '/', 'set-cookie': 'user=1; HttpOnly; Path=/' } }
}

function addToCart(catalogue: Catalogue, line: unknown): Answer {
  const sku = fieldOf(line, 'sku')
  const quantity = fieldOf(line, 'quantity') ?? 1
  if (typeof sku !== 'string' || typeof quantity !== 'number' || !Number.isSafeInteger(quantity)) {
    return json(400, { problem: 'a line needs a sku and a whole quantity' })
  }
  const owner = fieldOf(line, 'owner')
  const id = catalogue.openCart(typeof owner === 'string' ? owner : '', sku, quantity)
  if (id === undefined) return json(404, { problem: 'no such product' })
  return { ...json(201, { id }), headers: { 'set-cookie': `cart=${id}; HttpOnly; Path=/` } }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function cartIdOf(request: IncomingMessage): string {
  return /(?:^|;\s*)cart=(\d+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    const buffer = Buffer.from(part)
    bytes += buffer.length
    if (bytes > MAX_BODY_BYTES) throw new RangeError('The body is too long')
    parts.push(buffer)
  }
  return Buffer.concat(parts).toString('utf8')
}

function html(status: number, body: string): Answer {
  return { status, type: 'text/html; charset=utf-8', body }
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json', body: JSON.stringify(value) }
}

function missing(what: string): Answer {
  return html(404, missingPage(what))
}
