import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/core/random.ts'
import { createDiffy, isReported } from '../../../src/analysis/rules/diffy.ts'

describe('isReported()', () => {
  it('wants more differences than noise, by 20 % of both and 0.03 % of the requests', () => {
    // 3 against 2: |3 − 2| ÷ 5 = 20 %, which is not more than 20 %; 4 against 2 is 33 %.
    expect(isReported({ raw: 2, noise: 2 }, 100)).toBe(false)
    expect(isReported({ raw: 3, noise: 2 }, 100)).toBe(false)
    expect(isReported({ raw: 4, noise: 2 }, 100)).toBe(true)
    // One difference in 3 334 requests is 0.02999 %; in 3 333 it is 0.030003 %.
    expect(isReported({ raw: 1, noise: 0 }, 3334)).toBe(false)
    expect(isReported({ raw: 1, noise: 0 }, 3333)).toBe(true)
  })

  it('reports equal arms as often as published', () => {
    // A field that differs in 1 % of either comparison: 33 % of runs with 200 requests, 18 % with 1000.
    expect(reportedShare(200, 0.01, 2000)).toBeCloseTo(0.33, 1)
    expect(reportedShare(1000, 0.01, 1000)).toBeCloseTo(0.18, 1)
  })
})

function reportedShare(requests: number, share: number, runs: number): number {
  const random = createRandom(8, `diffy ${requests}`)
  const draw = (): number => {
    let count = 0
    for (let request = 0; request < requests; request += 1) count += Number(random.next() < share)
    return count
  }
  let reported = 0
  for (let run = 0; run < runs; run += 1) {
    reported += Number(isReported({ raw: draw(), noise: draw() }, requests))
  }
  return reported / runs
}

describe('createDiffy()', () => {
  it('says nothing where the baseline never answered twice', () => {
    const rule = createDiffy()
    rule.answers({ at: 1, action: 'search', canary: ['$.price'] })
    expect(rule.finish(60)).toMatchObject({ verdict: 'inconclusive', actions: [] })
  })

  it('reports the field that differs more often than noise, and when a look saw it first', () => {
    const rule = createDiffy()
    for (let index = 0; index < 30; index += 1) {
      // The price differs from 15 s on; the id differs always, and in both comparisons.
      const canary = index >= 15 ? ['$.price', '$.id'] : ['$.id']
      rule.answers({ at: index + 0.5, action: 'search', canary, control: ['$.id'] })
    }
    expect(rule.decided()).toBeUndefined()
    expect(rule.finish(30)).toEqual({
      verdict: 'regressed',
      detectedAt: 20,
      actions: ['search'],
      metric: 'responses',
      detail:
        'at the end search $.price is reported: 50 % of answers, noise 0 %; ' +
        'the first look to report one was at 20 s, search $.price',
    })
  })

  it('tells of an early look that the end does not confirm', () => {
    const rule = createDiffy()
    const answers = { action: 'search', control: [] as string[] }
    rule.answers({ ...answers, at: 1, canary: ['$.rank'] })
    for (let index = 2; index < 90; index += 1) {
      rule.answers({ ...answers, at: index, canary: [], control: index === 50 ? ['$.rank'] : [] })
    }
    const verdict = rule.finish(90)
    expect(verdict.verdict).toBe('healthy')
    expect(verdict.detail).toContain('the first look to report one was at 10 s, search $.rank')
  })
})
