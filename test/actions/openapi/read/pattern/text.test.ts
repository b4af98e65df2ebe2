import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitsPattern, textOfPattern } from '../../../../../src/actions/openapi/read/pattern/text.ts'

describe('textOfPattern()', () => {
  it.each([
    ['(?<=a)b', 'looking behind'],
    ['(a)\\1', 'a reference back'],
    ['^[a-z', 'a class without an end'],
    ['^(a', 'a group without an end'],
    ['*a', 'a repetition of nothing'],
    [`^${'a'.repeat(600)}$`, 'what is too long'],
  ])('says nothing of %s: %s', (pattern) => {
    expect(textOfPattern(pattern)).toBe(undefined)
  })

  it.each([
    ['^(97(8|9))?\\d{9}(\\d|X)$', '1111111111'],
    ['^(10|20|50)$', '10'],
    ['^sha256:[a-f0-9]{8}$', 'sha256:aaaaaaaa'],
    ['(v{0,1})(stable|([0-9]+)(?:\\.([0-9]+))?)(_(.*))?', 'stable'],
    ['^(?=.*[A-Z])(?=.*\\d)[\\x21-\\x7e]{8,}$', 'Aa1!Aa1!'],
    ['^(?!admin)(?<name>[^/\\s]+)$', 'a'],
    ['^\\p{Lu}{2}-\\u0041$', 'AA-A'],
    ['^\\/(versions|branches)\\/[\\w.-]+$', '/versions/a'],
  ])('of %s is %s', (pattern, text) => {
    expect(textOfPattern(pattern)).toBe(text)
    expect(text).toMatch(new RegExp(pattern, 'u'))
  })

  it('has the length that is asked for', () => {
    expect(textOfPattern('^[a-z]+$', 5)).toBe('aaaaa')
    expect(textOfPattern('^(978)?\\d{10}$', 12)).toBe('9781111111111')
    expect(textOfPattern('^[a-z]{4,}$', 0, 3)).toBe(undefined)
  })

  it('agrees with the engine, whatever is put together', () => {
    const piece = fc.constantFrom('a', '\\d', '[b-d]', '[^a]', '(a|bc)', '(?:x\\.)', '\\w', '.')
    const often = fc.constantFrom('', '?', '*', '+', '{2}', '{1,3}', '{2,}?')
    const pattern = fc
      .array(fc.tuple(piece, often), { minLength: 1, maxLength: 5 })
      .map((parts) => `^${parts.map(([one, times]) => one + times).join('')}$`)
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[abcx1.]{0,6}$/), (source, text) => {
        expect(fitsPattern(source, text)).toBe(new RegExp(source).test(text))
        const made = textOfPattern(source)
        if (made !== undefined) expect(made).toMatch(new RegExp(source))
      }),
      { numRuns: 300 },
    )
  })

  it('gives up on a pattern that would keep the engine busy', () => {
    expect(fitsPattern('^(((a+)+)+)+$', `${'a'.repeat(40)}b`)).toBe(undefined)
    expect(textOfPattern('^(((a*)*)*)*b$')).toBe('b')
  })
})
