import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  capsOf,
  createBreaker,
  isLoopback,
  retryAfterMs,
  skipsOf,
} from '../../src/generator/guard.ts'
import { ontologyOf, profileOf } from './arm-server.ts'

const SHOP = ontologyOf(`
version: 1
actions:
  search: { request: { path: /search } }
  cart: { request: { method: POST, path: /carts }, capture: { cart_id: { json: $.id } } }
  mine: { request: { method: POST, path: /carts, json: { of: "{{session.id}}" } } }
  agreed: { request: { method: POST, path: /hits }, shared_state: ok }
  pay: { request: { path: "/carts/{{captured.cart_id}}/pay" }, capture: { order: { json: $.o } } }
  order: { request: { path: "/orders/{{captured.order}}" } }
  book: { request: { path: /book }, cleanup: unbook }
  unbook: { request: { method: DELETE, path: /book } }
`)
const ALL = profileOf(
  'u1',
  ['search'],
  ['cart'],
  ['mine'],
  ['agreed'],
  ['pay'],
  ['order'],
  ['book'],
)
const codes = (allowMutations: boolean, twins: boolean): Record<string, string> =>
  Object.fromEntries(
    skipsOf(SHOP, [ALL], { allowMutations, twins }).map(({ action, code }) => [action, code]),
  )

describe('capsOf()', () => {
  const asked = { maxRps: 100, users: 1_000, seconds: 3_600 }
  const far = ['http://127.0.0.1:1', 'http://10.0.0.5:8080']

  it('refuses more than 100 requests/s to an address that is not a loopback one', () => {
    expect(() => capsOf(far, { ...asked, maxRps: 101 }, false)).toThrow(
      'Cannot send 101 requests/s to http://10.0.0.5:8080: the cap is 100 requests/s',
    )
  })
  it('refuses more than 1 000 users or an hour, on loopback too', () => {
    const near = ['http://localhost:1']
    expect(() => capsOf(near, { ...asked, users: 1_001 }, false)).toThrow('the cap is 1000 users')
    expect(() => capsOf(near, { ...asked, seconds: 3_601 }, false)).toThrow('the cap is one hour')
  })
  it('has no rate cap for loopback', () => {
    const unlimited = { ...asked, maxRps: Number.POSITIVE_INFINITY }
    expect(() => capsOf(['http://127.8.9.1', 'https://[::1]:8'], unlimited, false)).not.toThrow()
    expect(() => capsOf(far, unlimited, false)).toThrow('Infinity requests/s')
  })
  it('lets everything pass for whom the target belongs to', () => {
    expect(() => capsOf(far, { maxRps: 1e6, users: 1e6, seconds: 1e6 }, true)).not.toThrow()
  })
})

describe('isLoopback()', () => {
  it('takes no name that only looks like loopback', () => {
    const names = [
      'http://127.0.0.1.example.test',
      'http://localhost.example.test',
      'http://0.0.0.0',
    ]
    expect(names.filter(isLoopback)).toEqual([])
  })
})

describe('skipsOf()', () => {
  it('names actions that the ontology does not have', () => {
    const skips = skipsOf(SHOP, [profileOf('u', ['nope'])], { allowMutations: true, twins: true })
    expect(skips).toEqual([{ action: 'nope', code: 'no-ontology-entry' }])
  })
  it('skips what mutates, and what needs its captures, through any number of steps', () => {
    expect(codes(false, true)).toEqual({
      cart: 'mutations-not-allowed',
      mine: 'mutations-not-allowed',
      agreed: 'mutations-not-allowed',
      unbook: 'mutations-not-allowed',
      pay: 'needs-skipped',
      order: 'needs-skipped',
    })
  })
  it('keeps twins from state that they may share', () => {
    expect(codes(true, true)).toEqual({
      cart: 'shared-state',
      unbook: 'shared-state',
      pay: 'needs-skipped',
      order: 'needs-skipped',
    })
  })
  it('skips nothing for one target with mutations allowed', () => {
    expect(codes(true, false)).toEqual({})
  })
})

describe('createBreaker()', () => {
  it('does not trip below 20 requests', () => {
    const breaker = createBreaker()
    for (let index = 0; index < 19; index += 1) breaker.ended('canary', true, index)
    expect(breaker.tripped()).toBeUndefined()
  })
  it('trips at 50 % of 20 requests, and names the arm', () => {
    const breaker = createBreaker()
    for (let index = 0; index < 20; index += 1) {
      breaker.ended('baseline', index % 4 === 0, index)
      breaker.ended('canary', index % 2 === 1, index)
    }
    expect(breaker.tripped()).toBe('canary')
    for (let index = 0; index < 500; index += 1) breaker.ended('canary', false, 30 + index)
    expect(breaker.tripped()).toBe('canary')
  })
  it('forgets what is older than 5 s', () => {
    const breaker = createBreaker()
    for (let index = 0; index < 19; index += 1) breaker.ended('canary', true, index)
    breaker.ended('canary', true, 5_200)
    expect(breaker.tripped()).toBeUndefined()
  })
  it('never trips below half, whatever the timing', () => {
    const times = fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { maxLength: 200 })
    fc.assert(
      fc.property(times, (unordered) => {
        const breaker = createBreaker()
        for (const at of unordered.toSorted((left, right) => left - right)) {
          breaker.ended('canary', false, at)
          breaker.ended('canary', false, at)
          breaker.ended('canary', true, at)
        }
        return breaker.tripped() === undefined
      }),
    )
  })
})

describe('retryAfterMs()', () => {
  it('reads seconds and dates, and never waits longer than 30 s', () => {
    const wallMs = Date.parse('Sat, 21 Nov 2026 12:00:00 GMT')
    expect(retryAfterMs('2', wallMs)).toBe(2_000)
    expect(retryAfterMs('Sat, 21 Nov 2026 12:00:07 GMT', wallMs)).toBe(7_000)
    expect(retryAfterMs('Sat, 21 Nov 2026 11:00:00 GMT', wallMs)).toBe(0)
    expect(retryAfterMs('86400', wallMs)).toBe(30_000)
    expect(retryAfterMs('soon', wallMs)).toBe(1_000)
  })
  it('reads the older forms of a date, as UTC whatever the zone of this machine', () => {
    const wallMs = Date.parse('Sun, 06 Nov 1994 08:49:30 GMT')
    expect(retryAfterMs('Sunday, 06-Nov-94 08:49:37 GMT', wallMs)).toBe(7_000)
    expect(retryAfterMs('Sun Nov  6 08:49:37 1994', wallMs)).toBe(7_000)
  })
  it('waits a second for what is neither, and thirty for what is far away', () => {
    const wallMs = Date.parse('Sat, 21 Nov 2026 12:00:00 GMT')
    const garbage = ['', '-5', '1.5', '10 s', '5, 5', '0x10', '1e3', 'NaN', 'Infinity', '٣']
    for (const value of garbage) {
      expect([value, retryAfterMs(value, wallMs)]).toEqual([value, 1_000])
    }
    const broken = ['Sat, 99 Nov 2026 12:00:00 GMT', 'Sat, 21 Nov 2026', 'Sat, 21 Nov at 12:00:00']
    for (const value of broken) expect(retryAfterMs(value, wallMs)).toBe(1_000)
    const far = ['1000000000000', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT']
    for (const value of far) expect(retryAfterMs(value, wallMs)).toBe(30_000)
    expect(retryAfterMs('Thu, 01 Jan 1970 00:00:00 GMT', wallMs)).toBe(0)
    expect(retryAfterMs('0', wallMs)).toBe(0)
  })
})
