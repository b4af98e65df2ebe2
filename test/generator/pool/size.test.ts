import { describe, expect, it } from 'vitest'
import { workersFor } from '../../../src/generator/pool/size.ts'

const FREE = { maxRps: Number.POSITIVE_INFINITY, concurrency: 1_000 }

describe('workersFor()', () => {
  it('is one for what one thread can send', () => {
    expect(workersFor('auto', { ...FREE, rate: 4_000 }, 16)).toBe(1)
    expect(workersFor('auto', { ...FREE, concurrency: 200 }, 16)).toBe(1)
  })
  it('grows with the rate, or with the users who go back to back', () => {
    expect(workersFor('auto', { ...FREE, rate: 9_000 }, 16)).toBe(3)
    expect(workersFor('auto', FREE, 16)).toBe(4)
  })
  it('leaves a core, but for the only one', () => {
    expect(workersFor('auto', { ...FREE, rate: 90_000 }, 4)).toBe(3)
    expect(workersFor('auto', { ...FREE, rate: 90_000 }, 1)).toBe(1)
  })
  it('gives what is asked for, as far as users and caps can be split', () => {
    expect(workersFor(3, { ...FREE, rate: 10 }, 2)).toBe(3)
    expect(workersFor(8, { ...FREE, concurrency: 2 }, 2)).toBe(2)
    expect(workersFor(8, { ...FREE, maxRps: 10 }, 2)).toBe(2)
    expect(workersFor(8, { ...FREE, maxRps: 1 }, 2)).toBe(1)
  })
})
