import { describe, expect, it } from 'vitest'
import { endToEnd, requestHeaders } from '../../../src/core/wire/headers.ts'

describe('endToEnd()', () => {
  it('drops what belongs to one connection, and what Connection names', () => {
    const headers = ['Connection', 'close, X-Hop', 'X-Hop', '1', 'Keep-Alive', 'timeout=5']
    const more = ['TE', 'gzip', 'Transfer-Encoding', 'chunked', 'Upgrade', 'x', 'X-Kept', '2']
    expect(endToEnd([...headers, ...more])).toEqual(['X-Kept', '2'])
  })
  it('keeps spelling, order and repetition of the rest', () => {
    const headers = ['Set-Cookie', 'a=1', 'x-B', '2', 'Set-Cookie', 'c=3']
    expect(endToEnd(headers)).toEqual(headers)
  })
})

describe('requestHeaders()', () => {
  it('keeps the Host of the user, or sends the configured one, and says who asked', () => {
    const raw = ['host', 'shop.test', 'Accept', '*/*', 'Expect', '100-continue']
    expect(pairs(requestHeaders(raw, { address: '10.1.2.3' }))).toEqual([
      ['Host', 'shop.test'],
      ['Accept', '*/*'],
      ['X-Forwarded-For', '10.1.2.3'],
      ['X-Forwarded-Proto', 'http'],
      ['X-Forwarded-Host', 'shop.test'],
    ])
    expect(requestHeaders(raw, { address: 'a', host: 'other' }).slice(0, 2)).toEqual([
      'Host',
      'other',
    ])
  })
  it('adds itself to the chain of proxies before it', () => {
    const raw = ['Host', 'a', 'X-Forwarded-For', '1.1.1.1', 'X-Forwarded-Proto', 'https']
    expect(pairs(requestHeaders(raw, { address: '2.2.2.2' }))).toEqual([
      ['Host', 'a'],
      ['X-Forwarded-For', '1.1.1.1, 2.2.2.2'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'a'],
    ])
  })
})

function pairs(headers: readonly string[]): string[][] {
  return Array.from({ length: headers.length / 2 }, (_, index) =>
    headers.slice(2 * index, 2 * index + 2),
  )
}
