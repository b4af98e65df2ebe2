import { describe, expect, it } from 'vitest'
import { createTraceParent, stampHeaders } from '../../src/generator/trace.ts'

describe('createTraceParent()', () => {
  it('is a valid sampled traceparent', () => {
    const trace = createTraceParent('p1', 1)
    for (const pair of ['s1.1', 's2.1', 's99999.20']) {
      expect(trace(pair, 'control')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    }
  })
  it('gives the arms of a pair one trace and different spans', () => {
    const trace = createTraceParent('p1', 1)
    const [, traceOfOne, spanOfOne] = trace('s1.1', 'baseline').split('-')
    const [, traceOfOther, spanOfOther] = trace('s1.1', 'canary').split('-')
    expect(traceOfOne).toBe(traceOfOther)
    expect(spanOfOne).not.toBe(spanOfOther)
  })
  it('gives other pairs and other runs other traces', () => {
    const pairs = Array.from({ length: 1_000 }, (_, index) => `s${index}.1`)
    const traces = pairs.flatMap((pair) => [
      createTraceParent('p1', 1)(pair, 'baseline'),
      createTraceParent('p2', 1)(pair, 'baseline'),
    ])
    expect(new Set(traces.map((trace) => trace.slice(0, 35))).size).toBe(2_000)
  })
})

describe('stampHeaders()', () => {
  it('lets the action have the last word, then what was configured for the arm', () => {
    const headers = ['user-agent', 'mine', 'host', 'own.test']
    const ofArm = ['host', 'shop.test', 'x-team', 'a', 'accept-language', 'fr']
    const identity = ['user-agent', 'phone', 'accept-language', 'de', 'x-country', 'DE']
    stampHeaders(headers, 'T', ofArm, identity)
    expect(headers).toEqual([
      'user-agent',
      'mine',
      'host',
      'own.test',
      'x-team',
      'a',
      'accept-language',
      'fr',
      'x-country',
      'DE',
      'accept-encoding',
      'gzip, deflate, br, zstd',
      'x-synthetic',
      'outrider',
      'traceparent',
      'T',
    ])
  })
  it('asks for what browsers take, unless somebody said otherwise', () => {
    const headers = ['accept-encoding', 'identity']
    stampHeaders(headers, 'T', [], [])
    expect(headers.filter((part) => part === 'accept-encoding')).toHaveLength(1)
    const other: string[] = []
    stampHeaders(other, 'T', ['accept-encoding', 'br'], [])
    expect(other.slice(0, 2)).toEqual(['accept-encoding', 'br'])
  })
})
