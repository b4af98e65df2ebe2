import { describe, expect, it } from 'vitest'
import {
  addressFault,
  formatAddress,
  hostOf,
  originOf,
  parseAddress,
  targetSchema,
} from '../../src/core/contract/target.ts'

describe('an address', () => {
  const wrong = {
    'app:8080': 'must be an http:// or https:// address, or unix:/path/of.sock',
    'ftp://a': 'must be an http:// or https:// address, or unix:/path/of.sock',
    'http://u:p@a': 'must not carry credentials',
    'unix:app.sock': 'must have the whole path of the socket after unix:',
    'unix:': 'must have the whole path of the socket after unix:',
    [`unix:/${'x'.repeat(103)}`]: 'must name a socket whose path has at most 103 bytes',
    'unix:/a\u0000b': 'must not have control characters',
    'unix:/a.sock:/b?c': 'must end before a "?" or "#"',
  }
  for (const [text, why] of Object.entries(wrong)) {
    it(`is not ${JSON.stringify(text.slice(0, 30))}`, () => {
      expect(addressFault(text)?.why).toBe(why)
      expect(parseAddress(text)).toBeUndefined()
    })
  }
  it('with credentials is not shown', () => {
    expect(addressFault('http://u:p@a')?.isShown).toBe(false)
    expect(addressFault('u:p@a')?.isShown).toBe(false)
  })
  it('of a unix socket has a path of its own, and is written as it was', () => {
    expect(parseAddress('unix:/run/app.sock')).toEqual({
      url: 'http://localhost',
      socketPath: '/run/app.sock',
    })
    const text = 'unix:/run/app.sock:/base/path'
    const address = parseAddress(text)
    expect(address).toEqual({ url: 'http://localhost/base/path', socketPath: '/run/app.sock' })
    expect(formatAddress(address ?? { url: '' })).toBe(text)
    expect(originOf(text)).toBe('unix:/run/app.sock')
    expect(hostOf(text)).toBe('unix:/run/app.sock')
  })
  it('over TCP stays as it is, also by an IPv6 literal', () => {
    const text = 'http://[::1]:8080/base'
    expect(parseAddress(text)).toEqual({ url: text })
    expect(formatAddress({ url: text })).toBe(text)
    expect(originOf(text)).toBe('http://[::1]:8080')
    expect(hostOf(text)).toBe('[::1]:8080')
  })
})

describe('a target', () => {
  const place = { baseline: 'http://a', canary: 'unix:/run/b.sock' }
  it('refuses a proxy with credentials and a server name with a port', () => {
    for (const wrong of [
      { proxy: 'http://u:p@proxy:3128' },
      { proxy: 'socks5://proxy:1080' },
      { proxy_auth_env: 'user:password' },
      { tls: { server_name: 'a:443' } },
      { tls: { authority: 'ca.pem' } },
      { host: 'a b' },
      { headers: { 'x-a': 1 } },
    ]) {
      expect(targetSchema.safeParse({ ...place, ...wrong }).success).toBe(false)
    }
  })
  it('says how it is reached', () => {
    const whole = {
      ...place,
      host: '[::1]:8080',
      tls: { ca: 'ca.pem', cert: 'c.pem', key: 'k.pem', server_name: 'shop.test', insecure: false },
      http2: true,
      proxy: 'http://proxy:3128',
      proxy_auth_env: 'PROXY_AUTH',
      headers: { 'x-team': 'a' },
    }
    expect(targetSchema.parse(whole)).toEqual(whole)
  })
})
