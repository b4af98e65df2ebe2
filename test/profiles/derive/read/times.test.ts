import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTime } from '../../../../src/profiles/derive/read/times.ts'

const NOON = Date.UTC(2026, 2, 1, 12)

describe('parseTime', () => {
  it.each(['', '-', 'noon', '12:00:00', '2026-13-01T00:00:00Z', '1', 0, -5, Infinity, null, {}])(
    'parseTime() finds no time in %j',
    (value) => {
      expect(parseTime(value)).toBeUndefined()
    },
  )
  it.each([
    '2026-03-01T12:00:00Z',
    '2026-03-01 12:00:00',
    '2026-03-01T12:00:00,000000+00:00',
    '2026-03-01T13:30:00+0130',
    '[01/Mar/2026:12:00:00 +0000]',
    NOON,
    NOON / 1000,
    String(NOON / 1000),
    NOON * 1000,
    `${NOON}000000`,
  ])('parseTime() reads %j', (value) => {
    expect(parseTime(value)).toBe(NOON)
  })
  it('parseTime() reads any epoch in any unit', () => {
    const seconds = fc.integer({ min: 6e8, max: 7e9 })
    fc.assert(
      fc.property(seconds, fc.constantFrom(1, 1e3, 1e6, 1e9), (epoch, unit) => {
        expect(parseTime(epoch * unit)).toBeCloseTo(epoch * 1000, -1)
      }),
    )
  })
})
