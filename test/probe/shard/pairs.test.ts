import { describe, expect, it } from 'vitest'
import type { Arm } from '../../../src/core/arm.ts'
import type { Outcome } from '../../../src/core/contract/sample.ts'
import type { Exchange, Step } from '../../../src/generator/traffic.ts'
import { pairOf } from '../../../src/probe/shard/pairs.ts'
import { profileOf } from '../../generator/arm-server.ts'

const step: Step = {
  pair: 's1.1',
  session: 's1',
  action: 'home',
  profile: profileOf('u1', ['home']),
  previous: undefined,
  intendedMs: 1500,
  sentMs: 1500,
}

function exchangeOf(arm: Arm, latencyMs: number, outcome: Outcome = 'ok'): Exchange {
  const [sentMs, endedMs] = [1500, 1500 + latencyMs]
  return { arm, latencyMs, serviceMs: latencyMs, outcome, bytes: 0, sentMs, endedMs }
}

describe('pairOf()', () => {
  const canary = exchangeOf('canary', 12)

  it('gives none for an action or an arm that is missing, or was aborted', () => {
    const baseline = exchangeOf('baseline', 10)
    expect(pairOf(step, [baseline, canary], undefined, 500)).toBeUndefined()
    expect(pairOf(step, [canary], 0, 500)).toBeUndefined()
    const aborted = exchangeOf('control', 1, 'aborted')
    expect(pairOf(step, [baseline, canary, aborted], 0, 500)).toBeUndefined()
  })

  it('compares canary and baseline, whatever a control does', () => {
    const all = [exchangeOf('baseline', 10), canary, exchangeOf('control', 99, 'http_error')]
    expect(pairOf(step, all, 0, 500)).toEqual({
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
      pairOf(step, [baseline, canary, control], 0, 500, 'control')
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
})
