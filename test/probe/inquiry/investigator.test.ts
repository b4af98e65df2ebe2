import { describe, expect, it } from 'vitest'
import type { Inquiry } from '../../../src/core/contract/investigation.ts'
import type { Finding } from '../../../src/core/contract/report.ts'
import {
  createInvestigator,
  type InvestigationRecord,
  type Investigator,
} from '../../../src/probe/inquiry/investigator.ts'

function findingOf(action: string, more: Partial<Finding> = {}): Finding {
  return {
    action,
    metric: 'latency_typical',
    verdict: 'regressed',
    effect: { kind: 'ratio', estimate: 1.31, low: 1.22, high: 1.41 },
    margin: 0.1,
    lnEvidence: 14,
    lnThreshold: 6,
    detectedAt: 14,
    onset: 2,
    phase: 'quiet',
    episode: 0,
    transient: false,
    rule: 'evidence',
    ...more,
  }
}

const nothing: Inquiry = { segments: [], pairs: 0, exchanges: [] }

function investigating(inquire: (finding: Finding) => Inquiry = () => nothing): {
  investigator: Investigator
  kept: Map<string, InvestigationRecord>
} {
  const kept = new Map<string, InvestigationRecord>()
  const investigator = createInvestigator({
    run: 'p1',
    inquiries: {
      inquire: (finding) => Promise.resolve(inquire(finding)),
    },
    now: () => '2026-01-01T00:00:00Z',
    keep: (record, known) => {
      const id = known ?? `i${kept.size + 1}`
      kept.set(id, record)
      return id
    },
  })
  return { investigator, kept }
}

describe('createInvestigator()', () => {
  it('goes on when a record cannot be kept', async () => {
    const investigator = createInvestigator({
      run: 'p1',
      inquiries: {
        inquire: () => Promise.resolve(nothing),
      },
      now: () => '',
      keep: () => {
        throw new Error('disk full')
      },
    })
    investigator.look(findingOf('pay'))
    await expect(investigator.finish([findingOf('pay')])).resolves.toBeUndefined()
  })
  it('keeps one record for each action and metric, and the last of it', async () => {
    const { investigator, kept } = investigating()
    investigator.look(findingOf('pay'))
    investigator.look(findingOf('pay'))
    investigator.look(findingOf('pay', { metric: 'errors' }))
    await investigator.finish([findingOf('pay', { onset: 3 })])
    expect([...kept.keys()]).toEqual(['i1', 'i2'])
    expect(kept.get('i1')).toMatchObject({ run: 'p1', onset: 3, pairs: 0 })
  })
  it('leaves "not localised" to the end, when nothing better came', async () => {
    const { investigator, kept } = investigating()
    investigator.look(findingOf('*'))
    await investigator.finish([])
    expect(kept.size).toBe(0)
    await investigator.finish([findingOf('*')])
    expect(kept.get('i1')?.title).toBe('not localised: the service is 1.31× slower (1.22–1.41)')
  })
  it('says the finding in words, and whom it affects', async () => {
    const { investigator, kept } = investigating((finding) => ({
      ...nothing,
      finding: { ...finding, segment: { device: 'mobile' } },
    }))
    const critical = findingOf('*', {
      metric: 'errors',
      effect: { kind: 'difference', estimate: 0.5 },
      rule: 'critical',
    })
    await investigator.finish([findingOf('pay'), critical])
    expect([...kept.values()].map(({ title }) => title)).toEqual([
      'pay is 1.31× slower (1.22–1.41), only on mobile',
      'critical: the service fails +50 pp more, only on mobile',
    ])
  })
  it('looks into 20 findings at most', async () => {
    const { investigator, kept } = investigating()
    for (let number = 0; number < 50; number += 1) investigator.look(findingOf(`a${number}`))
    await investigator.finish([findingOf('late')])
    expect(kept.size).toBe(20)
  })
})
