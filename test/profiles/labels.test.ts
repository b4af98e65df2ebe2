import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ACTIVITY_LABELS, type Profile } from '../../src/core/contract/profile.ts'
import { withActivityLabels } from '../../src/profiles/labels.ts'
import { profileOf } from './people.ts'

function withSteps(...steps: number[]): Profile[] {
  const entry = { timestamp: 0, action: 'home', data: {} }
  return steps.map((count, index) =>
    profileOf(`u${index}`, { behavioral_patterns: Array.from({ length: count }, () => entry) }),
  )
}

function labelsOf(...steps: number[]): string[] {
  return withActivityLabels(withSteps(...steps)).map(({ labels }) => labels.join())
}

describe('withActivityLabels', () => {
  it('withActivityLabels() says nothing of fewer than three', () => {
    expect(labelsOf(1, 100)).toEqual(['', ''])
    expect(labelsOf()).toEqual([])
  })
  it('withActivityLabels() calls everybody medium where all are alike', () => {
    expect(new Set(labelsOf(4, 4, 4, 4))).toEqual(new Set(['medium_activity']))
  })
  it('withActivityLabels() splits at the thirds', () => {
    expect(labelsOf(1, 2, 3, 4, 5, 6)).toEqual([
      'low_activity',
      'low_activity',
      'medium_activity',
      'high_activity',
      'high_activity',
      'high_activity',
    ])
  })
  it('withActivityLabels() keeps a label that was given, and all others', () => {
    const [first, ...rest] = withSteps(1, 2, 3)
    const given = { ...(first ?? profileOf('x')), labels: ['buyer', 'high_activity'] }
    expect(withActivityLabels([given, ...rest])[0]?.labels).toEqual(['buyer', 'high_activity'])
  })
  it('withActivityLabels() gives one label each, and more steps never a lower one', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 40 })
    fc.assert(
      fc.property(steps, (counts) => {
        const ranks = labelsOf(...counts).map((label) => {
          expect(ACTIVITY_LABELS).toContain(label)
          return ['low_activity', 'medium_activity', 'high_activity'].indexOf(label)
        })
        const byCount = counts.map((count, index) => ({ count, rank: ranks[index] ?? 0 }))
        for (const one of byCount) {
          for (const other of byCount) {
            if (one.count > other.count) expect(one.rank).toBeGreaterThanOrEqual(other.rank)
          }
        }
      }),
    )
  })
})
