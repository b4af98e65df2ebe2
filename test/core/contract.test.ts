import { describe, expect, it } from 'vitest'
import { criteriaSchema, exampleCriteria } from '../../src/core/contract/criteria.ts'
import { exampleOntology, ontologySchema } from '../../src/core/contract/ontology.ts'
import {
  planDocumentSchema,
  planFromDocument,
  planToDocument,
} from '../../src/core/contract/plan.ts'
import { exampleProfile, profileInputSchema } from '../../src/core/contract/profile.ts'
import {
  exampleSampleLine,
  formatBlockLine,
  formatGeneratorReading,
  formatRunHeader,
  formatSample,
  isFailure,
  sampleLineSchemaOf,
  toSampleLine,
} from '../../src/core/contract/sample.ts'
import { examplePlan } from '../support/example-plan.ts'

describe('contract examples', () => {
  it('pass their own schemas', () => {
    expect(criteriaSchema.safeParse(exampleCriteria).success).toBe(true)
    expect(ontologySchema.safeParse(exampleOntology).success).toBe(true)
    expect(profileInputSchema.safeParse(exampleProfile).success).toBe(true)
    const line: unknown = JSON.parse(exampleSampleLine)
    expect(sampleLineSchemaOf(line).safeParse(line).success).toBe(true)
  })
})

describe('plan document', () => {
  it('round-trips, so that a recorded plan is the plan that ran', () => {
    const document = planDocumentSchema.parse(planToDocument(examplePlan()))
    expect(planFromDocument(document)).toEqual(examplePlan())
  })
})

describe('sample lines', () => {
  it('read back what was written, to the last bit of a latency', () => {
    const sample = {
      at: 12.345678901234,
      action: 'checkout',
      arm: 'canary',
      latencyMs: 31.200000000000003,
      serviceMs: 30.8,
      outcome: 'ok',
      pair: 's17.4',
      session: 's17',
      status: 200,
      bytes: 512,
      block: 7,
      phase: 'load',
      segment: { geo: 'US' },
    } as const
    expect(toSampleLine(JSON.parse(formatSample(sample)))).toEqual({ kind: 'request', sample })
  })

  it('read back runs, blocks and readings', () => {
    const run = {
      plan: examplePlan(),
      planHash: 'sha256:00',
      seed: 1,
      startedAt: '2026-01-01T00:00:00Z',
    }
    expect(toSampleLine(JSON.parse(formatRunHeader(run)))).toEqual({ kind: 'run', run })
    const block = { block: 3, phase: 'quiet', at: 11, end: 11.5, capped: ['canary'] } as const
    expect(toSampleLine(JSON.parse(formatBlockLine(block)))).toEqual({ kind: 'block', block })
    const reading = { at: 15, lagP99Ms: 1.1, cpu: 0.4, notSent: 0 }
    expect(toSampleLine(JSON.parse(formatGeneratorReading(reading)))).toEqual({
      kind: 'generator',
      reading,
    })
  })

  it('take the outcome from the status where none is given', () => {
    const line = { at: 0, action: 'a', arm: 'baseline', latency_ms: 1 }
    expect(toSampleLine({ ...line, status: 503 })).toMatchObject({
      sample: { outcome: 'http_error', serviceMs: 1 },
    })
    expect(toSampleLine({ ...line, status: 302 })).toMatchObject({ sample: { outcome: 'ok' } })
  })

  it('ignore keys they do not know', () => {
    const line = { at: 0, action: 'a', arm: 'baseline', latency_ms: 1, status: 200, extra: true }
    expect(toSampleLine(line)).not.toHaveProperty('sample.extra')
  })
})

describe('isFailure', () => {
  it('counts everything but ok and aborted', () => {
    expect(isFailure('ok')).toBe(false)
    expect(isFailure('aborted')).toBe(false)
    expect(isFailure('blocked')).toBe(true)
    expect(isFailure('timeout')).toBe(true)
  })
})
