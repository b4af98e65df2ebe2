import { describe, expect, it } from 'vitest'
import { guessKind } from '../../../src/probe/init/guess.ts'

describe('guessKind()', () => {
  it.each([
    ['openapi: 3.0.3\ninfo:\n', 'openapi'],
    ['# a comment\n"openapi": "3.1.0"\n', 'openapi'],
    ['{"info":{"title":"x"},"openapi":"3.1.0"}', 'openapi'],
    ['{"swagger":"2.0"}', 'openapi'],
    ['{ "log": { "version": "1.2"', 'har'],
    ['{"resourceSpans":[{"resource":', 'otlp'],
    ['{"ts":1.5,"request":{"uri":"/"}}\n', 'json'],
    ['1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 12\n', 'common'],
    ['1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 12 "-" "curl"\n', 'combined'],
  ])('knows %s', (beginning, kind) => {
    expect(guessKind(beginning)).toBe(kind)
  })
  it('does not know anything else', () => {
    expect(guessKind('')).toBeUndefined()
    expect(guessKind('<html><body>hello</body></html>')).toBeUndefined()
    expect(guessKind('name,age\nann,3\n')).toBeUndefined()
  })
})
