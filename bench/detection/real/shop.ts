/**
 * The shop of the recorded study: a real server with a real database in memory, in a process of its
 * own. Which version it is stands on its command line; it prints its port when it is up.
 */

import { createHash } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { createRandom } from '../../../src/core/random.ts'
import { versionOf, type VersionName } from './defects.ts'

/** One path for each action; the first word of a path is the name of its action. */
export const PATHS = [
  '/',
  '/search?q=lamp',
  '/product?id=17',
  '/cart?user=3',
  '/orders?user=3',
  '/export',
] as const

const PRODUCTS = 3000
const ORDERS = 120_000
const USERS = 400
const ON_HOME = 600
/** Rounds of hashing that a price list of a cart takes: some milliseconds. */
const CART_ROUNDS = 5000
const CART_FACTORS: Partial<Record<VersionName, number>> = { 'cpu-20': 1.2, 'cpu-50': 1.5 }
const SLOW_MS = 80
const LEAKED_BYTES = 40_000
/** Like a template that was indented too well. */
const BLANKS = 2500

type Answer = unknown

/** @param seed of the slow mode and of the errors; the data are the same in every process */
export function serveShop(version: VersionName, seed: number): void {
  const database = fillDatabase(version !== 'no-index')
  const random = createRandom(seed, 'moods')
  const kept: Buffer[] = []
  const log: unknown[] = []

  const actions: Readonly<Record<string, (query: URLSearchParams) => Answer>> = {
    '/': () => home(database, version === 'n-plus-one'),
    '/search': (query) => search(database, query.get('q') ?? '', version === 'backtrack'),
    '/product': (query) => product(database, Number(query.get('id')), version === 'wrong-field'),
    '/cart': (query) => cart(query.get('user') ?? '', CART_FACTORS[version] ?? 1),
    '/orders': (query) => orders(database, Number(query.get('user'))),
    '/export': () => exportLog(log, version === 'growing-json'),
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://shop')
    const action = actions[pathname]
    if (version === 'leak') kept.push(Buffer.alloc(LEAKED_BYTES, 1))
    const isSlow = random.next() < (version === 'slow-mode' ? 0.05 : 0.01)
    const fails = random.next() < (version === 'errors' ? 0.02 : 0)
    if (action === undefined || fails) return send(response, fails ? 500 : 404, {})
    const answer = action(searchParams)
    if (!isSlow) return send(response, 200, answer)
    setTimeout(() => send(response, 200, answer), SLOW_MS * (0.5 + random.next()))
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) console.log(`port ${address.port}`)
  })
}

function send(response: ServerResponse, status: number, answer: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(answer))
}

function home(database: DatabaseSync, oneByOne: boolean): Answer {
  const ids = Array.from({ length: ON_HOME }, (_, index) => index + 1)
  if (oneByOne) {
    return ids.map((id) => database.prepare('select id, name from product where id = ?').get(id))
  }
  const marks = ids.map(() => '?').join(',')
  return database.prepare(`select id, name from product where id in (${marks})`).all(...ids)
}

function search(database: DatabaseSync, words: string, goesBack: boolean): Answer {
  const found = database
    .prepare('select id, name from product where name like ? limit 20')
    .all(`%${words}%`)
  const template = `results${' '.repeat(BLANKS)}for ${words}`
  // The same text either way; the expression starts anew at every blank.
  const shown = goesBack ? template.replace(/\s+$/, '') : template.trimEnd()
  return { found, title: shown.replace(/ {2,}/, ' ') }
}

function product(database: DatabaseSync, id: number, inCents: boolean): Answer {
  const { price, ...rest } =
    database.prepare('select id, name, price from product where id = ?').get(id) ?? {}
  const shown = Number(price)
  return { ...rest, price: inCents ? shown * 100 : shown, currency: 'EUR' }
}

function cart(user: string, factor: number): Answer {
  let digest = user
  for (let round = 0; round < CART_ROUNDS * factor; round += 1) {
    digest = createHash('sha256').update(digest).digest('hex')
  }
  return { user, items: 3, total: 59.9, isPriced: digest.length > 0 }
}

function orders(database: DatabaseSync, user: number): Answer {
  return database
    .prepare('select count(*) as orders, sum(price) as spent from purchase where user = ?')
    .get(user)
}

function exportLog(log: unknown[], isWhole: boolean): Answer {
  log.push({ number: log.length, text: 'exported', lines: Array.from({ length: 20 }, String) })
  if (!isWhole) log.length = Math.min(log.length, 20)
  // Written to nobody: the answer stays the same, only the time grows.
  const written = JSON.stringify(log).length
  return { format: 'csv', isWritten: written > 0 }
}

function fillDatabase(hasIndex: boolean): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  const random = createRandom(1, 'shop')
  database.exec(`
    create table product (id integer primary key, name text, price real);
    create table purchase (id integer primary key, user integer, price real);
  `)
  const addProduct = database.prepare('insert into product (name, price) values (?, ?)')
  const words = ['lamp', 'chair', 'table', 'shelf', 'mirror', 'carpet']
  database.exec('begin')
  for (let index = 0; index < PRODUCTS; index += 1) {
    addProduct.run(`${words[index % words.length]} ${index}`, 5 + random.int(200))
  }
  const addOrder = database.prepare('insert into purchase (user, price) values (?, ?)')
  for (let index = 0; index < ORDERS; index += 1) addOrder.run(random.int(USERS), random.int(90))
  database.exec('commit')
  if (hasIndex) database.exec('create index purchase_of_user on purchase (user)')
  return database
}

if (import.meta.main) {
  serveShop(versionOf(process.argv[2] ?? 'same').name, Number(process.argv[3] ?? 1))
}
