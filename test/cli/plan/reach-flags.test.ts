import { describe, expect, it } from 'vitest'
import { createFlags } from '../../../src/cli/flags.ts'
import { REACH_FLAGS, REACH_HELP, readReachFlags } from '../../../src/cli/plan/reach-flags.ts'

function read(values: Record<string, unknown>) {
  return readReachFlags(createFlags(values), '/home/me')
}

describe('readReachFlags()', () => {
  const wrong: readonly (readonly [values: Record<string, unknown>, said: string])[] = [
    [{ header: ['no colon, and maybe a secret'] }, 'Cannot read --header: a line has no name'],
    [{ header: [': a'] }, 'a line has no name'],
    [{ header: ['a: 1', 'A: 2'] }, '"a" is given twice'],
    [{ serverName: 'a:443' }, 'Cannot read --server-name'],
    [{ host: 'a/b' }, 'Cannot read --host'],
    [{ proxyAuthEnv: 'user:password' }, 'Cannot read --proxy-auth-env'],
  ]
  for (const [values, said] of wrong) {
    it(`refuses ${JSON.stringify(values)}`, () => {
      expect(() => read(values)).toThrow(said)
    })
  }
  it('never shows a header that it cannot read', () => {
    expect(() => read({ header: ['hidden'] })).not.toThrow('hidden')
  })
  it('says nothing where nothing was said', () => {
    expect(read({})).toBeUndefined()
  })
  it('sees files from the working folder', () => {
    const values = {
      host: '[::1]:80',
      http2: true,
      ca: 'ca.pem',
      cert: '/c.pem',
      key: 'k.pem',
      serverName: 'shop.test',
      insecure: true,
      proxy: 'http://p',
      proxyAuthEnv: 'P',
      header: ['X-Time: 12:30', 'x-empty:'],
    }
    expect(read(values)).toEqual({
      host: '[::1]:80',
      http2: true,
      tls: {
        ca: '/home/me/ca.pem',
        cert: '/c.pem',
        key: '/home/me/k.pem',
        server_name: 'shop.test',
        insecure: true,
      },
      proxy: 'http://p',
      proxy_auth_env: 'P',
      headers: { 'x-time': '12:30', 'x-empty': '' },
    })
  })
  it('has every flag in its help', () => {
    for (const flag of REACH_FLAGS) expect(REACH_HELP).toContain(flag.split(' ')[0])
  })
})

describe('an address on the command line', () => {
  it('may be a unix socket, and never shows credentials', () => {
    const flags = createFlags({ baseline: 'unix:/run/a.sock', canary: 'http://u:hidden@a' })
    expect(flags.address('--baseline')).toBe('unix:/run/a.sock')
    expect(() => flags.address('--canary')).toThrow('its value must not carry credentials')
    expect(() => flags.address('--canary')).not.toThrow('hidden')
  })
})
