import { describe, expect, it } from 'vitest'
import { widthOf } from '../../src/report/columns.ts'
import { renderRules, type RuleRow } from '../../src/report/rules.ts'

const plain = { colour: false, unicode: true }

const ROWS: readonly RuleRow[] = [
  {
    rule: 'ours',
    verdict: 'regressed',
    detectedAt: 14,
    actions: ['checkout'],
    metric: 'latency_typical',
    detail: 'checkout is 1.31× slower (1.22–1.41), decided after 14 s',
  },
  {
    rule: 'kayenta',
    verdict: 'healthy',
    actions: [],
    detail: 'score 100 of 100; 1\u202f200 points',
  },
  {
    rule: 'argo',
    verdict: 'regressed',
    detectedAt: 60,
    actions: [],
    metric: 'errors',
    detail: 'x',
  },
  { rule: 'counts', verdict: 'inconclusive', actions: [], detail: 'it would watch on' },
]

describe('renderRules()', () => {
  it('escapes what a file named its actions', () => {
    const row = { ...ROWS[0], actions: ['\u001B[2Jpay'] } as RuleRow
    expect(renderRules([row], plain)).not.toContain('\u001B')
  })

  it('shows verdict, rule, moment and blame, and the figures below', () => {
    expect(renderRules(ROWS, plain)).toBe(
      `  verdict         rule      when  blames
  ✖ regressed     ours      14 s  checkout: typical latency
    checkout is 1.31× slower (1.22–1.41), decided after 14 s
  ✔ healthy       kayenta
    score 100 of 100; 1 200 points
  ✖ regressed     argo     1 min  whole service: errors
    x
  ? inconclusive  counts
    it would watch on
`,
    )
  })

  it('keeps to eighty columns and says how many more are blamed', () => {
    const actions = Array.from({ length: 40 }, (_, index) => `a rather long name ${index}`)
    const row = { ...ROWS[0], actions, detail: actions.join(' and ') } as RuleRow
    const lines = renderRules([row], plain).split('\n')
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80)
    expect(renderRules([{ ...row, actions: ['a', 'b', 'c', 'd', 'e'] }], plain)).toContain(
      'a, b, c and 2 more: typical',
    )
  })
})
