import { describe, expect, it } from 'vitest'
import { forecastRun } from '../../../src/analysis/forecast/forecast.ts'
import { planHashOf } from '../../../src/analysis/plan.ts'
import type { Plan } from '../../../src/core/contract/plan.ts'
import { planOf } from '../synthetic.ts'

const forecast = (plan: Plan): ReturnType<typeof forecastRun> => forecastRun(plan, planHashOf(plan))
const rare = [
  { action: 'home', share: 0.97 },
  { action: 'refund', share: 0.03 },
]

describe('forecastRun()', () => {
  it('gives each action its rate, its tier and the claims of its tier', () => {
    const { actions, service, plan } = forecast(planOf())
    const [home, , , checkout] = actions
    expect(plan).toMatch(/^sha256:/)
    expect(home).toMatchObject({ action: 'home', pairsPerSecond: 20, tier: 'frequent' })
    expect(home?.claims.map(({ metric, margin }) => [metric, margin])).toEqual([
      ['latency_typical', 0.1],
      ['latency_tail', 0.05],
      ['errors', 0.02],
    ])
    expect(checkout).toMatchObject({ tier: 'occasional', required: true })
    expect(service).toMatchObject({ action: '*', share: 1, pairsPerSecond: 50 })
  })

  it('says which times are of a formula and which were measured', () => {
    const { service } = forecast(planOf())
    const basis = Object.fromEntries(service.claims.map((claim) => [claim.metric, claim.basis]))
    expect(basis).toMatchObject({ latency_typical: 'computed', latency_tail: 'measured' })
    const tail = service.claims.find(({ metric }) => metric === 'latency_tail')
    // 1650 pairs to 2.5 pp, as real runs needed.
    expect(tail?.pairs).toBeGreaterThan(1600)
    expect(tail?.pairs).toBeLessThan(1700)
  })

  it('never finds a slowdown within the margin, and larger ones sooner', () => {
    for (const { action, detects } of forecast(planOf()).actions) {
      const [ten, twenty, fifty] = detects?.slower.map(({ seconds }) => seconds) ?? []
      expect(ten, action).toBeUndefined()
      expect(twenty ?? 0, action).toBeGreaterThan(fifty ?? Infinity)
      expect(detects?.smallestRatio, action).toBeGreaterThan(1.1)
      const [one, five] = detects?.errors.map(({ seconds }) => seconds ?? Infinity) ?? []
      expect(one, action).toBeGreaterThan(five ?? Infinity)
    }
  })

  it('speaks of wrong answers only where answers are compared', () => {
    const plan = planOf()
    expect(forecast(plan).service.detects?.responses).toBeUndefined()
    const compared: Plan = {
      ...plan,
      repeatShare: 0.2,
      actions: plan.actions.map((planned, index) => ({ ...planned, comparesAnswers: index === 0 })),
    }
    const { service, actions } = forecast(compared)
    expect(actions[0]?.detects?.responses).toHaveLength(2)
    expect(actions[1]?.detects?.responses).toBeUndefined()
    const [always, rarely] = service.detects?.responses ?? []
    expect(always?.seconds ?? Infinity).toBeLessThan(rarely?.seconds ?? 0)
  })

  it('names what would bring a proof into the run: time, rate or margin', () => {
    const plan = planOf({ require: ['refund'], maxDurationSeconds: 120 }, rare)
    const refund = forecast(plan).actions.find(({ action }) => action === 'refund')
    const late = refund?.claims.find(({ metric }) => metric === 'latency_typical')
    expect(late?.inTime).toBe('no')
    const { rate = 0, margin = 0, maxDurationSeconds = 0 } = late?.remedy ?? {}
    const typicalOf = (changed: Parameters<typeof planOf>[0]): string | undefined =>
      forecast(planOf({ require: ['refund'], maxDurationSeconds: 120, ...changed }, rare))
        .actions.find(({ action }) => action === 'refund')
        ?.claims.find(({ metric }) => metric === 'latency_typical')?.inTime
    expect(typicalOf({ rate })).toBe('yes')
    expect(typicalOf({ healthyMargins: { latency_typical: margin } })).toBe('yes')
    expect(typicalOf({ maxDurationSeconds })).toBe('yes')
    expect(typicalOf({ rate: rate * 0.8 })).not.toBe('yes')
  })

  it('expects a run between its least length and its limit, a fixed one exactly', () => {
    const auto = forecast(planOf()).length
    expect(auto.p10Seconds).toBeLessThan(auto.seconds)
    expect(auto.seconds).toBeLessThan(auto.p90Seconds)
    expect(auto.p10Seconds).toBeGreaterThanOrEqual(60)
    expect(auto.p90Seconds).toBeLessThanOrEqual(auto.limitSeconds)
    expect(forecast(planOf({ duration: 90 })).length).toEqual({
      seconds: 90,
      p10Seconds: 90,
      p90Seconds: 90,
      limitSeconds: 90,
    })
  })

  it('leaves nothing that JSON cannot say', () => {
    const value = forecast(planOf({ rate: 0.05 }))
    expect(JSON.parse(JSON.stringify(value))).toEqual(value)
  })
})
