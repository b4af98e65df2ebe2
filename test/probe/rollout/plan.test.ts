import { describe, expect, it } from 'vitest'
import { configSchema } from '../../../src/core/contract/config.ts'
import type { PreparedRun } from '../../../src/probe/prepare.ts'
import { prepareRollout } from '../../../src/probe/rollout/plan.ts'
import { ontologyOf, profileOf } from '../../generator/arm-server.ts'

const ontology = ontologyOf(`
version: 1
actions:
  home: { kind: navigate, request: { method: GET, path: / } }
  list: { kind: view, request: { method: GET, path: /list } }
`)
const alphas = { quiet: 0.0016, load: 0.0016, later: [0.0033, 0.0033] }

function prepare(
  config: object = {},
  terms: Partial<Parameters<typeof prepareRollout>[1]> = {},
): PreparedRun {
  return prepareRollout(
    {
      config: configSchema.parse({ version: 1, ...config }),
      overrides: {},
      ontology,
      profiles: [profileOf('u1', ['home'], ['list'])],
      urls: ['https://shop.example'],
      iOwnThis: false,
    },
    { alphas, maxSeconds: 7200, ...terms },
  )
}

describe('prepareRollout()', () => {
  it('holds rate and users against the caps, not the length', () => {
    expect(() => prepare({ probe: { concurrency: 2000 } })).toThrow(/cap/)
    expect(prepare({}, { maxSeconds: 30 * 3600 }).plan.maxDurationSeconds).toBe(30 * 3600)
  })

  it('has blocks of a second, the whole α and the lengths of a rollout', () => {
    const { plan } = prepare()
    expect(plan).toMatchObject({ blockSeconds: 1, rate: 50, duration: 'auto' })
    expect(plan.alpha).toBeCloseTo(0.0098)
    expect(plan.phases).toEqual(['quiet', 'load'])
    expect(plan.horizonBlocks).toEqual({ quiet: 45, load: 7200 })
    expect(prepare({ analysis: { block: '500ms' } }).plan).toMatchObject({
      blockSeconds: 0.5,
      horizonBlocks: { quiet: 90, load: 14_400 },
    })
  })

  it('has a quiet phase only where there is α for it', () => {
    const none = { alphas: { ...alphas, quiet: 0 } }
    expect(prepare({}, none).plan.phases).toEqual(['load'])
    expect(prepare({ probe: { phases: ['load'] } }).plan.phases).toEqual(['load'])
    expect(prepare({ probe: { phases: ['quiet'] } }).plan.phases).toEqual(['quiet', 'load'])
  })

  it('has the same hash wherever the rollout is, and another one for another configuration', () => {
    expect(prepare().planHash).toBe(prepare().planHash)
    expect(prepare({ probe: { rate: 40 } }).planHash).not.toBe(prepare().planHash)
  })
})
