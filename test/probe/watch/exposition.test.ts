import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readExposition, type ExposedSample } from '../../../src/probe/watch/exposition.ts'

function samplesOf(text: string, ...wanted: string[]): readonly ExposedSample[] {
  return readExposition(text, new Set(wanted)).samples
}

describe('readExposition()', () => {
  it('leaves out lines that make no sense and counts them', () => {
    const text = [
      '<html><body>It works!</body></html>',
      'cpu{a="b} 1',
      'cpu{a=b} 1',
      'cpu one',
      'cpu',
      '9cpu 3',
      'cpu 2',
    ].join('\n')
    const { samples, badLines, sampleLines } = readExposition(text, new Set(['cpu']))
    expect(samples.map(({ value }) => value)).toEqual([2])
    expect({ badLines, sampleLines }).toEqual({ badLines: 6, sampleLines: 1 })
  })
  it('reads nothing from nothing, and nothing but comments from comments', () => {
    expect(readExposition('', new Set(['a'])).sampleLines).toBe(0)
    expect(readExposition('# HELP a b\n#\n\n# EOF\n', new Set(['a']))).toMatchObject({
      sampleLines: 0,
      badLines: 0,
    })
  })
  it('reads labels with escapes, blanks and a comma at the end', () => {
    const line = String.raw`a { path = "C:\\dir\n\"x\"" , other="{=,}#" ,} 1.5e3`
    const [sample] = samplesOf(line, 'a')
    expect(sample?.value).toBe(1500)
    expect(Object.fromEntries(sample?.labels ?? [])).toEqual({
      path: 'C:\\dir\n"x"',
      other: '{=,}#',
    })
  })
  it.each([
    ['a 1', 1],
    ['a\t-2.5E-3', -0.0025],
    ['a +Inf', Infinity],
    ['a -Inf', -Infinity],
    ['a NaN', Number.NaN],
    ['a .5', 0.5],
    ['a 7.', 7],
    ['a 3 1395066363000', 3],
    ['a 3 1520879607.789 # {trace_id="x"} 0.5 1520879607.1', 3],
    ['a{} 4\r', 4],
  ])('reads the value of "%s"', (line, value) => {
    expect(samplesOf(line, 'a').map((sample) => sample.value)).toEqual([value])
  })
  it('knows a sample that is dated from one that is not', () => {
    expect(samplesOf('a 1 1395066363000\na 1\n', 'a').map(({ isDated }) => isDated)).toEqual([
      true,
      false,
    ])
  })
  it('does not take a metric for one whose name begins alike', () => {
    expect(samplesOf('process_cpu_seconds_total_x 1\nprocess_cpu 2\n', 'process_cpu')).toHaveLength(
      1,
    )
  })
  it('passes over names in quotes without calling them wrong', () => {
    const { badLines, sampleLines } = readExposition('{"a.b", c="d"} 1\na 2\n', new Set(['a']))
    expect({ badLines, sampleLines }).toEqual({ badLines: 0, sampleLines: 2 })
  })
  it('keeps at most a thousand names', () => {
    const text = Array.from({ length: 5000 }, (_, index) => `m${index} 1`).join('\n')
    expect(readExposition(text, new Set()).names.size).toBe(1000)
  })
  it('gives back whatever labels and values were written', () => {
    const label = fc.tuple(fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/), fc.string())
    const value = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(fc.uniqueArray(label, { selector: ([key]) => key }), value, (labels, number) => {
        const written = labels.map(([key, text]) => `${key}="${escaped(text)}"`).join(',')
        const [sample] = samplesOf(`a{${written}} ${number}\n`, 'a')
        expect(sample?.value).toBe(Object.is(number, -0) ? 0 : number)
        expect([...(sample?.labels ?? [])]).toEqual(labels)
      }),
    )
  })
  it('never throws, whatever the text', () => {
    const part = fc.constantFrom('a', '{', '}', '"', '\\', '=', ',', ' ', '1', '\n', '#', 'e', '\t')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        readExposition(parts.join(''), new Set(['a']))
      }),
    )
  })
})

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
