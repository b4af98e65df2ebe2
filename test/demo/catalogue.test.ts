import { afterAll, describe, expect, it } from 'vitest'
import { openCatalogue, PAGE_SIZE, SHOP_VERSIONS } from '../../src/demo/catalogue.ts'
import { CATEGORY_PAGE_SIZE } from '../../src/demo/category-list.ts'
import { PRODUCT_COUNT, skuOf } from '../../src/demo/stock-up.ts'

const baseline = openCatalogue(SHOP_VERSIONS.baseline, 1)
const slow = openCatalogue(SHOP_VERSIONS.slow, 1)
const leaking = openCatalogue(SHOP_VERSIONS.leaking, 1)
const mended = openCatalogue(SHOP_VERSIONS.mended, 1)
const all = [baseline, slow, leaking, mended]

afterAll(() => {
  for (const catalogue of all) catalogue.close()
})

function statementsOf(catalogue: (typeof all)[number], work: () => unknown): number {
  const before = catalogue.statementCount()
  work()
  return catalogue.statementCount() - before
}

describe('openCatalogue', () => {
  it('findProduct() and findCategory() find nothing where there is nothing', () => {
    for (const catalogue of all) {
      expect(catalogue.findProduct('S0')).toBeUndefined()
      expect(catalogue.findProduct(skuOf(PRODUCT_COUNT + 1))).toBeUndefined()
      expect(catalogue.findCategory({ category: 'airships', page: 1 })).toBeUndefined()
      expect(catalogue.openCart('me', 'S0', 1)).toBeUndefined()
      expect(catalogue.payCart('999')).toBe(false)
    }
  })
  it('search() gives the same full page in each version', () => {
    for (const words of ['chair', 'lamp', 'nothing is called so', '', "%'; DROP TABLE products"]) {
      const page = baseline.search(words)
      expect(page).toHaveLength(PAGE_SIZE)
      for (const catalogue of all) expect(catalogue.search(words)).toEqual(page)
    }
  })
  it('search() puts what matches first', () => {
    const names = baseline.search('vase').map((product) => product.name)
    const matches = names.filter((name) => name.includes('vase')).length
    expect(matches).toBeGreaterThan(0)
    expect(names.slice(0, matches).every((name) => name.includes('vase'))).toBe(true)
  })
  it('search() asks once, and in 1.4.2 four times more for each product', () => {
    expect(statementsOf(baseline, () => baseline.search('chair'))).toBe(1)
    expect(statementsOf(slow, () => slow.search('chair'))).toBe(1 + 4 * PAGE_SIZE)
    expect(statementsOf(leaking, () => leaking.search('chair'))).toBe(1)
    expect(statementsOf(mended, () => mended.search('chair'))).toBe(1)
  })
  it('only search() differs between the versions for who is not signed in', () => {
    const others = [
      (catalogue: (typeof all)[number]) => catalogue.bestSellers(),
      (catalogue: (typeof all)[number]) => catalogue.findCategory({ category: 'chairs', page: 1 }),
      (catalogue: (typeof all)[number]) => catalogue.findProduct('S7'),
      (catalogue: (typeof all)[number]) => catalogue.cartLines('1'),
    ]
    for (const other of others) {
      const [first, ...rest] = all.map((catalogue) => ({
        statements: statementsOf(catalogue, () => other(catalogue)),
        answer: other(catalogue),
      }))
      for (const one of rest) expect(one).toEqual(first)
    }
  })
  it('findCategory() gives customers of the last two versions the same next page', () => {
    const request = { category: 'chairs', customer: 'c1' }
    for (const page of [1, 2]) {
      const expected = mended.findCategory({ ...request, page })
      expect(expected).toHaveLength(CATEGORY_PAGE_SIZE)
      expect(leaking.findCategory({ ...request, page })).toEqual(expected)
    }
    const [first, second] = [1, 2].map((page) => mended.findCategory({ ...request, page }))
    expect(second).not.toEqual(first)
    expect(baseline.findCategory({ ...request, page: 2 })).toEqual(first)
  })
  it('a cart is paid once', () => {
    const cart = mended.openCart('me', 'S7', 2) ?? ''
    expect(mended.cartLines(cart)).toMatchObject([{ sku: 'S7', quantity: 2 }])
    expect(mended.payCart(cart)).toBe(true)
    expect(mended.payCart(cart)).toBe(false)
  })
})
