/**
 * A small real shop whose ids and tokens belong to one instance: a login with an anti-forgery field, a
 * token in JSON, a cart's id in JSON, an order's id in a Location header, a receipt behind a link. What
 * another instance gave is refused.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createHash } from 'node:crypto'

export interface Shop {
  readonly url: string
  /** Method, path and status of everything that was asked. */
  readonly log: readonly string[]
  close(): Promise<void>
}

interface State {
  /** Session cookie → what the session may do. */
  readonly sessions: Map<string, { csrf: string; user?: string }>
  readonly tokens: Set<string>
  readonly carts: Map<string, string[]>
  readonly orders: Set<string>
  readonly receipts: Set<string>
  next(kind: string): string
}

const PRODUCTS = [
  { id: 'chair', price: 40 },
  { id: 'table', price: 90 },
  { id: 'lamp', price: 20 },
]

/** @param name of the instance; another name gives other ids */
export async function startShop(name: string): Promise<Shop> {
  let made = 0
  const state: State = {
    sessions: new Map(),
    tokens: new Set(),
    carts: new Map(),
    orders: new Set(),
    receipts: new Set(),
    next(kind) {
      made += 1
      return createHash('sha256').update(`${name} ${kind} ${made}`).digest('hex').slice(0, 20)
    },
  }
  const log: string[] = []
  const server: Server = createServer((request, response) => {
    response.on('finish', () => {
      log.push(`${request.method} ${request.url} ${response.statusCode}`)
    })
    void answer(state, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    log,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await textOf(request)
  const url = new URL(request.url ?? '/', 'http://shop.test')
  const { method = 'GET' } = request
  const parts = url.pathname.split('/').slice(1)
  const say = (status: number, text: string, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(text)
  }
  const json = (status: number, value: unknown, headers: Record<string, string> = {}): void =>
    say(status, JSON.stringify(value), { 'content-type': 'application/json', ...headers })
  const sid = /sid=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
  const session = state.sessions.get(sid)
  const route = `${method} ${parts[0]}${parts.length > 2 ? `/${parts[2]}` : ''}`
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
  const mayBuy = state.tokens.has(token)
  const cart = state.carts.get(parts[1] ?? '')

  switch (route) {
    case 'GET login': {
      const made = { sid: state.next('sid'), csrf: state.next('csrf') }
      state.sessions.set(made.sid, { csrf: made.csrf })
      const form = `<form method="post"><input type="hidden" name="_csrf" value="${made.csrf}">
        <input name="user"><input name="password" type="password"></form>`
      return say(200, form, { 'set-cookie': `sid=${made.sid}; Path=/; HttpOnly` })
    }
    case 'POST login': {
      const fields = new URLSearchParams(body)
      if (session === undefined || fields.get('_csrf') !== session.csrf) return say(403, 'forged')
      if (fields.get('password') !== 'open sesame') return say(401, 'wrong password')
      session.user = fields.get('user') ?? ''
      return say(303, '', { location: '/account' })
    }
    case 'GET account':
      return session?.user === undefined ? say(401, 'who?') : say(200, `<p>Hello ${session.user}`)
    case 'POST token': {
      if (session?.user === undefined) return say(401, 'who?')
      const made = state.next('token')
      state.tokens.add(made)
      return json(200, { auth: { access_token: made, expires_in: 3600 }, at: Date.now() })
    }
    case 'GET products':
      if (parts[1] === undefined) return json(200, { items: PRODUCTS })
      return PRODUCTS.some(({ id }) => id === parts[1])
        ? json(200, { id: parts[1], price: 40 })
        : say(404, 'no such product')
    case 'POST carts': {
      if (!mayBuy) return say(401, 'no token')
      const made = state.next('cart')
      state.carts.set(made, [])
      return json(201, { id: made, items: [], currency: 'EUR' })
    }
    case 'POST carts/items': {
      if (!mayBuy || cart === undefined) return say(404, 'no such cart')
      const { sku, quantity } = JSON.parse(body)
      if (!PRODUCTS.some(({ id }) => id === sku)) return say(422, 'no such product')
      cart.push(`${quantity} ${sku}`)
      return json(200, { cart: { id: parts[1], items: cart } })
    }
    case 'POST carts/checkout': {
      if (!mayBuy || cart === undefined || cart.length === 0) return say(409, 'an empty cart')
      const made = state.next('order')
      state.orders.add(made)
      return say(303, '', { location: `/orders/${made}` })
    }
    case 'GET orders': {
      if (!state.orders.has(parts[1] ?? '')) return say(404, 'no such order')
      const made = state.next('receipt')
      state.receipts.add(made)
      return say(200, `<h1>Thanks</h1> <a class="receipt" href="/receipts/${made}">Receipt</a>`)
    }
    case 'GET receipts':
      return state.receipts.has(parts[1] ?? '') ? say(200, '<p>Paid') : say(404, 'no such receipt')
    default:
      return say(404, 'nothing here')
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}

export interface Visit {
  readonly user: string
  readonly skus: readonly string[]
  /** Tells one visitor's browser from the next. */
  readonly agent: string
}

interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | URLSearchParams
}

/** One visit as a browser makes it: it follows what the shop answers. */
export async function visit(base: string, { user, skus, agent }: Visit): Promise<void> {
  let cookie = ''
  const ask = async (path: string, options: Asking = {}): Promise<Response> => {
    const headers = {
      'user-agent': agent,
      ...(cookie === '' ? {} : { cookie }),
      ...options.headers,
    }
    const response = await fetch(`${base}${path}`, { redirect: 'manual', ...options, headers })
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    if (response.status >= 400) throw new Error(`${path} answered ${response.status}`)
    return response
  }
  const json = { 'content-type': 'application/json' }
  const login = await (await ask('/login')).text()
  const csrf = /name="_csrf" value="(\w+)"/.exec(login)?.[1] ?? ''
  const form = new URLSearchParams({ _csrf: csrf, user, password: 'open sesame' })
  const entered = await ask('/login', { method: 'POST', body: form })
  await (await ask(entered.headers.get('location') ?? '/')).text()
  await (await ask('/products')).text()
  const token = await fieldOf(await ask('/token', { method: 'POST' }), 'access_token')
  const authorization = `Bearer ${token}`
  const cart = await ask('/carts', { method: 'POST', headers: { ...json, authorization } })
  const id = await fieldOf(cart, 'id')
  for (const [index, sku] of skus.entries()) {
    await (await ask(`/products/${sku}`)).text()
    const body = JSON.stringify({ sku, quantity: index + 1 })
    const headers = { ...json, authorization }
    await (await ask(`/carts/${id}/items`, { method: 'POST', headers, body })).text()
  }
  const paid = await ask(`/carts/${id}/checkout`, { method: 'POST', headers: { authorization } })
  const order = await (await ask(paid.headers.get('location') ?? '/')).text()
  const receipt = /href="(\/receipts\/\w+)"/.exec(order)?.[1] ?? ''
  await (await ask(receipt)).text()
}

async function fieldOf(response: Response, name: string): Promise<string> {
  return new RegExp(`"${name}":"(\\w+)"`).exec(await response.text())?.[1] ?? ''
}
