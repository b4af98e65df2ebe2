import { describe, expect, it } from 'vitest'
import type { AnswerDiff } from '../../../src/core/answers.ts'
import type { Arm } from '../../../src/core/arm.ts'
import type { Outcome } from '../../../src/core/contract/sample.ts'
import type { Exchange, Step } from '../../../src/generator/traffic.ts'
import { pairOf, samplesOf, type EndedStep } from '../../../src/probe/shard/pairs.ts'
import { profileOf } from '../../generator/arm-server.ts'

const step: Step = {
  pair: 's1.1',
  session: 's1',
  action: 'home',
  profile: profileOf('u1', ['home']),
  previous: undefined,
  intendedMs: 1500,
  load: 'low',
  sentMs: 1500,
}

function exchangeOf(arm: Arm, latencyMs: number, outcome: Outcome = 'ok', bytes = 0): Exchange {
  const [sentMs, endedMs] = [1500, 1500 + latencyMs]
  return { arm, latencyMs, serviceMs: latencyMs, outcome, bytes, sentMs, endedMs }
}

function ended(exchanges: readonly Exchange[], more: Partial<EndedStep> = {}): EndedStep {
  return { step, exchanges, repeats: [], compared: undefined, ...more }
}

function diffOf(...paths: string[]): AnswerDiff {
  return { paths, shapes: paths.slice(1) }
}

const canary = exchangeOf('canary', 12)

describe('pairOf()', () => {
  it('gives none for an action or an arm that is missing, or was aborted', () => {
    const baseline = exchangeOf('baseline', 10)
    expect(pairOf(ended([baseline, canary]), undefined, 500)).toBeUndefined()
    expect(pairOf(ended([canary]), 0, 500)).toBeUndefined()
    const aborted = exchangeOf('control', 1, 'aborted')
    expect(pairOf(ended([baseline, canary, aborted]), 0, 500)).toBeUndefined()
  })

  it('compares canary and baseline, whatever a control does', () => {
    const all = [exchangeOf('baseline', 10), canary, exchangeOf('control', 99, 'http_error')]
    expect(pairOf(ended(all), 0, 500)).toEqual({
      pair: 's1.1',
      action: 0,
      at: 1,
      baselineMs: 10,
      canaryMs: 12,
      baseline: 'ok',
      canary: 'ok',
    })
  })

  it('takes the latency of a control that is compared with, and the outcome of the baseline', () => {
    const of = (baseline: Exchange, control: Exchange): ReturnType<typeof pairOf> =>
      pairOf(ended([baseline, canary, control]), 0, 500, 'control')
    const fine = exchangeOf('baseline', 50)
    const failed = exchangeOf('baseline', 50, 'http_error')
    expect(of(fine, exchangeOf('control', 10))).toMatchObject({ baselineMs: 10, baseline: 'ok' })
    expect(of(failed, exchangeOf('control', 10))).toMatchObject({ baseline: 'http_error' })
    expect(of(fine, exchangeOf('control', 10, 'timeout'))).toBeUndefined()
    expect(of(failed, exchangeOf('control', 10, 'timeout'))).toMatchObject({
      baselineMs: 50,
      baseline: 'http_error',
    })
  })

  it('has the answers where they were compared', () => {
    const twins = [exchangeOf('baseline', 10), canary]
    expect(pairOf(ended(twins), 0, 500)).not.toHaveProperty('answers')
    const answers = { canary: diffOf('$.a') }
    const compared = { answers, diffs: answers }
    expect(pairOf(ended(twins, { compared }), 0, 500)?.answers).toEqual(answers)
  })
})

describe('samplesOf()', () => {
  const twins = [exchangeOf('canary', 12, 'ok', 9), exchangeOf('baseline', 10, 'ok', 5000)]

  it('gives one line an arm, and no word of answers that nobody compared', () => {
    const samples = samplesOf(ended(twins), 500)
    expect(samples.map(({ arm }) => arm)).toEqual(['canary', 'baseline'])
    for (const sample of samples) {
      expect(sample).toMatchObject({ at: 1, pair: 's1.1', session: 's1', outcome: 'ok' })
      for (const key of ['diff', 'diffShape', 'repeat', 'status']) {
        expect(sample).not.toHaveProperty(key)
      }
    }
  })

  it('writes what differs on the lines of canary and control, an empty list for nothing', () => {
    const all = [...twins, exchangeOf('control', 11)]
    const diffs = { canary: diffOf('$.a', '$.b'), control: diffOf() }
    const compared = { answers: { canary: diffs.canary }, diffs }
    const [first, baseline, control] = samplesOf(ended(all, { compared }), 500)
    expect(first).toMatchObject({ diff: ['$.a', '$.b'], diffShape: ['$.b'] })
    expect(baseline).not.toHaveProperty('diff')
    expect(control).toMatchObject({ diff: [], diffShape: [] })
  })

  it('adds the repeats as marked lines of the same pair, at the moment they were sent', () => {
    const again = (arm: Arm): Exchange => ({ ...exchangeOf(arm, 30), sentMs: 1600, endedMs: 1630 })
    const repeats = [again('baseline'), again('canary')]
    const answers = { canary: diffOf() }
    const [repeatBaseline, repeatCanary] = [diffOf('$.id'), diffOf('$.id', '$.a')]
    const compared = { answers, diffs: { ...answers, repeatBaseline, repeatCanary } }
    const samples = samplesOf(ended(twins, { repeats, compared }), 500)
    expect(samples).toHaveLength(4)
    expect(samples.slice(2)).toMatchObject([
      { arm: 'baseline', pair: 's1.1', repeat: true, at: 1.1, latencyMs: 30, diff: ['$.id'] },
      { arm: 'canary', repeat: true, diff: ['$.id', '$.a'], diffShape: ['$.a'] },
    ])
    expect(samples[2]?.segment).toEqual(samples[0]?.segment)
    const failed = samplesOf(ended(twins, { repeats, compared: { answers, diffs: answers } }), 500)
    expect(failed.slice(2).map((sample) => 'diff' in sample)).toEqual([false, false])
  })

  it('puts all arms of a pair into one segment: size of the baseline, load at the send', () => {
    const sizeOf = (...exchanges: Exchange[]): unknown[] =>
      samplesOf(ended(exchanges), 500).map(({ segment }) => segment?.['size'])
    expect(sizeOf(...twins)).toEqual(['16k', '16k'])
    const sizes = [0, 1024, 1025, 2 ** 18, 2 ** 18 + 1, 2 ** 30]
    expect(sizes.map((bytes) => sizeOf(exchangeOf('baseline', 1, 'ok', bytes))[0])).toEqual([
      '1k',
      '1k',
      '4k',
      '256k',
      '1m',
      '1m',
    ])
    const failed = exchangeOf('baseline', 1, 'http_error', 10)
    expect(sizeOf(failed, exchangeOf('canary', 1, 'ok', 5000))).toEqual(['16k', '16k'])
    expect(sizeOf(failed, exchangeOf('canary', 1, 'timeout'))).toEqual([undefined, undefined])
    const high = samplesOf(ended(twins, { step: { ...step, load: 'high' } }), 500)
    expect(high.map(({ segment }) => segment?.['load'])).toEqual(['high', 'high'])
  })
})
