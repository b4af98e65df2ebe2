import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDraw, drawProfile, isNatural } from '../../../src/generator/session/draw.ts'

describe('drawProfile()', () => {
  it('depends on seed and number alone, and stays within the profiles', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.nat(),
        fc.integer({ min: 1, max: 1_000 }),
        (seed, number, size) => {
          const drawn = drawProfile(seed, number, size)
          expect(drawn).toBe(drawProfile(seed, number, size))
          expect(drawn).toBeGreaterThanOrEqual(0)
          expect(drawn).toBeLessThan(size)
        },
      ),
    )
  })
  it('draws every profile about equally often', () => {
    const counts = new Float64Array(10)
    for (let number = 1; number <= 10_000; number += 1) {
      const index = drawProfile(4, number, 10)
      counts[index] = (counts[index] ?? 0) + 1
    }
    for (const count of counts) expect(Math.abs(count / 1_000 - 1)).toBeLessThan(0.15)
  })
})

/** 90 bouncers, 9 who pay once and one who pays three times. */
const SESSIONS = Array.from({ length: 100 }, (_, index) => {
  if (index < 90) return ['home', 'list']
  return index < 99 ? ['home', 'pay', 'home'] : ['pay', 'pay', 'pay']
})
const DRAWS = 20_000

function drawn(focused: readonly string[], seed = 7): number[] {
  const draw = createDraw(seed, SESSIONS)
  draw.focus(focused)
  return Array.from({ length: DRAWS }, (_, index) => draw.profile(index + 1))
}

function shareOf(all: readonly number[], isIt: (profile: number) => boolean): number {
  return all.filter(isIt).length / all.length
}

describe('createDraw()', () => {
  it('is natural without a focus, with an empty one, and for an action that nobody does', () => {
    const natural = Array.from({ length: DRAWS }, (_, index) => drawProfile(7, index + 1, 100))
    const draw = createDraw(7, SESSIONS)
    expect(natural.map((_, index) => draw.profile(index + 1))).toEqual(natural)
    expect(drawn([])).toEqual(natural)
    expect(drawn(['nope'])).toEqual(natural)
  })
  it('keeps at least half of the sessions natural at every moment, and those as they were', () => {
    const natural = drawn([])
    const focused = drawn(['pay'])
    let same = 0
    for (const [index, profile] of focused.entries()) {
      if (profile === natural[index]) same += 1
      expect(same).toBeGreaterThanOrEqual((index + 1) / 2)
    }
  })
  it('keeps about half of them natural in each of two to five threads', () => {
    for (const count of [2, 3, 4, 5]) {
      for (let index = 0; index < count; index += 1) {
        const numbers = Array.from({ length: 2_000 }, (_, at) => index + 1 + at * count)
        const share = numbers.filter(isNatural).length / numbers.length
        expect(Math.abs(share - 0.5)).toBeLessThan(count === 3 ? 0.2 : 0.05)
      }
    }
  })
  it('tilts the other half to the profiles by their steps of the focused actions', () => {
    const tilted = drawn(['pay']).filter((_, index) => !isNatural(index + 1))
    expect(shareOf(tilted, (profile) => profile < 90)).toBe(0)
    expect(shareOf(tilted, (profile) => profile === 99)).toBeCloseTo(3 / 12, 1)
    for (let once = 90; once < 99; once += 1) {
      expect(shareOf(tilted, (profile) => profile === once)).toBeCloseTo(1 / 12, 1)
    }
  })
  it('brings a rare action several times as often', () => {
    const paysIn = (all: readonly number[]): number =>
      all.reduce(
        (sum, index) => sum + (SESSIONS[index]?.filter((action) => action === 'pay').length ?? 0),
        0,
      )
    expect(paysIn(drawn(['pay'])) / paysIn(drawn([]))).toBeGreaterThan(5)
  })
  it('weighs the steps of several actions together', () => {
    const tilted = drawn(['pay', 'list']).filter((_, index) => !isNatural(index + 1))
    expect(shareOf(tilted, (profile) => profile < 90)).toBeCloseTo(90 / 102, 1)
  })
  it('depends on seed, number and focus alone, not on what was drawn before', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 1e6 }),
        fc.array(fc.subarray(['home', 'list', 'pay', 'nope']), { maxLength: 5 }),
        fc.subarray(['home', 'list', 'pay', 'nope']),
        (seed, number, before, focused) => {
          const [one, other] = [createDraw(seed, SESSIONS), createDraw(seed, SESSIONS)]
          for (const earlier of before) {
            one.focus(earlier)
            one.profile(number)
          }
          one.focus(focused)
          other.focus(focused)
          const profile = one.profile(number)
          expect(profile).toBe(other.profile(number))
          const isTilted = !isNatural(number) && focused.some((action) => action !== 'nope')
          if (!isTilted) return
          expect(SESSIONS[profile]?.some((action) => focused.includes(action))).toBe(true)
        },
      ),
    )
  })
  it('changes the focus among 5000 profiles without a stall', () => {
    const actions = Array.from({ length: 40 }, (_, index) => `a${index}`)
    const many = Array.from({ length: 5_000 }, (_, profile) =>
      Array.from({ length: 15 }, (_, step) => actions[(profile * 7 + step * 3) % 40] ?? ''),
    )
    const draw = createDraw(1, many)
    draw.focus(actions.slice(0, 10))
    const startedMs = performance.now()
    for (let round = 0; round < 20; round += 1) draw.focus(actions.slice(round % 10, 20))
    expect((performance.now() - startedMs) / 20).toBeLessThan(5)
  })
})
