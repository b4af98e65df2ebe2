import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RouterError } from '../../../src/core/errors.ts'
import {
  createRouter,
  effectiveWeight,
  type Router,
  type RouterAdapter,
} from '../../../src/allocator/routers/router.ts'

const clock = { nowMs: () => 0, wallMs: () => 1000 }

/** A router that takes what `take` lets through. */
function scripted(take: (weightBp: number) => number): Router & { readonly writes: number[] } {
  let configuredBp = 0
  const writes: number[] = []
  const adapter: RouterAdapter = {
    kind: 'scripted',
    capabilities: {
      stepBp: 1,
      isMonotone: true,
      countsUsers: false,
      measuresLatency: false,
      survivesRestart: true,
      isInProcess: false,
    },
    open: () => Promise.resolve(),
    url: () => undefined,
    preflight: () => Promise.resolve([]),
    readState: () => Promise.resolve({ configuredBp, incarnation: 'one' }),
    write: (weightBp) => {
      writes.push(weightBp)
      configuredBp = take(weightBp)
      return Promise.resolve()
    },
    counts: () => Promise.reject(new RouterError('gone', { code: 'router-unreachable' })),
    evict: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  return Object.assign(createRouter('edge', adapter, clock), { writes })
}

describe('createRouter()', () => {
  it('set() writes nothing for a weight that is none, or that someone else moved', async () => {
    const router = scripted((weightBp) => weightBp)
    await expect(router.set(10_001)).rejects.toMatchObject({ code: 'bad-weight' })
    await expect(router.set(600, { expectBp: 500 })).rejects.toThrow(/should be 5.% and is 0.%/)
    expect(router.writes).toEqual([])
  })

  it('set() believes what is read back, not that the write went well', async () => {
    await expect(scripted(() => 0).set(500)).rejects.toMatchObject({
      code: 'router-not-applied',
      mend: expect.stringContaining('outrider router check edge'),
    })
    await expect(scripted(() => 501).set(500)).rejects.toThrow(/accepted 5.% and still says 5.01.%/)
  })

  it('set() leaves a router alone that is there already; abort() writes in any case', async () => {
    const router = scripted((weightBp) => weightBp)
    await router.set(0)
    expect(router.writes).toEqual([])
    expect(await router.abort()).toEqual({
      kind: 'read',
      configuredBp: 0,
      incarnation: 'one',
      atMs: 1000,
    })
    expect(router.writes).toEqual([0])
  })
})

describe('effectiveWeight()', () => {
  const weight = fc.integer({ min: 0, max: 10_000 })
  it('is the configured one while both sides are up', () => {
    fc.assert(
      fc.property(weight, (bp) => effectiveWeight(bp, { baseline: true, canary: true }) === bp),
    )
  })
  it('is all or nothing where one side is down, and unknown where nobody can answer', () => {
    expect(effectiveWeight(5000, { baseline: true, canary: false })).toBe(0)
    expect(effectiveWeight(5000, { baseline: false, canary: true })).toBe(10_000)
    expect(effectiveWeight(5000, { baseline: false, canary: false })).toBeUndefined()
    expect(effectiveWeight(0, { baseline: false, canary: true })).toBeUndefined()
  })
})
