import { describe, expect, it } from 'vitest'
import { describeProfiles, sessionOf } from '../../../src/profiles/distance/description.ts'
import { exampleProfile } from '../../../src/core/contract/profile.ts'

describe('describeProfiles', () => {
  it('describeProfiles() says nothing of think times where nobody makes a second step', () => {
    const [first] = exampleProfile.behavioral_patterns
    const behavioral_patterns = first === undefined ? [] : [first]
    const described = describeProfiles([{ ...exampleProfile, behavioral_patterns }])
    expect(described).not.toHaveProperty('thinkSeconds')
    expect(described).toMatchObject({ users: 1, steps: 1, sessionSeconds: { p50: 0 } })
  })
  it('describeProfiles() gives shares and quantiles, the largest first', () => {
    const derived = {
      ...exampleProfile,
      source: 'derived' as const,
      geo_location: 'DE',
      labels: ['x', 'x'],
    }
    const users = [derived, exampleProfile, exampleProfile, exampleProfile]
    const described = describeProfiles(users)
    expect(described).toMatchObject({
      users: 4,
      steps: 8,
      actions: { search: 0.5, checkout: 0.5 },
      sources: { synthetic: 0.75, derived: 0.25 },
      labels: { buyer: 0.75, x: 0.25 },
      sessionSteps: { p10: 2, p50: 2, p90: 2, p99: 2 },
      thinkSeconds: { p50: 2.3 },
    })
    expect(Object.keys(described.geo)).toEqual(['US-CA', 'DE'])
    expect(sessionOf(exampleProfile)).toEqual([
      { action: 'search', seconds: 0 },
      { action: 'checkout', seconds: 2.3 },
    ])
  })
})
