import { describe, expect, it } from 'vitest'
import { foldPairs, type PairRecord } from '../../../src/analysis/fold.ts'
import { createJudge, type Judge } from '../../../src/analysis/judge.ts'
import type { AnswerDiff } from '../../../src/core/answers.ts'
import type { Plan } from '../../../src/core/contract/plan.ts'
import { createRandom, type Random } from '../../../src/core/random.ts'
import { createWorld, planOf } from '../synthetic.ts'

const WARM_SECONDS = 10
/** No interval is asked for here. */
const LEAN = { intervals: false }

/** How often a field of each answer differs from the baseline's first one. */
interface Field {
  readonly path: string
  readonly canary: number
  readonly control: number
  /** Whether a difference of the canary is one of shape too. */
  readonly isShape?: boolean
}

interface Watching {
  readonly judge: Judge
  /** Seconds of traffic behind the warm-up until the judge stopped, or until it was enough. */
  readonly seconds: number
  readonly reason: string | undefined
}

function planFor(rate: number): Plan {
  return planOf({ rate, phases: ['load'], repeatsPerSecond: rate }, [
    { action: 'home', share: 0.5, comparesAnswers: true },
    { action: 'view', share: 0.5, comparesAnswers: true },
  ])
}

/** Fields of `view`; `home` never differs. */
function watch(rate: number, fields: readonly Field[], mostSeconds: number, seed = 1): Watching {
  const plan = planFor(rate)
  const world = createWorld(plan, seed)
  const random = createRandom(seed, 'answers')
  const judge = createJudge(plan, seed, undefined, LEAN)
  const decorate = (pairs: readonly PairRecord[]): PairRecord[] =>
    pairs.map((pair) => withAnswers(pair, pair.action === 1 ? fields : [], random))
  const warm = decorate(world.pairs(0, WARM_SECONDS, 'load'))
  judge.warmedUp(foldPairs(plan, seed, judge.initialParameters(), warm, LEAN), WARM_SECONDS)
  for (let index = 1; index <= mostSeconds * 2; index += 1) {
    const startSeconds = WARM_SECONDS + (index - 1) / 2
    const endSeconds = startSeconds + 0.5
    const parameters = judge.parametersFor(index) ?? judge.initialParameters()
    const pairs = decorate(world.pairs(startSeconds, endSeconds, 'load'))
    const sums = foldPairs(plan, seed, parameters, pairs, LEAN)
    const block = { index, phase: 'load', startSeconds, endSeconds, capped: [], sums } as const
    const decision = judge.add(block)
    if (decision.kind === 'stop') return { judge, seconds: index / 2, reason: decision.reason }
  }
  return { judge, seconds: mostSeconds, reason: undefined }
}

function withAnswers(pair: PairRecord, fields: readonly Field[], random: Random): PairRecord {
  const draw = (arm: 'canary' | 'control'): AnswerDiff => {
    const differing = fields.filter((field) => random.next() < field[arm])
    const shaped = differing.filter(({ isShape }) => isShape === true && arm === 'canary')
    return { paths: differing.map(({ path }) => path), shapes: shaped.map(({ path }) => path) }
  }
  return {
    ...pair,
    answers: {
      canary: draw('canary'),
      noise: { canary: draw('canary'), control: draw('control') },
    },
  }
}

describe('compared answers, judged', () => {
  it('finds a field that never differs between baselines and always in the canary, at one pair a second, in under 30 s', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const price = { path: '$.price', canary: 1, control: 0 }
      // Two actions at two pairs a second: one of each.
      const { judge, seconds, reason } = watch(2, [price], 60, seed)
      expect(reason).toBe('named')
      expect(seconds).toBeLessThan(30)
      const [finding] = judge.findings()
      expect(finding).toMatchObject({ action: 'view', metric: 'responses' })
      expect(finding?.fields).toMatchObject([{ path: '$.price', canaryShare: 1, controlShare: 0 }])
    }
  })

  it('names the field that differs more, beside one that is noise in both', () => {
    const { judge } = watch(
      50,
      [
        { path: '$.ad', canary: 0.05, control: 0.05 },
        { path: '$.total', canary: 0.1, control: 0 },
      ],
      120,
    )
    expect(judge.findings()[0]?.fields?.[0]?.path).toBe('$.total')
  })

  it('finds nothing in fields that differ as often between two baselines', () => {
    for (const share of [0.001, 0.01, 0.05, 0.3, 1]) {
      for (const seed of [1, 2, 3]) {
        const same = { path: '$.at', canary: share, control: share }
        const { judge } = watch(20, [same], 120, seed)
        expect(judge.findings(), `noise of ${share}`).toEqual([])
      }
    }
  })

  it('does not blame a canary whose noisy field varies in another way, but in another shape', () => {
    // Two baselines agree on a millisecond now and then, a canary that cuts it off never.
    const cut = { path: '$.at', canary: 1, control: 0.75 }
    expect(watch(20, [cut], 120).judge.findings()).toEqual([])
    const { judge, reason } = watch(20, [{ ...cut, isShape: true }], 120)
    expect(reason).toBe('named')
    expect(judge.findings()[0]?.fields?.[0]?.path).toBe('$.at')
  })

  it('proves equal answers although a field is noise, and asks for no more than the quiet ones', () => {
    const noise = { path: '$.session', canary: 0.4, control: 0.4 }
    const { reason, judge } = watch(50, [noise], 200)
    expect(reason).toBe('proof')
    const view = judge.live().actions.find(({ action }) => action === 'view')
    expect(view?.metrics.find(({ metric }) => metric === 'responses')?.verdict).toBe('healthy')
  })

  it('declares no stream for answers that nobody compares', () => {
    const judge = createJudge(planOf(), 1)
    expect(judge.stream('view', 'responses').lnEvidence).toBe(0)
    expect(planOf().service.healthyMargin.responses).toBeUndefined()
  })

  it('snapshot() goes on bit for bit with fields that were found before', () => {
    const plan = planFor(20)
    const fields = [{ path: '$.a', canary: 0.1, control: 0.05 }]
    const { judge } = watch(20, fields, 20)
    const copy = createJudge(plan, 1, JSON.parse(JSON.stringify(judge.snapshot())), LEAN)
    expect(copy.snapshot()).toEqual(judge.snapshot())
    expect(copy.live()).toEqual(judge.live())
  })
})
