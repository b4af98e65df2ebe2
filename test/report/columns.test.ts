import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clip, padEnd, padStart, widthOf, wrap } from '../../src/report/columns.ts'

describe('widthOf()', () => {
  it('counts wide characters twice and combining marks not at all', () => {
    expect(['abc', '配送', 'e\u0301', '✖', '×', ''].map(widthOf)).toEqual([3, 4, 1, 1, 1, 0])
  })
})

describe('clip()', () => {
  it('shows that something was cut off', () => {
    expect(clip('checkout', 5)).toBe('chec…')
    expect(clip('checkout', 8)).toBe('checkout')
    expect(clip('配送先', 4)).toBe('配…')
  })

  it('is never wider than asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        expect(widthOf(clip(text, width))).toBeLessThanOrEqual(width)
      }),
    )
  })
})

describe('padEnd(), padStart()', () => {
  it('fill by columns, not by characters', () => {
    expect([padEnd('配', 4), padStart('配', 4), padEnd('long', 2)]).toEqual([
      '配  ',
      '  配',
      'long',
    ])
  })
})

describe('wrap()', () => {
  it('loses and adds nothing but spaces, and keeps to the width', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.integer({ min: 2, max: 80 }),
        fc.integer({ min: 0, max: 20 }),
        (text, width, offset) => {
          const lines = wrap(text, width, Math.min(offset, width))
          expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width)
        },
      ),
    )
  })
})
