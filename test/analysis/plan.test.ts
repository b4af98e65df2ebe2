import { describe, expect, it } from 'vitest'
import {
  endSecondsOf,
  freezePlan,
  planHashOf,
  quietLimitSeconds,
  replaceInPlan,
  warmUpLimits,
  type PlanAction,
} from '../../src/analysis/plan.ts'
import { actionSchema } from '../../src/core/contract/ontology.ts'
import {
  planDocumentSchema,
  planFromDocument,
  planToDocument,
} from '../../src/core/contract/plan.ts'
import { UsageError } from '../../src/core/errors.ts'
import { planOf, settings } from './synthetic.ts'

const documentOf = (written: object): PlanAction['document'] & {} =>
  actionSchema.parse({ request: { path: '/' }, ...written })

describe('plan', () => {
  it('freezePlan() refuses a required action that is not sent, with the nearest name', () => {
    try {
      planOf({ require: ['chekout'] })
      expect.unreachable()
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(UsageError)
      expect(thrown).toMatchObject({ code: 'unknown-action', mend: 'did you mean "checkout"?' })
    }
  })

  it('freezePlan() refuses a run without actions', () => {
    expect(() => freezePlan(settings, [])).toThrow(/it has no action/)
  })

  it('freezePlan() makes tiers from the nominal pairs of a minute', () => {
    const plan = planOf({}, [
      { action: 'frequent', share: 1000 / 3000 },
      { action: 'occasional', share: 999 / 3000 },
      { action: 'least', share: 250 / 3000 },
      { action: 'rare', share: 249 / 3000 },
    ])
    expect(plan.actions.map(({ tier }) => tier)).toEqual([
      'frequent',
      'occasional',
      'occasional',
      'rare',
    ])
    expect(plan.actions.map(({ required }) => required)).toEqual([true, true, true, false])
    expect(plan.actions[0]?.healthyMargin).toEqual({
      latencyTypical: 0.1,
      latencyTailShare: 0.05,
      errors: 0.02,
    })
    expect(plan.actions[1]?.healthyMargin).toEqual({ latencyTypical: 0.2, errors: 0.05 })
    expect(plan.actions[3]?.healthyMargin).toEqual({})
    expect(plan.rare.judged).toBe(false)
  })

  it('freezePlan() proves rare actions as a pool where it is large enough', () => {
    const rare = Array.from({ length: 5 }, (_, index) => ({ action: `rare${index}`, share: 0.02 }))
    expect(planOf({}, [{ action: 'home', share: 0.9 }, ...rare]).rare.judged).toBe(true)
  })

  it('freezePlan() lets --require replace the tiers and "require: true" add to them', () => {
    const required = documentOf({ require: true })
    const actions = [
      { action: 'home', share: 0.9 },
      { action: 'pay', share: 0.05 },
      { action: 'refund', share: 0.05, document: required },
    ]
    const added = freezePlan(settings, actions)
    expect(added.actions.map((action) => action.required)).toEqual([true, false, true])
    const named = freezePlan({ ...settings, require: ['pay'] }, actions)
    expect(named.actions.map((action) => action.required)).toEqual([false, true, true])
    expect(named.actions[1]?.tier).toBe('frequent')
  })

  it('freezePlan() takes explicit margins: the ontology before the flag before the default', () => {
    const document = documentOf({
      margin: { latency_typical: 0.5 },
      healthy_margin: { errors: 0.001 },
    })
    const plan = freezePlan(
      {
        ...settings,
        margins: { latency_typical: 0.3, errors: 0.02 },
        healthyMargins: { errors: 0.03 },
      },
      [
        { action: 'home', share: 0.5, document },
        { action: 'view', share: 0.5 },
      ],
    )
    expect(plan.actions[0]?.margin).toMatchObject({
      latencyTypical: 0.5,
      latencyTail: 0.2,
      errors: 0.02,
    })
    expect(plan.actions[1]?.margin).toMatchObject({
      latencyTypical: 0.3,
      latencyTail: 0.2,
      errors: 0.02,
    })
    expect(plan.actions[0]?.healthyMargin.errors).toBe(0.001)
    expect(plan.actions[1]?.healthyMargin.errors).toBe(0.03)
    expect(plan.service.margin.latencyTypical).toBe(0.3)
    expect(plan.service.healthyMargin).toEqual({
      latencyTypical: 0.05,
      latencyTailShare: 0.025,
      errors: 0.03,
    })
  })

  it('freezePlan() gives a short fixed run the load phase alone, with the whole α', () => {
    expect(planOf({ duration: 59 }).phases).toEqual(['load'])
    expect(planOf({ duration: 60 }).phases).toEqual(['quiet', 'load'])
    expect(planOf({ phases: ['load', 'quiet'] }).phases).toEqual(['quiet', 'load'])
    expect(planOf({ phases: ['quiet'] }).phases).toEqual(['quiet'])
  })

  it('freezePlan() plans the blocks that are left after warm-up and quiet phase', () => {
    expect(planOf().horizonBlocks).toEqual({ quiet: 90, load: 2 * (600 - 10 - 45) })
    expect(planOf({ duration: 100 }).horizonBlocks).toEqual({ quiet: 60, load: 120 })
    expect(planOf({ duration: 30, block: 1 }).horizonBlocks.load).toBe(23)
  })

  it('planHashOf() tells plans apart and survives the document', () => {
    const plan = planOf()
    const copy = planFromDocument(planDocumentSchema.parse(planToDocument(plan)))
    expect(planHashOf(copy)).toBe(planHashOf(plan))
    expect(planHashOf(plan)).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(planHashOf(planOf({ alpha: 0.01 }))).not.toBe(planHashOf(plan))
  })

  it('replaceInPlan() changes what is said and nothing else', () => {
    const plan = planOf()
    expect(replaceInPlan(plan, {})).toEqual(plan)
    const other = replaceInPlan(plan, { alpha: 0.01, margins: { errors: 0.05 } })
    expect(other.alpha).toBe(0.01)
    expect(other.actions.every(({ margin }) => margin.errors === 0.05)).toBe(true)
    expect(other.service.margin).toEqual({ ...plan.service.margin, errors: 0.05 })
  })

  it('limits of the phases follow the duration', () => {
    expect(warmUpLimits({ warmup: 'auto', duration: 'auto' })).toEqual({
      minSeconds: 10,
      maxSeconds: 60,
    })
    expect(warmUpLimits({ warmup: 'auto', duration: 30 })).toEqual({
      minSeconds: 7.5,
      maxSeconds: 7.5,
    })
    expect(warmUpLimits({ warmup: 3, duration: 30 })).toEqual({ minSeconds: 3, maxSeconds: 3 })
    expect(quietLimitSeconds({ duration: 'auto', phases: ['quiet', 'load'] }, 10)).toBe(45)
    expect(quietLimitSeconds({ duration: 70, phases: ['quiet', 'load'] }, 10)).toBe(20)
    expect(quietLimitSeconds({ duration: 70, phases: ['quiet'] }, 10)).toBe(Infinity)
    expect(endSecondsOf({ duration: 'auto', maxDurationSeconds: 600 })).toBe(600)
    expect(endSecondsOf({ duration: 30, maxDurationSeconds: 600 })).toBe(30)
  })
})
