import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exampleSampleLine, toSampleLine } from '../../../src/core/contract/sample.ts'
import { findUsualSample } from '../../../src/probe/recorded/usual.ts'

const usual = {
  at: 12.345,
  action: 'checkout',
  arm: 'canary',
  pair: 's17.4',
  session: 's17',
  latency_ms: 31.2,
  service_ms: 30.8,
  status: 200,
  outcome: 'ok',
  bytes: 512,
  diff: ['$.price'],
  diff_shape: ['$.price'],
  repeat: true,
  block: 7,
  phase: 'load',
  segment: { geo: 'US', device: 'mobile' },
  warmup: true,
}

/** A value that a field may have, or one that it may not. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    'ok',
    'canary',
    'load',
    -1,
    0,
    0.5,
    99,
    200,
    600,
    Infinity,
  ),
  fc.constantFrom<unknown>(
    Number.NaN,
    Number.MAX_SAFE_INTEGER + 1,
    -0,
    [],
    ['a'],
    [1],
    {},
    { a: 1 },
  ),
  fc.constantFrom<unknown>({ a: 'b' }, 'http_error', 'quiet', 'control', 'run', 'request'),
)

describe('findUsualSample()', () => {
  it('leaves to the schema whatever is no plain request', () => {
    for (const line of [null, 7, 'x', [], [usual], {}, { kind: 'run' }, { ...usual, at: '1' }]) {
      expect(findUsualSample(line)).toBeUndefined()
    }
  })

  it('reads the example of the contract as the schema does', () => {
    const line: unknown = JSON.parse(exampleSampleLine)
    expect({ kind: 'request', sample: findUsualSample(line) }).toEqual(toSampleLine(line))
  })

  it('takes no line that the schema refuses, and reads the others the same way', () => {
    const key = fc.constantFrom('kind', 'more', ...Object.keys(usual))
    const change = fc.tuple(key, oddValue, fc.boolean())
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
        const line: Record<string, unknown> = { ...usual }
        for (const [name, value, isLeftOut] of changes) {
          if (isLeftOut) delete line[name]
          else line[name] = value
        }
        const sample = findUsualSample(line)
        if (sample !== undefined) expect({ kind: 'request', sample }).toEqual(toSampleLine(line))
      }),
      { numRuns: 3000 },
    )
  })

  it('takes every usual line, so that the schema is asked seldom', () => {
    const rest = Object.entries(usual).filter(
      ([name]) => !['at', 'action', 'arm', 'latency_ms'].includes(name),
    )
    fc.assert(
      fc.property(fc.subarray(rest), (present) => {
        const { at, action, arm, latency_ms } = usual
        const line = { at, action, arm, latency_ms, ...Object.fromEntries(present) }
        expect({ kind: 'request', sample: findUsualSample(line) }).toEqual(toSampleLine(line))
      }),
    )
  })
})
