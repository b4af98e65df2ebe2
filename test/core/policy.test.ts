import { describe, expect, it } from 'vitest'
import {
  mergePolicy,
  policyDocumentSchema,
  policyRequestSchema,
  policySchema,
} from '../../src/core/contract/policy.ts'
import { UsageError } from '../../src/core/errors.ts'
import { parseWith } from '../../src/core/parse.ts'
import { formatWeight, parseWeightBp } from '../../src/core/weight.ts'
import { parseYaml } from '../../src/core/yaml.ts'

function read(text: string): ReturnType<typeof policySchema.parse> {
  const { value, locate } = parseYaml(text, 'outrider.yaml')
  return parseWith(policySchema, value, { what: 'policy', code: 'bad-policy', locate })
}

function refusalOf(text: string): string {
  try {
    read(text)
  } catch (thrown) {
    if (thrown instanceof UsageError) return `${thrown.where}: ${thrown.message} | ${thrown.mend}`
    throw thrown
  }
  return 'accepted'
}

describe('parseWeightBp()', () => {
  it.each(['5', '0.05', '101%', '-1%', '0.001%', '5 percent', ''])('refuses "%s"', (text) => {
    expect(() => parseWeightBp(text, 'policy.start')).toThrow(UsageError)
  })
  it('reads per cent in steps of a basis point, and shows them again', () => {
    expect(['0%', '0.01%', '5%', '12.5 %', '100%'].map((text) => parseWeightBp(text, ''))).toEqual([
      0, 1, 500, 1250, 10_000,
    ])
    expect([0, 1, 500, 1250].map(formatWeight)).toEqual([
      '0\u202F%',
      '0.01\u202F%',
      '5\u202F%',
      '12.5\u202F%',
    ])
  })
})

describe('policySchema', () => {
  it.each([
    ['start: 30%\nmax: 20%', /yaml:1: .*"start" in .*above the maximum \| lower it, or raise/],
    ['up: 1%\nmin: 30%\nmax: 20%', /yaml:2: .*"min" in .*above the maximum/],
    ['min: 6%', /"start" in .*below the minimum \| raise it, or lower the minimum/],
    ['start: 0%', /"start" in .*starts with nobody/],
    ['max: 0%', /"max" in .*gives the canary nothing/],
    ['up: 0%', /"up" in .*never rises/],
    ['down: 0%', /"down" in .*leaves a bad canary where it is/],
    ['start: 5', /"start" in .*weight with its unit, like 5% \| its value is 5/],
    ['start: 120%', /"start" in .*0% to 100%/],
    ['interval: 60', /"interval" in .*duration with its unit/],
    ['interval: 0s', /"interval" in .*longer than nothing/],
    ['interval: 500ms', /"interval" in .*at least 1 s/],
    ['alpha: 5', /"alpha" in .*below 1: 0.01 is one per cent \| its value is 5/],
    ['alpha: 0', /"alpha" in .*above 0/],
    ['clear_ticks: 0', /"clear_ticks" in /],
    ['max_reversals: 21', /"max_reversals" in /],
    ['kind: stages', /"stages" in .*no stage \| write at least one/],
    ['kind: stages\nstages: []', /"stages" in .*no stage/],
    ['kind: stages\nstages: [{ weight: 0% }]', /"stages.0.weight" in .*starts with nobody/],
    [
      'kind: stages\nstages:\n  - weight: 50%\n  - weight: 50%',
      /yaml:4: .*"stages.1.weight" in .*not above that of the stage before \| .*ascending/,
    ],
    ['kind: stages\nstages: [{ weight: 5%, limits: { p99_ms: 3 } }]', /p99_ms.*not a known key/],
    ['kind: blue_green\nstart: 5%', /"start" in .*kind "linear" and "multiplicative", this one is/],
    ['factor: 2', /"factor" in .*belongs to policies of kind "multiplicative"/],
    ['kind: multiplicative\nfactor: 1', /"factor" in .*above 1/],
    ['kind: ab\nweight: 100%', /"weight" in .*one side without users/],
    ['gate: { need: none, max: 5m }', /"gate.max" in .*no meaning where nothing is needed/],
    ['on_promoted: { exec: [] }', /on_promoted/],
    ['on_promoted: { webhook_env: "http://x" }', /on_promoted/],
    ['hold_tick: 3', /"hold_tick" in .*not a known key \| did you mean "hold_ticks"/],
    ['cohorts: []', /"cohorts" in .*not a known key/],
  ])('refuses %j', (text, message) => {
    expect(refusalOf(text)).toMatch(message)
  })
  it('has the defaults of the source document, and the same for nothing at all', () => {
    expect(policySchema.parse({})).toEqual(read('kind: linear'))
    expect(read('kind: linear')).toEqual({
      kind: 'linear',
      startBp: 500,
      upBp: 100,
      downBp: 500,
      minBp: 0,
      maxBp: 10_000,
      intervalSeconds: 60,
      holdTicks: 3,
      clearTicks: 5,
      maxReversals: 2,
      alpha: 0.01,
      gate: { need: 'healthy', maxSeconds: 900 },
      promoteOn: 'healthy',
      giveUpAfterSeconds: 21_600,
      critical: { failures: 0.5, windowSeconds: 3, minPairs: 20 },
      liveGuard: { errors: 0.01, windowSeconds: 30, minRequests: 200 },
      rate: 10,
    })
  })
  it('reads every key of the contract', () => {
    const policy = read(`
kind: stages
stages:
  - { weight: 5%, for: 5m, limits: { success_rate: 0.99, p95_ms: 500 } }
  - { weight: 50%, for: 10m, gate: manual }
  - { weight: 100% }
interval: 30s
hold_ticks: 1
clear_ticks: 2
max_reversals: 4
alpha: 0.05
gate: { need: healthy, max: 5m }
promote_on: manual
give_up_after: 2h
critical: { failures: 0.6, window: 5s, min_pairs: 30 }
live_guard: { errors: 0.02, window: 60s, min_requests: 300 }
rate: 20
on_promoted: { exec: [deploy, baseline] }
`)
    expect(policy).toMatchObject({
      stages: [
        { weightBp: 500, forSeconds: 300, limits: { successRate: 0.99, p95Ms: 500 } },
        { weightBp: 5000, forSeconds: 600, gate: 'manual', limits: {} },
        { weightBp: 10_000, forSeconds: 0, limits: {} },
      ],
      gate: { need: 'healthy', maxSeconds: 300 },
      critical: { failures: 0.6, windowSeconds: 5, minPairs: 30 },
      liveGuard: { errors: 0.02, windowSeconds: 60, minRequests: 300 },
      onPromoted: { exec: ['deploy', 'baseline'] },
    })
  })
  it.each([
    'kind: linear',
    'kind: multiplicative\nstart: 2%\nfactor: 3\ndown_factor: 9',
    'kind: stages\nstages: [{ weight: 5%, for: 5m }, { weight: 100%, gate: manual }]',
    'kind: blue_green\non_promoted: { webhook_env: PROMOTE_URL }',
    'kind: ab\nweight: 30%\nfor: 2d\ngate: { need: none }',
  ])('%j is its own document', (text) => {
    const policy = read(text)
    expect(policyDocumentSchema.parse(JSON.parse(JSON.stringify(policy)))).toEqual(policy)
  })
})

describe('mergePolicy()', () => {
  const base = read('start: 10%\nhold_ticks: 1\non_promoted: { exec: [deploy] }')
  it('points into the request where the two do not fit', () => {
    expect(() => mergePolicy(base, { maxBp: 500 })).toThrow(/"startBp" in \/policy\/startBp/)
  })
  it('lets a request define no command and no address', () => {
    expect(policyRequestSchema.safeParse({ onPromoted: { exec: ['rm'] } }).success).toBe(false)
  })
  it('keeps what the request does not say', () => {
    expect(mergePolicy(base, { upBp: 200, critical: { minPairs: 40 } })).toMatchObject({
      startBp: 1000,
      upBp: 200,
      holdTicks: 1,
      critical: { failures: 0.5, minPairs: 40 },
      onPromoted: { exec: ['deploy'] },
    })
  })
  it('leaves the configured course behind with another kind', () => {
    const merged = mergePolicy(base, { kind: 'ab', weightBp: 2000, forSeconds: 86_400 })
    expect(merged).toMatchObject({ kind: 'ab', promoteOn: 'manual', giveUpAfterSeconds: 172_800 })
    expect(merged).not.toHaveProperty('startBp')
  })
})
