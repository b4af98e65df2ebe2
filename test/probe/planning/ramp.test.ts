import { describe, expect, it } from 'vitest'
import { parseOntology } from '../../../src/actions/load.ts'
import { defaultConfig } from '../../../src/core/contract/config.ts'
import { prepareRun } from '../../../src/probe/prepare.ts'
import type { ProbeOverrides } from '../../../src/probe/requests.ts'
import { profileOf } from '../../generator/arm-server.ts'

const ontology = parseOntology('version: 1\nactions:\n  home: { request: { path: / } }\n', 'a.yaml')

function warmUpOf(overrides: ProbeOverrides, configured = 0): 'auto' | number {
  const { plan } = prepareRun({
    config: { ...defaultConfig, probe: { ...defaultConfig.probe, ramp: configured } },
    overrides,
    ontology,
    profiles: [profileOf('u1', ['home'])],
    urls: ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
    iOwnThis: false,
  })
  return plan.warmup
}

describe('the ramp of a probe', () => {
  it('refuses to reach behind the warm-up, or to leave nothing to judge', () => {
    expect(() => warmUpOf({ rampSeconds: 30, warmup: 30 })).toThrow(
      'Cannot let the load grow for 30 s: the warm-up is over after 30 s',
    )
    expect(() => warmUpOf({ rampSeconds: 30, duration: 60 })).toThrow(
      'with 40 s of warm-up too little of 60 s is left to be judged',
    )
  })
  it('makes the warm-up ten seconds longer than itself where nobody says how long', () => {
    expect(warmUpOf({ rampSeconds: 30 })).toBe(40)
    expect(warmUpOf({}, 20)).toBe(30)
    expect(warmUpOf({ rampSeconds: 30, warmup: 35 })).toBe(35)
  })
  it('changes nothing where there is none', () => {
    expect(warmUpOf({})).toBe('auto')
    expect(warmUpOf({ rampSeconds: 0 }, 20)).toBe('auto')
  })
})
