import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { SAME_ANSWER } from '../../src/core/answers.ts'
import type { Arm } from '../../src/core/arm.ts'
import type { Outcome } from '../../src/core/contract/sample.ts'
import type { Exchange } from '../../src/generator/traffic.ts'
import { createAnswerComparer, type AnswerComparer } from '../../src/probe/shard/answers.ts'

interface Given {
  readonly value?: unknown
  readonly body?: Buffer
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly outcome?: Outcome
  readonly path?: string
  /** What the generator kept of the body. */
  readonly kept?: number
  readonly isRemembered?: boolean
}

function exchange(arm: Arm, given: Given = {}): Exchange {
  const { value = { price: 9.5 }, outcome = 'ok', path = '/', isRemembered = true } = given
  const body = given.body ?? Buffer.from(JSON.stringify(value))
  const kept = body.subarray(0, given.kept ?? body.length)
  return {
    arm,
    outcome,
    status: 200,
    bytes: body.length,
    sentMs: 0,
    endedMs: 1,
    latencyMs: 1,
    serviceMs: 1,
    ...(isRemembered && {
      remembered: {
        request: {
          method: 'GET',
          path,
          headers: ['traceparent', `00-${arm}trace-1-01`],
          body: undefined,
        },
        headers: { 'content-type': 'application/json', ...given.headers },
        // The wire cuts where it likes.
        chunks: [kept.subarray(0, 5), kept.subarray(5)],
        bodyBytes: body.length,
      },
    }),
  }
}

function comparer(ignore: string[] = [], secrets: Record<string, string> = {}): AnswerComparer {
  const actions = new Map([['view', { document: { ignore } }]])
  const addresses = { baseline: 'http://127.0.0.1:4001', canary: 'http://127.0.0.1:4002/v2' }
  return createAnswerComparer({ actions, secrets, addresses })
}

function compare(
  exchanges: Exchange[],
  repeats: Exchange[] = [],
  by = comparer(),
): ReturnType<AnswerComparer['compare']> {
  return by.compare({ action: 'view', exchanges, repeats })
}

const PRICE = { paths: ['$.price'], shapes: [] }

describe('AnswerComparer', () => {
  it('compares nothing unless every answer is there and as it should be', () => {
    const canary = exchange('canary')
    const failed = exchange('baseline', { outcome: 'http_error' })
    const other = exchange('baseline', { outcome: 'aborted' })
    const forgotten = exchange('baseline', { isRemembered: false })
    for (const baseline of [failed, other, forgotten]) {
      expect(compare([baseline, canary])).toBeUndefined()
      expect(compare([exchange('baseline'), canary], [baseline, canary])).toBeUndefined()
    }
    expect(
      compare([exchange('baseline'), canary, exchange('control', { outcome: 'timeout' })]),
    ).toBeUndefined()
    expect(compare([canary])).toBeUndefined()
  })
  it('says where the canary differs, and nothing of noise that nobody asked for', () => {
    const compared = compare([exchange('canary', { value: { price: 0 } }), exchange('baseline')])
    expect(compared).toEqual({ answers: { canary: PRICE }, diffs: { canary: PRICE } })
  })
  it('takes the control arm for noise', () => {
    const control = exchange('control', { value: { price: 9.5, at: 1 } })
    const compared = compare([exchange('baseline'), exchange('canary'), control])
    const at = { paths: ['$.at'], shapes: ['$.at'] }
    expect(compared).toEqual({
      answers: { canary: SAME_ANSWER, noise: { canary: SAME_ANSWER, control: at } },
      diffs: { canary: SAME_ANSWER, control: at },
    })
  })
  it('takes second answers for noise, each against the first of the baseline', () => {
    const repeats = [exchange('canary', { value: { price: 1 } }), exchange('baseline')]
    const compared = compare([exchange('baseline'), exchange('canary')], repeats)
    expect(compared).toEqual({
      answers: { canary: SAME_ANSWER, noise: { canary: PRICE, control: SAME_ANSWER } },
      diffs: { canary: SAME_ANSWER, repeatBaseline: SAME_ANSWER, repeatCanary: PRICE },
    })
  })
  it('reads compressed answers, and takes what it cannot for bytes', () => {
    const text = JSON.stringify({ price: 1 })
    const gzip = exchange('canary', {
      body: gzipSync(text),
      headers: { 'content-encoding': 'gzip' },
    })
    const brotli = exchange('baseline', {
      body: brotliCompressSync(JSON.stringify({ price: 2 })),
      headers: { 'content-encoding': 'br' },
    })
    const found = { paths: ['$.price', 'header:content-encoding'], shapes: [] }
    expect(compare([brotli, gzip])?.answers.canary.paths).toEqual(found.paths)
    const broken = exchange('canary', {
      body: Buffer.from('this is no gzip'),
      headers: { 'content-encoding': 'gzip' },
    })
    expect(compare([gzip, { ...broken, arm: 'baseline' }])?.answers.canary.paths).toEqual(['body'])
  })
  it('compares only size and headers, in all arms, where a body was cut', () => {
    const long = { value: { list: 'x'.repeat(9000) }, kept: 4096 }
    const cut = compare([
      exchange('baseline', long),
      exchange('canary', { ...long, value: { list: 'y'.repeat(9001) } }),
    ])
    expect(cut?.answers.canary).toEqual(SAME_ANSWER)
    const shorter = compare([exchange('baseline', long), exchange('canary', { value: {} })])
    expect(shorter?.answers.canary).toEqual({ paths: ['size'], shapes: ['size'] })
  })
  it('leaves out what the action ignores', () => {
    const by = comparer(['$.id', 'header:vary'])
    const [first, other] = [
      exchange('baseline', { value: { id: 1, n: 1 }, headers: { vary: 'a' } }),
      exchange('canary', { value: { id: 2, n: 1 }, headers: { vary: 'b' } }),
    ]
    expect(compare([first, other], [], by)?.answers.canary).toEqual(SAME_ANSWER)
    expect(by.takeExamples()).toEqual([])
  })
  it('takes an echo of what an arm was asked for no difference', () => {
    const echo = (arm: Arm, port: number, cart: number): Exchange =>
      exchange(arm, {
        path: `/carts/${cart}?by=${arm}`,
        value: { cart, self: `http://127.0.0.1:${port}/x`, by: arm, trace: `${arm}trace`, n: port },
      })
    const compared = compare([echo('baseline', 4001, 71), echo('canary', 4002, 72)])
    expect(compared?.answers.canary).toEqual(SAME_ANSWER)
  })
})

describe('AnswerComparer.takeExamples()', () => {
  it('gives the first example of each path once', () => {
    const by = comparer()
    const pair = (price: number): Exchange[] => [
      exchange('baseline'),
      exchange('canary', { value: { price } }),
    ]
    compare(pair(1), [], by)
    compare(pair(2), [], by)
    expect(by.takeExamples()).toEqual([
      { action: 'view', examples: [{ path: '$.price', baseline: '9.5', canary: '1' }] },
    ])
    compare(pair(3), [], by)
    expect(by.takeExamples()).toEqual([])
  })
  it('keeps a hundred of an action', () => {
    const by = comparer()
    const value = (from: number): unknown =>
      Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`k${from + index}`, 1]))
    for (const from of [0, 90, 180]) {
      compare([exchange('baseline'), exchange('canary', { value: value(from) })], [], by)
    }
    expect(by.takeExamples()[0]?.examples).toHaveLength(100)
  })
  it('shows no secrets: of the run, by their names, by their looks, or cut in two', () => {
    const secret = 'hunter2-very-secret'
    const by = comparer([], { SHOP: secret })
    const long = 'word '.repeat(15)
    const [first, other] = [
      { password: 'abc', note: 'x', jwt: 'x', [secret]: 1 },
      {
        password: 'def',
        note: `${long}${secret}`,
        jwt: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc',
        [secret]: 2,
      },
    ]
    const sent = { 'set-cookie': [`sid=${secret}`], location: `/x?token=${secret}` }
    const compared = compare(
      [exchange('baseline', { value: first }), exchange('canary', { value: other, headers: sent })],
      [],
      by,
    )
    const shown = JSON.stringify([compared, by.takeExamples()])
    for (const text of ['hunter2', 'very-secret', 'abc', 'def', 'eyJhb']) {
      expect(shown).not.toContain(text)
    }
    expect(shown).toContain('$.password')
    expect(shown).toContain('header:set-cookie')
  })
})
