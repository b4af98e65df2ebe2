import { describe, expect, it } from 'vitest'
import { Faults } from '../../../src/generator/pool/faults.ts'

const messages = (faults: Faults): string[] => faults.reasons().map(({ message }) => message)

describe('Faults', () => {
  it('says nothing where nothing failed', () => {
    expect(new Faults().take()).toBeUndefined()
    expect(new Faults().reasons()).toEqual([])
  })
  it('names the most frequent first, and those of several threads together', () => {
    const whole = new Faults()
    for (const thread of [1, 2]) {
      const one = new Faults()
      one.add('view', 'status 404 is not 2xx or 3xx')
      for (let count = 0; count < thread; count += 1) one.add('pay', 'it refused the connection')
      whole.merge(one.take() ?? [])
      expect(one.take()).toBeUndefined()
    }
    expect(messages(whole)).toEqual([
      'pay failed 3 times: it refused the connection',
      'view failed 2 times: status 404 is not 2xx or 3xx',
    ])
  })
  it('stays small whatever is said, and counts them all', () => {
    const faults = new Faults()
    for (let count = 0; count < 10_000; count += 1) faults.add('a', `value ${count}`)
    const kept = faults.take() ?? []
    expect(kept.length).toBeLessThanOrEqual(101)
    expect(kept.reduce((sum, { requests }) => sum + requests, 0)).toBe(10_000)
    faults.merge(kept)
    expect(messages(faults)).toHaveLength(6)
    expect(messages(faults).at(-1)).toBe('requests failed 9995 times for other reasons')
  })
})
