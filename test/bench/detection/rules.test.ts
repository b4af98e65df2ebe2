import { describe, expect, it } from 'vitest'
import { createReplay } from '../../../bench/detection/simulation/rules.ts'
import type { PairRecord } from '../../../src/analysis/fold.ts'
import type { Rule, RuleSample, RuleVerdict } from '../../../src/analysis/rules/rule.ts'

const actions = [{ action: 'a1', share: 1, medianMs: 10 }]

/** Remembers what it is told and speaks at the sample after which it shall. */
function createListener(speaksAfter: number, last: RuleVerdict['verdict'] = 'inconclusive') {
  const heard: RuleSample[] = []
  const rule: Rule = {
    sample: (sample) => heard.push(sample),
    answers: () => undefined,
    decided: () =>
      heard.length >= speaksAfter
        ? { verdict: 'regressed', detectedAt: 1.5, actions: ['a1'], detail: '' }
        : undefined,
    finish: () => ({ verdict: last, actions: [], detail: '' }),
  }
  return { heard, rule }
}

function pairAt(at: number, baselineMs: number, canaryMs: number): PairRecord {
  return { pair: `s${at}`, action: 0, at, baselineMs, canaryMs, baseline: 'ok', canary: 'timeout' }
}

describe('createReplay()', () => {
  it('tells samples in the order of their ends, with the failures', () => {
    const { heard, rule } = createListener(Infinity)
    const replay = createReplay([{ name: 'one', rule }], actions)
    replay.pair(pairAt(0.1, 900, 100))
    replay.pair(pairAt(0.2, 50, 2000))
    replay.end(10)
    expect(heard.map(({ at }) => Number(at.toFixed(3)))).toEqual([0.2, 0.25, 1, 2.2])
    expect(heard.map(({ failed }) => failed)).toEqual([true, false, false, true])
  })
  it('tells nothing that ended after the recording', () => {
    const { heard, rule } = createListener(Infinity)
    const replay = createReplay([{ name: 'one', rule }], actions)
    replay.pair(pairAt(0.1, 10, 5000))
    replay.end(1)
    expect(heard).toHaveLength(1)
  })
  it('asks a rule no more once it has spoken', () => {
    const early = createListener(1)
    const late = createListener(Infinity)
    const replay = createReplay(
      [early, late].map(({ rule }, index) => ({ name: `r${index}`, rule })),
      actions,
    )
    for (let at = 0; at < 10; at += 0.5) replay.pair(pairAt(at, 10, 10))
    expect(replay.isDone()).toBe(false)
    const said = replay.end(10)
    expect(early.heard.length).toBeLessThan(late.heard.length)
    expect(said).toEqual({ r0: { at: 1.5, actions: ['a1'] }, r1: {} })
  })
  it('takes an alarm at the end without a moment as one at the end', () => {
    const { rule } = createListener(Infinity, 'regressed')
    const replay = createReplay([{ name: 'one', rule }], actions)
    expect(replay.end(60)).toEqual({ one: { at: 60, actions: [] } })
  })
})
