import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CATEGORY_PAGE_SIZE,
  MAX_OPEN_CURSORS,
  OutOfCursorsError,
  countingRows,
  firstPageOnly,
  leavingCursorsOpen,
  type CategoryList,
  type Reader,
} from '../../src/demo/category-list.ts'

const CATEGORY_SIZE = 60
const rows = Array.from({ length: CATEGORY_SIZE }, (_, index) => index)
const reader: Reader<number> = {
  open: (category) => (category === 'chairs' ? rows : []).values(),
  page: (category, offset) =>
    category === 'chairs' ? rows.slice(offset, offset + CATEGORY_PAGE_SIZE) : [],
}
const chairs = { category: 'chairs', page: 1 } as const

function openBy(list: CategoryList<number>, customer: string | undefined): 'page' | 'error' {
  try {
    expect(list({ ...chairs, customer })).toEqual(rows.slice(0, CATEGORY_PAGE_SIZE))
    return 'page'
  } catch (error) {
    expect(error).toBeInstanceOf(OutOfCursorsError)
    return 'error'
  }
}

describe('leavingCursorsOpen', () => {
  it('serves nobody once so many first pages were left by customers', () => {
    const list = leavingCursorsOpen(reader)
    for (let count = 0; count < MAX_OPEN_CURSORS; count += 1) {
      expect(openBy(list, `c${count % 3}`)).toBe('page')
    }
    expect(openBy(list, 'c1')).toBe('error')
    expect(openBy(list, undefined)).toBe('error')
  })
  it('is never harmed by visitors who are not signed in, nor by categories it does not have', () => {
    const list = leavingCursorsOpen(reader)
    for (let count = 0; count < 10 * MAX_OPEN_CURSORS; count += 1) {
      expect(openBy(list, undefined)).toBe('page')
      expect(list({ category: 'airships', customer: 'c1', page: 1 })).toEqual([])
    }
  })
  it('a customer who reads to the end leaves nothing open', () => {
    const list = leavingCursorsOpen(reader)
    for (let count = 0; count < 10 * MAX_OPEN_CURSORS; count += 1) {
      const pages = [1, 2, 3].map((page) => list({ ...chairs, customer: 'c1', page }))
      expect(pages.flat()).toEqual(rows)
    }
  })
})

describe('countingRows', () => {
  it('gives customers each page, as often as they like', () => {
    const list = countingRows(reader)
    for (let count = 0; count < 10 * MAX_OPEN_CURSORS; count += 1) {
      expect(openBy(list, 'c1')).toBe('page')
    }
    expect([1, 2, 3, 4].flatMap((page) => list({ ...chairs, customer: 'c1', page }))).toEqual(rows)
  })
})

describe('every version', () => {
  it('gives the same to who is not signed in, whatever customers did before', () => {
    const visits = fc.array(fc.record({ customer: fc.constantFrom('c1', 'c2'), page: fc.nat(5) }), {
      maxLength: MAX_OPEN_CURSORS - 1,
    })
    fc.assert(
      fc.property(visits, (before) => {
        for (const list of [firstPageOnly, leavingCursorsOpen, countingRows].map((of) =>
          of(reader),
        )) {
          for (const { customer, page } of before) list({ ...chairs, customer, page: page + 1 })
          expect(openBy(list, undefined)).toBe('page')
        }
      }),
    )
  })
})
