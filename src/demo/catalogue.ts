/**
 * The sample shop's catalogue: a real SQLite database in memory, the same products for the same
 * seed, and the statements of each version of the shop.
 *
 * Version 1.4.2 has a defect that is common in real shops. A result page needs the stock, the
 * price, the rating and the newest review of each of its products. 1.4.1 asks for all of it with one
 * joined statement. 1.4.2 asks for the products and then, product by product, for the rest (an "N+1
 * query"): 1 statement became 401. Nothing sleeps, the answers are the same to the byte, and no
 * unit test of an answer would notice. 1.4.3 searches as 1.4.1 did, and has another defect
 * (category-list.ts). 1.4.4 has none.
 */

import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite'
import {
  CATEGORY_PAGE_SIZE,
  countingRows,
  firstPageOnly,
  leavingCursorsOpen,
  type CategoryList,
  type CategoryRequest,
  type Reader,
} from './category-list.ts'
import { fillCatalogue } from './stock-up.ts'

export const SHOP_VERSIONS = {
  baseline: '1.4.1',
  slow: '1.4.2',
  leaking: '1.4.3',
  mended: '1.4.4',
} as const
export type ShopVersion = (typeof SHOP_VERSIONS)[keyof typeof SHOP_VERSIONS]

export interface Listed {
  readonly sku: string
  readonly name: string
  readonly priceCents: number
  readonly stock: number
  /** Mean stars, 1 to 5. */
  readonly rating: number
  readonly reviewCount: number
  readonly newestReview: string
}

export interface Product extends Listed {
  readonly category: string
  readonly description: string
  readonly reviews: readonly { readonly stars: number; readonly text: string }[]
}

export interface CartLine {
  readonly sku: string
  readonly name: string
  readonly quantity: number
  readonly priceCents: number
}

export interface Catalogue {
  /** Fills the page with best sellers where fewer than a page match. */
  search(words: string): readonly Listed[]
  /**
   * Undefined for a category the shop does not have, or a page after its last.
   * @throws OutOfCursorsError
   */
  findCategory(request: CategoryRequest): readonly Listed[] | undefined
  findProduct(sku: string): Product | undefined
  bestSellers(): readonly Listed[]
  /** The new cart's id, or undefined for a product the shop does not have. */
  openCart(owner: string, sku: string, quantity: number): string | undefined
  /** Empty for a cart that is not there. */
  cartLines(cart: string): readonly CartLine[]
  /** False for a cart that is not there or is paid already. */
  payCart(cart: string): boolean
  /** Statements that were executed so far. */
  statementCount(): number
  close(): void
}

/** Products on a page of search results. */
export const PAGE_SIZE = 100
const HOME_PAGE_SIZE = 12
const SHOWN_REVIEWS = 10
/** The oldest carts are forgotten, so that a long probe cannot fill the memory. */
const MAX_CARTS = 10_000

type Row = Record<string, SQLOutputValue>
type All = (sql: string, ...values: SQLInputValue[]) => Row[]

const EVERYTHING = '1'
/** SQLite's word for no limit. */
const EVERY_ROW = -1
const MATCHING_FIRST = `instr(name, ?1) > 0 DESC,`

/** Opens a catalogue of its own; equal seeds give equal catalogues whatever the version. */
export function openCatalogue(version: ShopVersion, seed: number): Catalogue {
  const database = new DatabaseSync(':memory:')
  fillCatalogue(database, seed)
  let statements = 0

  const all: All = (sql, ...values) => {
    statements += 1
    return database.prepare(sql).all(...values)
  }
  const listCategory = categoryListOf(version)({
    open: (category) => {
      statements += 1
      return database.prepare(CATEGORY_SQL).iterate(category, EVERY_ROW, 0)
    },
    page: (category, offset) => all(CATEGORY_SQL, category, CATEGORY_PAGE_SIZE, offset),
  })
  return {
    ...createCarts(all),
    search: (words) =>
      version === SHOP_VERSIONS.slow ? searchOneByOne(all, words) : searchAtOnce(all, words),
    findCategory: (request) => {
      const found = listCategory(request).map(toListed)
      return found.length === 0 ? undefined : found
    },
    findProduct: (sku) => findProduct(all, sku),
    bestSellers: () => all(listSql({ where: EVERYTHING, limit: HOME_PAGE_SIZE })).map(toListed),
    statementCount: () => statements,
    close: () => database.close(),
  }
}

function categoryListOf(version: ShopVersion): (reader: Reader<Row>) => CategoryList<Row> {
  switch (version) {
    case SHOP_VERSIONS.baseline:
    case SHOP_VERSIONS.slow:
      return firstPageOnly
    case SHOP_VERSIONS.leaking:
      return leavingCursorsOpen
    case SHOP_VERSIONS.mended:
      return countingRows
  }
}

/** All but 1.4.2: the whole page with one statement. */
function searchAtOnce(all: All, words: string): Listed[] {
  const sql = listSql({ where: EVERYTHING, first: MATCHING_FIRST, limit: PAGE_SIZE })
  return all(sql, words).map(toListed)
}

/** 1.4.2: the products, and then for each of them what the page says of it. */
function searchOneByOne(all: All, words: string): Listed[] {
  const page = all(pageSql({ where: EVERYTHING, first: MATCHING_FIRST, limit: PAGE_SIZE }), words)
  return page.map((row) => {
    const sku = String(row['sku'])
    const details = PER_PRODUCT_SQL.map((sql) => all(sql, sku)[0] ?? {})
    return toListed(Object.assign({}, row, ...details))
  })
}

function findProduct(all: All, sku: string): Product | undefined {
  const row = all(listSql({ where: 'sku = ?1', limit: 1 }), sku)[0]
  if (row === undefined) return undefined
  const reviews = all(
    'SELECT stars, text FROM reviews WHERE sku = ? ORDER BY id DESC LIMIT ?',
    sku,
    SHOWN_REVIEWS,
  )
  return {
    ...toListed(row),
    category: String(row['category']),
    description: String(row['description']),
    reviews: reviews.map(({ stars, text }) => ({ stars: Number(stars), text: String(text) })),
  }
}

function createCarts(all: All): Pick<Catalogue, 'openCart' | 'cartLines' | 'payCart'> {
  return {
    openCart: (owner, sku, quantity) => {
      if (all('SELECT 1 FROM products WHERE sku = ?', sku).length === 0) return undefined
      const [cart] = all('INSERT INTO carts (owner, paid) VALUES (?, 0) RETURNING id', owner)
      const id = Number(cart?.['id'])
      all('INSERT INTO cart_lines VALUES (?, ?, ?)', id, sku, quantity)
      all('DELETE FROM cart_lines WHERE cart <= ?', id - MAX_CARTS)
      all('DELETE FROM carts WHERE id <= ?', id - MAX_CARTS)
      return String(id)
    },
    cartLines: (cart) =>
      all(CART_SQL, cart).map((row) => ({
        sku: String(row['sku']),
        name: String(row['name']),
        quantity: Number(row['quantity']),
        priceCents: Number(row['price_cents']),
      })),
    payCart: (cart) =>
      all('UPDATE carts SET paid = 1 WHERE id = ? AND paid = 0 RETURNING id', cart).length === 1,
  }
}

const CART_SQL = `SELECT sku, name, cart_lines.quantity, price_cents
  FROM cart_lines JOIN products USING (sku) JOIN summaries USING (sku) WHERE cart = ?`

const PER_PRODUCT_SQL = [
  'SELECT quantity FROM stock WHERE sku = ?',
  'SELECT price_cents FROM prices WHERE sku = ? ORDER BY day DESC LIMIT 1',
  'SELECT avg(stars) AS rating, count(*) AS review_count FROM reviews WHERE sku = ?',
  'SELECT text FROM reviews WHERE sku = ? ORDER BY id DESC LIMIT 1',
]

interface Page {
  readonly where: string
  /** What goes before the best sellers, as a term of ORDER BY that ends in a comma. */
  readonly first?: string
  /** A number, or where it comes from. */
  readonly limit: number | string
}

function pageSql({ where, first = '', limit }: Page): string {
  return `SELECT row_number() OVER (ORDER BY ${first} sales DESC, sku) AS place,
      sku, name, category, description
    FROM products WHERE ${where} ORDER BY place LIMIT ${limit}`
}

/** `summaries` holds what follows from reviews and prices, and is written when they change. */
function listSql(page: Page): string {
  return `SELECT page.*, quantity, price_cents, rating, review_count, text
    FROM (${pageSql(page)}) AS page
    JOIN stock USING (sku)
    JOIN summaries USING (sku)
    JOIN reviews ON reviews.id = newest_review
    ORDER BY place`
}

const CATEGORY_SQL = listSql({ where: 'category = ?1', limit: '?2 OFFSET ?3' })

function toListed(row: Row): Listed {
  return {
    sku: String(row['sku']),
    name: String(row['name']),
    priceCents: Number(row['price_cents']),
    stock: Number(row['quantity']),
    rating: Number(row['rating']),
    reviewCount: Number(row['review_count']),
    newestReview: String(row['text']),
  }
}
