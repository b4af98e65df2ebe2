import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTeller, wrapText } from '../../src/demo/teller.ts'

describe('wrapText', () => {
  it('wrapText() leaves a word that is longer than the line whole', () => {
    expect(wrapText('a https://example.test/long b', 10)).toEqual([
      'a',
      'https://example.test/long',
      'b',
    ])
  })
  it('wrapText() keeps every word, in lines of at most the width', () => {
    const word = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'é', '-') })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.nat(4), (words, indent) => {
        const lines = wrapText(' '.repeat(indent) + words.join(' '), 20)
        expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(words)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(20)
        for (const line of lines) expect(line.startsWith(' '.repeat(indent))).toBe(true)
      }),
    )
  })
})

describe('createTeller', () => {
  it('progress() is one line that is redrawn on a terminal', () => {
    const written: string[] = []
    const teller = createTeller(
      (text) => written.push(text),
      true,
      () => 0,
    )
    teller.progress('one')
    teller.progress('two')
    teller.say('done')
    expect(written).toEqual(['  one', '\r\u001B[K', '  two', '\r\u001B[K', 'done\n'])
  })
  it('progress() is a line every ten seconds elsewhere', () => {
    const written: string[] = []
    let nowMs = 0
    const teller = createTeller(
      (text) => written.push(text),
      false,
      () => nowMs,
    )
    for (; nowMs < 25_000; nowMs += 1_000) teller.progress(`${nowMs / 1000} s`)
    expect(written).toEqual(['  0 s\n', '  10 s\n', '  20 s\n'])
  })
  it('no line is wider than 80 columns', () => {
    const written: string[] = []
    const teller = createTeller(
      (text) => written.push(text),
      true,
      () => 0,
    )
    teller.progress('x'.repeat(200))
    teller.say('word '.repeat(100))
    for (const line of written.join('').split(/[\r\n]/)) {
      expect(line.replace('\u001B[K', '').length).toBeLessThanOrEqual(80)
    }
  })
})
