/** The sample shop as an HTTP server: which request gets which page. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Catalogue, ShopVersion } from './catalogue.ts'
import { CATEGORY_PAGE_SIZE, OutOfCursorsError } from './category-list.ts'
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

/** Which version answered: an answer without it is not the shop's. */
export const VERSION_HEADER = 'x-shop-version'

/** A server that does not listen yet; each answer says its version and its statements. */
export function createShopServer(catalogue: Catalogue, version: ShopVersion): Server {
  const server = createServer((request, response) => {
    response.setHeader(VERSION_HEADER, version)
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
  } catch (error) {
    answer =
      error instanceof OutOfCursorsError
        ? json(500, { problem: error.message })
        : json(400, { problem: 'the request cannot be read' })
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
    return readCategory(catalogue, second, url, request)
  }
  if (first === 'cart' && second === undefined) {
    return html(200, cartPage(catalogue.cartLines(cookieOf(request, 'cart') ?? '')))
  }
  return missing('such page')
}

function readCategory(
  catalogue: Catalogue,
  category: string,
  url: URL,
  request: IncomingMessage,
): Answer {
  const page = Math.max(1, Math.trunc(Number(url.searchParams.get('page') ?? 1)) || 1)
  const customer = cookieOf(request, 'user')
  const found = catalogue.findCategory({ category, customer, page })
  if (found === undefined) return missing(`category ${category}`)
  const mayGoOn = customer !== undefined && found.length === CATEGORY_PAGE_SIZE
  return html(200, categoryPage(category, found, mayGoOn ? page + 1 : undefined))
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
  const user = form.get('user') ?? ''
  const isKnown = user.includes('@') && form.get('password') === 'synthetic'
  if (!isKnown) return json(401, { problem: 'wrong user or password' })
  const cookie = `user=${encodeURIComponent(user)}; HttpOnly; Path=/`
  return { ...html(303, ''), headers: { location: '/', 'set-cookie': cookie } }
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

/** The value as it was sent. */
function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(/;\s*/)) {
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1)
  }
  return undefined
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
