import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseLogLine } from '../../../../src/profiles/derive/read/access-log.ts'

const common = '203.0.113.9 - anna b [17/May/2015:10:05:03 +0200] "GET /a?b=1 HTTP/1.1" 200 203023'
const combined = `${common} "http://example.test/" "Mozilla/5.0 (\\"quoted\\") x"`

describe('parseLogLine', () => {
  it('parseLogLine() refuses what is not of the format', () => {
    expect(parseLogLine('', 'common')).toBeUndefined()
    expect(parseLogLine(common, 'combined')).toBeUndefined()
    expect(parseLogLine(combined, 'common')).toBeUndefined()
    expect(parseLogLine(combined.slice(0, -1), 'combined')).toBeUndefined()
    expect(parseLogLine(combined.replace('May', 'Mai'), 'combined')).toBeUndefined()
    expect(parseLogLine(`${common} "${'x'.repeat(40_000)}" "x"`, 'combined')).toBeUndefined()
  })
  it('parseLogLine() reads both formats', () => {
    const entry = {
      address: '203.0.113.9',
      timeMs: Date.UTC(2015, 4, 17, 8, 5, 3),
      method: 'GET',
      target: '/a?b=1',
      status: 200,
    }
    expect(parseLogLine(common, 'common')).toEqual({ ...entry, userAgent: '' })
    const userAgent = 'Mozilla/5.0 (\\"quoted\\") x'
    expect(parseLogLine(combined, 'combined')).toEqual({ ...entry, userAgent })
    expect(parseLogLine(`${combined} 0.003 "shop.test"`, 'combined')).toEqual({
      ...entry,
      userAgent,
    })
  })
  it('parseLogLine() reads an address of IPv6, no size, and no agent', () => {
    const line = '2001:db8::1 - - [01/Jan/2026:00:00:00 -0130] "HEAD / HTTP/2.0" 304 - "-" "-"'
    expect(parseLogLine(line, 'combined')).toEqual({
      address: '2001:db8::1',
      timeMs: Date.UTC(2026, 0, 1, 1, 30, 0),
      method: 'HEAD',
      target: '/',
      status: 304,
      userAgent: '',
    })
  })
  it('parseLogLine() takes a request that is no HTTP as one without a method', () => {
    for (const request of ['-', String.raw`\x16\x03\x01`, 'GET', '']) {
      const line = `192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "${request}" 408 0`
      expect(parseLogLine(line, 'common')).toMatchObject({ method: '', target: '', status: 408 })
    }
  })
  it('parseLogLine() never throws and never takes long, whatever a line holds', () => {
    const nasty = fc.constantFrom('"', '\\', '[', ']', ' ', '- ', '" "', 'a', '200 ', '\0')
    const line = fc.array(nasty, { maxLength: 400 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(line, fc.string()), (text) => {
        expect(parseLogLine(text, 'combined')).toBeUndefined()
        parseLogLine(common.slice(0, 60) + text.repeat(20), 'combined')
      }),
    )
  })
})
