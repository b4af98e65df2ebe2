/** What the sample shop sells: products, stock and reviews made up from a seed. */

import type { DatabaseSync } from 'node:sqlite'
import { invariant } from '../core/invariant.ts'
import { createRandom, type Random } from '../core/random.ts'

export const PRODUCT_COUNT = 600

export const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  chairs: ['chair', 'stool', 'armchair', 'bench'],
  tables: ['table', 'desk', 'side table', 'workbench'],
  lamps: ['lamp', 'lantern', 'spotlight', 'ceiling light'],
  sofas: ['sofa', 'sofa bed', 'corner sofa', 'footrest'],
  storage: ['shelf', 'bookcase', 'chest', 'cabinet'],
  beds: ['bed', 'mattress', 'daybed', 'headboard'],
  decor: ['mirror', 'rug', 'clock', 'vase'],
  outdoor: ['planter', 'parasol', 'hammock', 'watering can'],
}

const ADJECTIVES = ['plain', 'folding', 'tall', 'small', 'heavy', 'light', 'round', 'quiet']
const MATERIALS = ['oak', 'beech', 'steel', 'linen', 'wool', 'glass', 'cork', 'copper', 'pine']
const PRAISE = ['does what it should', 'came on time', 'looks better than in the picture']
const BLAME = ['one screw was missing', 'smaller than I thought', 'the colour is not quite mine']
const MAX_REVIEWS = 40
const MAX_PRICES = 6

const SCHEMA = `
  CREATE TABLE products (
    sku TEXT PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL, description TEXT NOT NULL,
    sales INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX products_by_category ON products (category, sales DESC);
  CREATE TABLE stock (sku TEXT PRIMARY KEY REFERENCES products, quantity INTEGER NOT NULL) STRICT;
  CREATE TABLE reviews (
    id INTEGER PRIMARY KEY, sku TEXT NOT NULL REFERENCES products, stars INTEGER NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  CREATE INDEX reviews_by_product ON reviews (sku, id);
  CREATE TABLE prices (
    sku TEXT NOT NULL REFERENCES products, day INTEGER NOT NULL, price_cents INTEGER NOT NULL,
    PRIMARY KEY (sku, day)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE summaries (
    sku TEXT PRIMARY KEY REFERENCES products, price_cents INTEGER NOT NULL, rating REAL NOT NULL,
    review_count INTEGER NOT NULL, newest_review INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE carts (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, paid INTEGER NOT NULL) STRICT;
  CREATE TABLE cart_lines (cart INTEGER NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL) STRICT;
  CREATE INDEX cart_lines_by_cart ON cart_lines (cart);
`

const SUMMARISE = `
  INSERT INTO summaries SELECT sku, (
      SELECT price_cents FROM prices WHERE prices.sku = reviews.sku ORDER BY day DESC LIMIT 1
    ), avg(stars), count(*), max(id)
  FROM reviews GROUP BY sku
`

/** Fills an empty database; equal seeds give equal shops. */
export function fillCatalogue(database: DatabaseSync, seed: number): void {
  const random = createRandom(seed, 'catalogue')
  const categories = Object.entries(CATEGORIES)
  database.exec(SCHEMA)
  database.exec('BEGIN')
  const product = database.prepare('INSERT INTO products VALUES (?, ?, ?, ?, ?)')
  const stock = database.prepare('INSERT INTO stock VALUES (?, ?)')
  const price = database.prepare('INSERT INTO prices VALUES (?, ?, ?)')
  const review = database.prepare('INSERT INTO reviews (sku, stars, text) VALUES (?, ?, ?)')
  for (let number = 1; number <= PRODUCT_COUNT; number += 1) {
    const sku = skuOf(number)
    const [category, nouns] = pick(random, categories)
    const name = `${pick(random, ADJECTIVES)} ${pick(random, MATERIALS)} ${pick(random, nouns)}`
    const description = `A ${name} for every day, with a little ${pick(random, MATERIALS)}.`
    product.run(sku, name, category, description, random.int(100_000))
    stock.run(sku, random.int(200))
    for (let day = random.int(MAX_PRICES); day >= 0; day -= 1) {
      price.run(sku, day, 500 + random.int(60_000))
    }
    for (let left = random.int(MAX_REVIEWS); left >= 0; left -= 1) {
      const stars = 1 + random.int(5)
      review.run(sku, stars, pick(random, stars > 2 ? PRAISE : BLAME))
    }
  }
  database.exec(SUMMARISE)
  database.exec('COMMIT')
}

/** The number of a product as the shop writes it: `S1`, `S2`, … */
export function skuOf(number: number): string {
  return `S${number}`
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.int(items.length)]
  invariant(item !== undefined, 'there is something to pick from')
  return item
}
