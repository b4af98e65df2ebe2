import { afterAll, describe, expect, it } from 'vitest'
import { openCatalogue, PAGE_SIZE, SHOP_VERSIONS } from '../../src/demo/catalogue.ts'
import { PRODUCT_COUNT, skuOf } from '../../src/demo/stock-up.ts'

const baseline = openCatalogue(SHOP_VERSIONS.baseline, 1)
const defective = openCatalogue(SHOP_VERSIONS.defective, 1)
const mended = openCatalogue(SHOP_VERSIONS.mended, 1)
const all = [baseline, defective, mended]

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
      expect(catalogue.findCategory('airships')).toBeUndefined()
      expect(catalogue.openCart('me', 'S0', 1)).toBeUndefined()
      expect(catalogue.payCart('999')).toBe(false)
    }
  })
  it('search() gives the same full page in each version', () => {
    for (const words of ['chair', 'lamp', 'nothing is called so', '', "%'; DROP TABLE products"]) {
      const page = baseline.search(words)
      expect(page).toHaveLength(PAGE_SIZE)
      expect(defective.search(words)).toEqual(page)
      expect(mended.search(words)).toEqual(page)
    }
  })
  it('search() puts what matches first', () => {
    const names = baseline.search('vase').map((product) => product.name)
    const matches = names.filter((name) => name.includes('vase')).length
    expect(matches).toBeGreaterThan(0)
    expect(names.slice(0, matches).every((name) => name.includes('vase'))).toBe(true)
  })
  it('search() asks once, and in the defective version four times more for each product', () => {
    expect(statementsOf(baseline, () => baseline.search('chair'))).toBe(1)
    expect(statementsOf(defective, () => defective.search('chair'))).toBe(1 + 4 * PAGE_SIZE)
    expect(statementsOf(mended, () => mended.search('chair'))).toBe(1)
  })
  it('only search() differs between the versions', () => {
    const others = [
      (catalogue: (typeof all)[number]) => catalogue.bestSellers(),
      (catalogue: (typeof all)[number]) => catalogue.findCategory('chairs'),
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
  it('a cart is paid once', () => {
    const cart = mended.openCart('me', 'S7', 2) ?? ''
    expect(mended.cartLines(cart)).toMatchObject([{ sku: 'S7', quantity: 2 }])
    expect(mended.payCart(cart)).toBe(true)
    expect(mended.payCart(cart)).toBe(false)
  })
})
