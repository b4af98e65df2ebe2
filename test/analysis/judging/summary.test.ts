import { describe, expect, it } from 'vitest'
import {
  findingWords,
  liveSentence,
  summaryOf,
  type SummaryInput,
} from '../../../src/analysis/judging/summary.ts'
import {
  countWords,
  percentWords,
  pointsWords,
  ratioWords,
  secondsWords,
} from '../../../src/analysis/judging/words.ts'
import type { ActionReport, Finding } from '../../../src/core/contract/report.ts'
import { planOf } from '../synthetic.ts'

function finding(changed: Partial<Finding> = {}): Finding {
  return {
    action: 'checkout',
    metric: 'latency_typical',
    verdict: 'regressed',
    role: 'cause',
    effect: { kind: 'ratio', estimate: 1.31, low: 1.22, high: 1.41 },
    margin: 0.1,
    lnEvidence: 14,
    lnThreshold: 6,
    detectedAt: 14,
    onset: 0,
    phase: 'quiet',
    episode: 0,
    transient: false,
    rule: 'evidence',
    ...changed,
  }
}

function action(name: string, changed: Partial<ActionReport> = {}): ActionReport {
  return { action: name, required: true, verdict: 'healthy', pairs: 900, metrics: [], ...changed }
}

function input(changed: Partial<SummaryInput>): SummaryInput {
  const none = { findings: [], notes: [], actions: [], reasons: [] }
  return { plan: planOf(), verdict: 'inconclusive', seconds: 38, ...none, ...changed }
}

const need = {
  metric: 'latency_tail' as const,
  pairs: 1900,
  seconds: 40,
  p10Seconds: 24,
  p90Seconds: 68,
}

describe('summary', () => {
  it('summaryOf() without anything to judge says so', () => {
    expect(summaryOf(input({ verdict: 'invalid' }))).toBe('Not judged: there is nothing to judge')
  })

  it('summaryOf() leads with the finding and ends with what is open', () => {
    const actions = [
      action('checkout', { verdict: 'regressed' }),
      action('home'),
      action('refund', { verdict: 'inconclusive', need: { ...need, seconds: 180 } }),
    ]
    expect(summaryOf(input({ verdict: 'regressed', findings: [finding()], actions }))).toBe(
      'checkout is 1.31× slower (1.22–1.41), decided after 14 s; 1 action proven, 1 needs about 3 min more',
    )
  })

  it('summaryOf() leads with the figure that has an interval and counts other actions', () => {
    const effect = { kind: 'ratio', estimate: 24 } as const
    const findings = [
      finding({ metric: 'latency_tail', effect, lnEvidence: 20 }),
      finding(),
      finding({ action: 'search', lnEvidence: 9 }),
    ]
    expect(summaryOf(input({ verdict: 'regressed', findings }))).toBe(
      'checkout is 1.31× slower (1.22–1.41) and 1 more action, decided after 14 s',
    )
  })

  it('findingWords() has words for each metric, role and the whole service', () => {
    const errors = finding({ metric: 'errors', effect: { kind: 'difference', estimate: 0.018 } })
    expect(findingWords(errors)).toBe('checkout fails +1.8 pp more')
    const tail = finding({ metric: 'latency_tail', effect: { kind: 'ratio', estimate: 1.8 } })
    expect(findingWords(tail)).toBe('checkout is 1.80× slower in the tail')
    expect(findingWords(finding({ role: 'under_load' }))).toContain('slower under load (1.22')
    const { effect: _effect, ...bare } = finding({ action: '*' })
    expect(findingWords(bare)).toBe('the service is slower (typical latency)')
  })

  it('summaryOf() counts what is proven', () => {
    const actions = [action('home'), action('view')]
    expect(summaryOf(input({ verdict: 'healthy', actions }))).toBe(
      'All 2 required actions proven within the margin after 38 s',
    )
    expect(summaryOf(input({ verdict: 'healthy' }))).toBe(
      'The whole service is proven within the margin after 38 s',
    )
  })

  it('summaryOf() names what is missing most', () => {
    const actions = [action('home'), action('refund', { verdict: 'inconclusive', need })]
    expect(summaryOf(input({ actions }))).toBe(
      'Nothing found, but 1 of 2 actions is not proven: refund needs 1\u202f900 more pairs (tail), about 40 s',
    )
  })

  it('liveSentence() says how far the proof is', () => {
    const actions = [action('home'), action('refund', { verdict: 'inconclusive', need })]
    expect(liveSentence(input({ actions }), 110)).toBe(
      'Nothing found so far: 1 of 2 actions proven, about 1 min 50 s to go',
    )
  })
})

describe('words', () => {
  it('write figures as people read them', () => {
    expect([1, 1.3149, 9.949, 12.6].map(ratioWords)).toEqual(['1.00', '1.31', '9.95', '13'])
    expect([7, 999, 1234, 1234567].map(countWords)).toEqual([
      '7',
      '999',
      '1\u202f234',
      '1\u202f234\u202f567',
    ])
    expect([0.07, 0.0912, 0.25].map(percentWords)).toEqual(['7 %', '9.1 %', '25 %'])
    expect([0.018, -0.002, 0.0005, 0.42].map(pointsWords)).toEqual([
      '+1.8 pp',
      '−0.2 pp',
      '+0.05 pp',
      '+42 pp',
    ])
    expect([0, 14.2, 99, 110, 178, 720].map(secondsWords)).toEqual([
      '1 s',
      '14 s',
      '99 s',
      '1 min 50 s',
      '3 min',
      '12 min',
    ])
  })
})
