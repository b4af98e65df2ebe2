import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Sample } from '../../../src/core/contract/sample.ts'
import { createRuleFeed } from '../../../src/analysis/rules/feed.ts'
import type { Rule, RuleAnswers, RuleSample } from '../../../src/analysis/rules/rule.ts'

interface Listening extends Rule {
  readonly samples: RuleSample[]
  readonly seenAnswers: RuleAnswers[]
}

/** Keeps what it is shown; says when the recording ended. */
function listener(): Listening {
  const samples: RuleSample[] = []
  const seenAnswers: RuleAnswers[] = []
  return {
    samples,
    seenAnswers,
    sample: (sample) => void samples.push(sample),
    answers: (answers) => void seenAnswers.push(answers),
    decided: () => undefined,
    finish: (seconds) => ({ verdict: 'healthy', actions: [], detail: `${seconds}` }),
  }
}

function sample(at: number, rest: Partial<Sample> = {}): Sample {
  return { at, action: 'home', arm: 'canary', latencyMs: 0, serviceMs: 0, outcome: 'ok', ...rest }
}

describe('createRuleFeed()', () => {
  it('refuses a line that is more than thirty seconds late', () => {
    const feed = createRuleFeed([listener()], 0)
    feed.add(sample(100), 's:1')
    expect(() => feed.add(sample(69), 's:2')).toThrow('s:2 is 31 s late')
  })

  it('leaves out warm-up, second answers, control and what was never sent', () => {
    const rule = listener()
    const feed = createRuleFeed([rule], 10)
    const lines: Partial<Sample>[] = [
      { warmup: true },
      { repeat: true },
      { arm: 'control' },
      { outcome: 'blocked' },
      { outcome: 'aborted' },
      { at: 5 },
      { outcome: 'timeout', latencyMs: 500 },
    ]
    lines.forEach((rest, index) => feed.add({ ...sample(12), ...rest }, `s:${index}`))
    expect(feed.finish()[0]?.detail).toBe('2.5')
    expect(rule.samples).toEqual([
      { at: 2.5, action: 'home', arm: 'canary', latencyMs: 500, failed: true },
    ])
  })

  it('shows everything in the order in which it ended, whatever the order of the file', () => {
    const request = fc.record({
      jitter: fc.double({ min: 0, max: 29, noNaN: true }),
      latencyMs: fc.double({ min: 0, max: 90_000, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(request, { maxLength: 200 }), (requests) => {
        const rule = listener()
        const feed = createRuleFeed([rule], 0)
        requests.forEach(({ jitter, latencyMs }, index) => {
          feed.add(sample(index * 2 + jitter, { latencyMs }), 's')
        })
        feed.finish()
        const times = rule.samples.map(({ at }) => at)
        expect(times).toEqual(times.toSorted((left, right) => left - right))
        const ends = requests.map(
          ({ jitter, latencyMs }, index) => index * 2 + jitter + latencyMs / 1000,
        )
        expect(times).toEqual(ends.toSorted((left, right) => left - right))
      }),
    )
  })

  it('joins the comparisons of a pair: canary with control, or with a second baseline answer', () => {
    const rule = listener()
    const feed = createRuleFeed([rule], 0)
    feed.add(sample(1, { pair: 'a', diff: ['$.x'] }), 's')
    feed.add(sample(1, { pair: 'a', arm: 'control', diff: [], latencyMs: 500 }), 's')
    feed.add(sample(2, { pair: 'b', arm: 'baseline', repeat: true, diff: ['$.id'] }), 's')
    feed.add(sample(2, { pair: 'b', diff: ['$.id'] }), 's')
    // Compared once only, and a second answer of the canary: no third answer to hold it against.
    feed.add(sample(3, { pair: 'c', diff: ['$.x'] }), 's')
    feed.add(sample(3, { pair: 'c', repeat: true, diff: ['$.x'] }), 's')
    feed.finish()
    expect(rule.seenAnswers).toEqual([
      { at: 1.5, action: 'home', canary: ['$.x'], control: [] },
      { at: 2, action: 'home', canary: ['$.id'], control: ['$.id'] },
    ])
  })

  it('asks a rule that has decided nothing more', () => {
    const rule = listener()
    const verdict = {
      verdict: 'regressed',
      detectedAt: 1,
      actions: [],
      detail: 'seen enough',
    } as const
    const feed = createRuleFeed([{ ...rule, decided: () => verdict }], 0)
    feed.add(sample(1), 's')
    expect(feed.finish()).toEqual([verdict])
    expect(rule.samples).toEqual([])
  })
})
