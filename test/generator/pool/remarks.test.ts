import { describe, expect, it } from 'vitest'
import { bottleneckReasons, type Strains } from '../../../src/generator/pool/remarks.ts'

const WELL: Strains = {
  seconds: 60,
  lagsMs: [1, 40, 2, 3, 1],
  cpus: [0.2, 1, 0.3, 0.2, 0.2],
  due: 1_000,
  notSent: 0,
  heldSeconds: 0,
  medianServiceMs: 20,
}

function messages(strains: Partial<Strains>): string[] {
  return bottleneckReasons({ ...WELL, ...strains }).map(
    ({ code, message }) => `${code}: ${message}`,
  )
}

describe('bottleneckReasons()', () => {
  it('says nothing of a generator that had a bad second, or has nothing to say', () => {
    expect(messages({})).toEqual([])
    expect(messages({ lagsMs: [90], cpus: [1] })).toEqual([])
    expect(messages({ lagsMs: [], cpus: [], due: 0, medianServiceMs: undefined })).toEqual([])
  })
  it.each([
    [
      { lagsMs: [30, 30, 1, 30, 30] },
      'its event loop lagged 30.0 ms, the median answer took 20.0 ms',
    ],
    [{ cpus: [0.99, 0.99, 1, 0.99, 0.5] }, 'a thread of it computed for 99 % of the time'],
    [{ heldSeconds: 30 }, 'it waited 50 % of the time for samples to be written'],
    [{ notSent: 100 }, 'it did not send 10 % of 1000 due steps'],
  ])('names what was too slow: %o', (strains, what) => {
    expect(messages(strains)).toEqual([
      `generator-bottleneck: the generator itself was the bottleneck: ${what}`,
    ])
  })
  it('does not mind a lag that is small beside the answers', () => {
    expect(messages({ lagsMs: [30, 30, 30, 30, 30], medianServiceMs: 400 })).toEqual([])
  })
})
