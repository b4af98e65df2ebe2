import fc from 'fast-check'
import { CookieJar } from 'tough-cookie'
import { describe, expect, it } from 'vitest'
import { createCookies } from '../../src/generator/cookies.ts'

const ORIGIN = 'http://shop.test:8080'

describe('createCookies()', () => {
  it('leaves out what is no cookie, or belongs to another site', () => {
    const cookies = createCookies(ORIGIN)
    cookies.take(['', 'a=1; Domain=other.test', '=;;'], '/')
    expect(cookies.value('a', '/')).toBeUndefined()
  })
  it('has no header before the first cookie', () => {
    expect(createCookies(ORIGIN).header('/')).toBeUndefined()
  })
  it('sends cookies in the order in which they were made, with the newest value', () => {
    const cookies = createCookies(ORIGIN)
    cookies.take(['a=1; Path=/', 'b=2; Path=/; HttpOnly'], '/login')
    cookies.take('a=3; Path=/', '/x')
    expect(cookies.header('/deep/path?q=1')).toBe('a=3; b=2')
    expect(cookies.value('b', '/')).toBe('2')
  })
  it('keeps to paths', () => {
    const cookies = createCookies(ORIGIN)
    cookies.take(['a=1; Path=/', 'c=3; Path=/cart'], '/')
    expect(cookies.header('/')).toBe('a=1')
    expect(cookies.header('/cart/1')).toBe('c=3; a=1')
  })
  it('forgets what expires', () => {
    const cookies = createCookies(ORIGIN)
    cookies.take('a=1; Path=/', '/')
    cookies.take('a=; Path=/; Max-Age=0', '/')
    expect(cookies.header('/')).toBeUndefined()
  })
  it('sends no secure cookie without TLS', () => {
    const plain = createCookies(ORIGIN)
    plain.take('a=1; Path=/; Secure', '/')
    expect(plain.header('/')).toBeUndefined()
    const secure = createCookies('https://shop.test')
    secure.take('a=1; Path=/; Secure', '/')
    expect(secure.header('/')).toBe('a=1')
  })
  it('works for addresses without a name', () => {
    const cookies = createCookies('http://127.0.0.1:8080')
    cookies.take('a=1; Path=/', '/')
    expect(cookies.header('/')).toBe('a=1')
  })
  it('sends what lasts until it is over, and deleted cookies no more', () => {
    const cookies = createCookies(ORIGIN)
    cookies.take(
      ['a=1; Path=/; Max-Age=60', 'b=2; Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT'],
      '/',
    )
    expect(cookies.header('/x')).toBe('a=1; b=2')
    cookies.take('a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT', '/')
    expect(cookies.header('/x')).toBe('b=2')
    cookies.take('a=3; Path=/', '/')
    expect(cookies.header('/x')).toBe('b=2; a=3')
  })
  it('keeps the newest 180, and none that is too long', () => {
    const cookies = createCookies(ORIGIN)
    cookies.take(`long=${'x'.repeat(5_000)}; Path=/`, '/')
    expect(cookies.header('/')).toBeUndefined()
    for (let count = 0; count < 1_000; count += 1) cookies.take(`c${count}=1; Path=/`, '/')
    const pairs = cookies.header('/')?.split('; ') ?? []
    expect(pairs).toHaveLength(180)
    expect(pairs[0]).toBe('c820=1')
    // A cookie of one path only: from here on the jar itself is asked.
    cookies.take('own=1; Path=/cart', '/cart')
    expect(cookies.header('/')?.split('; ')).toHaveLength(179)
    expect(cookies.header('/cart')?.split('; ')).toHaveLength(180)
  })
  it('says the same as the jar, whatever was set in which order', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const end = fc.constantFrom(
      '',
      '; Max-Age=100',
      '; Max-Age=0',
      '; Secure',
      '; Domain=shop.test',
    )
    const line = fc
      .tuple(name, fc.nat(9), end)
      .map(([key, value, rest]) => `${key}=${value}; Path=/${rest}`)
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const cookies = createCookies('https://shop.test')
        const jar = new CookieJar(undefined, { looseMode: true, rejectPublicSuffixes: false })
        for (const one of lines) {
          cookies.take(one, '/')
          jar.setCookieSync(one, 'https://shop.test/', { ignoreError: true })
          const plain = jar.getCookieStringSync('https://shop.test/x')
          expect((cookies.header('/x') ?? '').split('; ').toSorted()).toEqual(
            plain.split('; ').toSorted(),
          )
        }
      }),
    )
  })
})
