import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { armOf, findUserKey, userHash } from '../../../../src/allocator/routers/embedded/assign.ts'

describe('armOf()', () => {
  const weight = fc.integer({ min: 0, max: 10_000 })
  it('keeps everyone on the canary while the weight grows', () => {
    fc.assert(
      fc.property(fc.string(), weight, weight, (user, one, other) => {
        const hash = userHash('edge', user)
        const [less, more] = [Math.min(one, other), Math.max(one, other)]
        return armOf(hash, less) === 'baseline' || armOf(hash, more) === 'canary'
      }),
    )
  })
  it('sends nobody at 0 and everybody at 10 000', () => {
    fc.assert(
      fc.property(fc.string(), (user) => {
        const hash = userHash('edge', user)
        return armOf(hash, 0) === 'baseline' && armOf(hash, 10_000) === 'canary'
      }),
    )
  })
  it('picks other users for another router', () => {
    const users = Array.from({ length: 2000 }, (_, index) => `user-${index}`)
    const canaryOf = (router: string): string[] =>
      users.filter((user) => armOf(userHash(router, user), 1000) === 'canary')
    const both = canaryOf('edge').filter((user) => canaryOf('local').includes(user))
    // A tenth of a tenth is 20; five standard errors are 22.
    expect(both.length).toBeLessThan(43)
  })
})

describe('findUserKey()', () => {
  it('finds the configured cookie among others, and nothing in an empty one', () => {
    const source = { cookie: 'uid' }
    expect(findUserKey({ cookie: 'xuid=1; uid = 7; uid2=3' }, source)).toBe('7')
    expect(findUserKey({ cookie: 'uid=' }, source)).toBeUndefined()
    expect(findUserKey({}, source)).toBeUndefined()
  })
  it('finds the configured header in any spelling, and cuts what is too long', () => {
    const source = { header: 'X-User' }
    expect(findUserKey({ 'x-user': 'u7' }, source)).toBe('u7')
    expect(findUserKey({ 'x-user': 'u'.repeat(9000) }, source)).toHaveLength(500)
  })
  it('falls back to the cookie that the proxy set', () => {
    const headers = { cookie: 'a=b; outrider_user=me' }
    for (const source of [undefined, { cookie: 'uid' }, { header: 'x-user' }]) {
      expect(findUserKey(headers, source)).toBe('me')
    }
  })
})
