import { describe, expect, it } from 'vitest'
import { findNearest, suggest } from '../../src/core/suggest.ts'
import { parseDurationSeconds, parseShare } from '../../src/core/units.ts'

describe('parseDurationSeconds', () => {
  it('refuses a number without a unit and names the flag', () => {
    expect(() => parseDurationSeconds('60', '--duration')).toThrow(
      'Cannot read duration: "60" is not a number with a unit',
    )
  })

  it.each([
    ['250ms', 0.25],
    ['10s', 10],
    ['1.5m', 90],
    ['2h', 7200],
    ['30d', 2_592_000],
  ])('reads %s as %d s', (text, seconds) => {
    expect(parseDurationSeconds(text, '')).toBe(seconds)
  })
})

describe('parseShare', () => {
  it('refuses words', () => {
    expect(() => parseShare('ten', '--margin')).toThrow('Cannot read share')
  })

  it.each([
    ['10%', 0.1],
    ['0.1pp', 0.001],
    ['0.25', 0.25],
    ['2 pp', 0.02],
  ])('reads %s as %d', (text, share) => {
    expect(parseShare(text, '')).toBe(share)
  })
})

describe('suggest', () => {
  it('finds the nearest name within a third of its length', () => {
    expect(findNearest('chekout', ['search', 'checkout', 'home'])).toBe('checkout')
    expect(findNearest('zebra', ['search', 'checkout'])).toBeUndefined()
  })

  it('lists what is known where nothing is near', () => {
    expect(suggest('zebra', ['search', 'checkout'])).toBe('known: search, checkout')
  })
})
