import { describe, expect, it } from 'vitest'
import { decoded } from '../../../src/actions/response/decode.ts'

describe('decoded()', () => {
  it('leaves alone what is not written in this way', () => {
    expect(decoded('100 %', 'url')).toBe('100 %')
    expect(decoded('a\\', 'json')).toBe('a\\')
    expect(decoded('a & b', 'html')).toBe('a & b')
  })

  it('reads character references, JSON escapes and percent signs', () => {
    expect(decoded('a&#43;b&#x3D;&amp;<b>', 'html')).toBe('a+b=&<b>')
    expect(decoded(String.raw`a\/b\u003d\\`, 'json')).toBe('a/b=\\')
    expect(decoded('a%3D%C3%BC', 'url')).toBe('a=ü')
  })
})
