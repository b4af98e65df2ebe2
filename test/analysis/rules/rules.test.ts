import { describe, expect, it } from 'vitest'
import { MOST_RULE_ACTIONS, RULES, createRule } from '../../../src/analysis/rules/rules.ts'
import { judge, steady } from './stream.ts'

const options = { actions: ['home'], seed: 1 }

describe('createRule()', () => {
  it.each(RULES)(
    '$name is inconclusive or failed by missing data without any request',
    ({ name }) => {
      const { verdict, detail } = createRule(name, options).finish(0)
      expect(verdict).toBe('inconclusive')
      expect(detail).not.toBe('')
    },
  )

  it.each(RULES)('$name does not blame a canary that is the baseline', ({ name }) => {
    const wave = (index: number) => ({ latencyMs: 10 + (index % 7), failed: index % 500 === 0 })
    const equal = { seconds: 400, perSecond: 10, baseline: wave, canary: wave }
    const { verdict } = judge(createRule(name, options), equal)
    // A budget of 0.1 % burns twice too fast here, which no page is for.
    expect(verdict).not.toBe('regressed')
  })

  it('watches at most so many actions alone', () => {
    const actions = Array.from({ length: MOST_RULE_ACTIONS + 50 }, (_, index) => `a${index}`)
    const rule = createRule('mann-whitney-bonferroni', { actions, seed: 1 })
    const traffic = { seconds: 60, perSecond: 10, baseline: steady(1), canary: steady(9) }
    const last = actions.at(-1) ?? ''
    expect(judge(rule, { ...traffic, action: () => last }).verdict).toBe('inconclusive')
  })

  it('describes each rule in words that fit the help', () => {
    for (const { name, sentence } of RULES)
      expect(`  ${name.padEnd(25)}${sentence}`.length).toBeLessThan(81)
  })
})
