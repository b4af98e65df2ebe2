/** What every router must do, whatever kind it is: run against the real thing with real traffic. */

import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RouterCounts } from '../../src/allocator/routers/counts.ts'
import type { Router } from '../../src/allocator/routers/router.ts'
import { observeSplit } from '../../src/allocator/verify.ts'
import { UsageError } from '../../src/core/errors.ts'
import { userNames, type Users } from './users.ts'

export interface RouterWorld {
  readonly router: Router
  readonly users: Users
  close(): Promise<void>
}

/** A router may count a request a moment after its user has the answer. */
async function settledCounts(router: Router): Promise<RouterCounts> {
  let before = await router.counts()
  for (;;) {
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
    const counts = await router.counts()
    if (isDeepStrictEqual(counts, before)) return counts
    before = counts
  }
}

/** @param skip why this router cannot run here; undefined = it can */
export function describeRouter(
  name: string,
  startWorld: () => Promise<RouterWorld>,
  skip?: string,
): void {
  describe.skipIf(skip !== undefined)(`${name} as a router ${skip ?? ''}`, () => {
    let world: RouterWorld
    beforeAll(async () => {
      world = await startWorld()
    })
    afterAll(async () => {
      await world.close()
    })

    it('refuses weights that are none and stays where it is', async () => {
      const { router } = world
      for (const weightBp of [-1, 10_001, 0.5, NaN, Infinity]) {
        await expect(router.set(weightBp)).rejects.toThrow(UsageError)
      }
      expect(await router.read()).toMatchObject({ kind: 'read', configuredBp: 0 })
    })

    it('has nothing in its way', async () => {
      const findings = await world.router.preflight()
      expect(findings.filter(({ level }) => level !== 'ok')).toEqual([])
      expect(findings.length).toBeGreaterThan(1)
    })

    it('refuses to overrun someone else, and says what it found', async () => {
      const failing = world.router.set(1000, { expectBp: 500 })
      await expect(failing).rejects.toMatchObject({ code: 'router-conflict' })
      expect(await world.router.read()).toMatchObject({ configuredBp: 0 })
    })

    it('sends nobody to the canary at 0 and everybody at 100 %', async () => {
      const { router, users } = world
      const some = [...userNames(50), ...Array.from({ length: 50 }, () => undefined)]
      expect(new Set(await users.sendAll(some))).toEqual(new Set(['baseline']))
      await router.set(10_000, { expectBp: 0 })
      expect(new Set(await users.sendAll(some))).toEqual(new Set(['canary']))
      await router.set(0)
    })

    it('reads back what was set, splits the users so, and moves only the difference', async () => {
      const { router, users } = world
      const all = userNames(1000)
      let before = new Set<string>()
      for (const weightBp of [500, 1000, 2500, 5000]) {
        const state = await router.set(weightBp)
        expect(state).toMatchObject({ configuredBp: weightBp, effectiveBp: weightBp })
        const since = await router.counts()
        const arms = await users.sendAll(all)
        const canary = new Set(all.filter((_user, index) => arms[index] === 'canary'))
        const split = observeSplit(since, await router.counts(), weightBp)
        expect(split).toMatchObject({ kind: 'observed', agrees: true })
        expect(await users.sendAll([...canary])).not.toContain('baseline')
        expect([...before].filter((user) => !canary.has(user))).toEqual([])
        before = canary
      }
    })

    it('splits users without an id by chance, and they agree with the weight', async () => {
      const { router, users } = world
      await router.set(3000)
      const since = await router.counts()
      const arms = await users.sendAll(Array.from({ length: 600 }, () => undefined))
      const share = arms.filter((arm) => arm === 'canary').length / 600
      // Five standard errors of a binomial.
      expect(Math.abs(share - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / 600))
      expect(observeSplit(since, await router.counts(), 3000)).toMatchObject({ agrees: true })
    })

    it('counts every request, per arm', async () => {
      const { router, users } = world
      await router.set(2000)
      const since = await settledCounts(router)
      const arms = await users.sendAll(userNames(300))
      const counts = await settledCounts(router)
      const canary = arms.filter((arm) => arm === 'canary').length
      expect(counts.canary.requests - since.canary.requests).toBe(canary)
      expect(counts.baseline.requests - since.baseline.requests).toBe(300 - canary)
      expect(counts.canary.serverErrors).toBe(0)
      expect(counts.incarnation).toBe(since.incarnation)
    })

    it('loses no request while the weight changes', async () => {
      const { router, users } = world
      const since = await router.counts()
      for (let step = 0; step <= 40; step += 1) {
        const wave = users.sendAll(userNames(20))
        await router.set(step * 250)
        expect(await wave).toHaveLength(20)
      }
      const counts = await router.counts()
      expect(counts.baseline.serverErrors - since.baseline.serverErrors).toBe(0)
      expect(counts.canary.serverErrors - since.canary.serverErrors).toBe(0)
    })

    it('abort() and finalise() end at 0, whatever the weight was, as often as one likes', async () => {
      const { router, users } = world
      await router.set(10_000)
      expect(await router.abort()).toMatchObject({ configuredBp: 0, effectiveBp: 0 })
      expect(await router.abort()).toMatchObject({ configuredBp: 0 })
      expect(new Set(await users.sendAll(userNames(30)))).toEqual(new Set(['baseline']))
      await router.set(100)
      expect(await router.finalise()).toMatchObject({ configuredBp: 0 })
    })
  })
}
