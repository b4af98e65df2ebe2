import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OUTCOMES, type Outcome } from '../../../src/core/contract/sample.ts'
import type { Exchange } from '../../../src/generator/traffic.ts'
import { KEPT_BODY_BYTES } from '../../../src/probe/shard/examples.ts'
import { EXAMPLE_BYTES, Memory, MOST_EXAMPLES, MOST_ROWS } from '../../../src/probe/shard/memory.ts'
import { rowsOf } from '../../../src/probe/shard/rows.ts'

interface Given {
  readonly action?: string
  readonly at?: number
  readonly ratio?: number
  readonly baseline?: Outcome
  readonly canary?: Outcome
  readonly body?: Buffer
  readonly type?: string
  readonly header?: string
  readonly device?: string
  readonly isRemembered?: boolean
  readonly block?: number
}

let count = 0

function add(memory: Memory, given: Given): void {
  const { action = 'home', at = 0, ratio = 1, baseline = 'ok', canary = 'ok' } = given
  const { body = Buffer.from('{"a":1}'), type = 'application/json', header = 'x' } = given
  const { isRemembered = true, device = 'mobile', block = 1 } = given
  count += 1
  const exchangeOf = (arm: 'baseline' | 'canary', outcome: Outcome, ms: number): Exchange => ({
    arm,
    outcome,
    bytes: body.length,
    sentMs: 0,
    endedMs: ms,
    latencyMs: ms,
    serviceMs: ms,
    ...(isRemembered && {
      remembered: {
        request: { method: 'GET', path: `/${header}`, headers: ['x-a', header], body: undefined },
        headers: { ...(type !== '' && { 'content-type': type }), 'x-b': [header, 'more'] },
        chunks: [body.subarray(0, 10), body.subarray(10)],
        bodyBytes: body.length,
      },
    }),
  })
  const pair = {
    pair: `s1.${count}`,
    action: 0,
    at,
    baselineMs: 10,
    canaryMs: 10 * ratio,
    baseline,
    canary,
  }
  const exchanges = [exchangeOf('baseline', baseline, 10), exchangeOf('canary', canary, 10 * ratio)]
  memory.add(action, pair, { device, geo: 'DE' }, exchanges, block)
}

describe('Memory', () => {
  it('knows nothing of an action that the plan does not have', () => {
    const memory = new Memory(['home'])
    add(memory, { action: 'other' })
    expect(memory.wants('other', 0)).toBe(false)
    expect(rowsOf(memory.recall('other').rows)).toEqual([])
    expect(rowsOf(memory.recall('*').rows)).toEqual([])
  })
  it('keeps the last 3000 pairs of an action and of the whole service, oldest first', () => {
    const memory = new Memory(['home', 'search'])
    for (let at = 0; at < MOST_ROWS + 500; at += 1) {
      add(memory, { at, canary: at % 2 === 0 ? 'ok' : 'timeout', isRemembered: false })
    }
    add(memory, { action: 'search', at: 9999 })
    const rows = rowsOf(memory.recall('home').rows)
    expect(rows).toHaveLength(MOST_ROWS)
    expect(rows.map(({ at }) => at)).toEqual(
      Array.from({ length: MOST_ROWS }, (_, index) => 500 + index),
    )
    expect(rows[1]).toMatchObject({
      baseline: 'ok',
      canary: 'timeout',
      segment: { device: 'mobile', geo: 'DE' },
    })
    expect(rowsOf(memory.recall('*').rows).at(-1)?.segment).toEqual({
      action: 'search',
      device: 'mobile',
      geo: 'DE',
    })
  })
  it('knows the block of each pair, and forgets that of one which was left out', () => {
    const memory = new Memory(['home'])
    for (const block of [1, 2, 2, 3]) add(memory, { block })
    memory.forget(2)
    expect(rowsOf(memory.recall('home').rows).map(({ block }) => block)).toEqual([1, 0, 0, 3])
    expect(rowsOf(memory.recall('*').rows).map(({ block }) => block)).toEqual([1, 0, 0, 3])
  })
  it('wants one step a second, and five once the canary failed where the baseline did not', () => {
    const memory = new Memory(['home', 'search'])
    const wanted = (from: number): number =>
      Array.from({ length: 1000 }, (_, index) => memory.wants('home', from + 10 * index)).filter(
        Boolean,
      ).length
    expect(wanted(0)).toBe(10)
    add(memory, { baseline: 'http_error', canary: 'http_error' })
    expect(wanted(20_000)).toBe(10)
    add(memory, { canary: 'http_error', isRemembered: false })
    expect(wanted(40_000)).toBe(50)
    expect(memory.wants('search', 60_000)).toBe(true)
    expect(memory.wants('search', 60_999)).toBe(false)
  })
  it('keeps failures of the canary, the slowest pairs and an ordinary one', () => {
    const memory = new Memory(['home'])
    add(memory, { ratio: 0.9, at: 1 })
    add(memory, { canary: 'http_error', at: 2 })
    add(memory, { baseline: 'http_error', at: 3, ratio: 50 })
    for (const ratio of [2, 9, 3, 7, 1.5]) add(memory, { ratio, at: ratio })
    const { examples } = memory.recall('home')
    expect(examples.map(({ kind }) => kind).toSorted()).toEqual([
      'failed',
      'ordinary',
      'slow',
      'slow',
    ])
    expect(examples.filter(({ kind }) => kind === 'slow').map(({ ratio }) => ratio)).toEqual([9, 7])
  })
  it('lets what is old give way to what is newer', () => {
    const memory = new Memory(['home'])
    for (const ratio of [9, 8]) add(memory, { ratio, at: 1 })
    add(memory, { ratio: 1.01, at: 59 })
    add(memory, { ratio: 2, at: 60 })
    const slow = memory.recall('home').examples.filter(({ kind }) => kind === 'slow')
    expect(slow.map(({ ratio }) => ratio)).toEqual([9, 2])
    for (const at of [1, 2, 40, 41]) add(memory, { canary: 'timeout', at })
    const failed = memory.recall('home').examples.filter(({ kind }) => kind === 'failed')
    expect(failed.map(({ at }) => at)).toEqual([40, 41])
  })
  it('copies 4 KiB of a text, nothing of anything else, and counts all of it', () => {
    const memory = new Memory(['text', 'image', 'unnamed'])
    const body = Buffer.alloc(100_000, 'x')
    add(memory, { action: 'text', body })
    add(memory, { action: 'image', body, type: 'image/png' })
    add(memory, { action: 'unnamed', body: Buffer.from([1, 0, 2]), type: '' })
    const bodyOf = (action: string): unknown => memory.recall(action).examples[0]?.canary.body
    expect(bodyOf('text')).toEqual({ kept: new Uint8Array(4096).fill(120), bytes: 100_000 })
    expect(bodyOf('image')).toEqual({ bytes: 100_000 })
    expect(bodyOf('unnamed')).toEqual({ bytes: 3 })
    const [example] = memory.recall('text').examples
    expect(example?.canary.body.kept?.buffer.byteLength).toBe(KEPT_BODY_BYTES)
  })
  it('forgets everything at once, and has its whole budget again', () => {
    const memory = new Memory(['home'])
    for (let round = 0; round < 3; round += 1) {
      add(memory, { ratio: 2 })
      memory.clear()
      expect(memory.recall('home').examples).toEqual([])
      expect(rowsOf(memory.recall('*').rows)).toEqual([])
    }
  })
  it('stays within its bounds whatever comes', () => {
    const actions = Array.from({ length: 300 }, (_, index) => `a${index}`)
    const given = fc.record({
      action: fc.constantFrom(...actions),
      at: fc.nat(1000),
      ratio: fc.double({ min: 0, max: 1e6, noNaN: true }),
      baseline: fc.constantFrom(...OUTCOMES),
      canary: fc.constantFrom(...OUTCOMES),
      body: fc.constantFrom(Buffer.alloc(0), Buffer.alloc(200_000, 'b')),
      type: fc.constantFrom('text/plain', 'image/png'),
      header: fc.constantFrom('h', 'h'.repeat(100_000)),
      device: fc.string(),
    })
    fc.assert(
      fc.property(fc.array(given, { minLength: 200, maxLength: 2000 }), (all) => {
        const memory = new Memory(actions)
        for (const one of all) add(memory, one)
        let bytes = 0
        for (const action of [...actions, '*']) {
          const { rows, examples } = memory.recall(action)
          expect(rows.at.length).toBeLessThanOrEqual(action === '*' ? MOST_ROWS : 333)
          expect(examples.length).toBeLessThanOrEqual(MOST_EXAMPLES)
          if (action !== '*') bytes += JSON.stringify(examples.map(textOf)).length
        }
        expect(bytes).toBeLessThan(EXAMPLE_BYTES)
      }),
      { numRuns: 5 },
    )
  })
  it('hands over what a thread can be sent', () => {
    const memory = new Memory(['home'])
    add(memory, {})
    const known = memory.recall('home')
    expect(structuredClone(known)).toEqual(known)
  })
})

/** The long parts of an example, as the characters they take. */
function textOf({ request, baseline, canary }: ReturnType<Memory['recall']>['examples'][number]) {
  const side = (one: typeof baseline): unknown => [
    one.headers,
    'b'.repeat(one.body.kept?.length ?? 0),
  ]
  return [request.path, request.headers, side(baseline), side(canary)]
}
