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
})
