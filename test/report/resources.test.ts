import { describe, expect, it } from 'vitest'
import type { ArmReport, Report } from '../../src/core/contract/report.ts'
import { resourceFacts } from '../../src/report/resources.ts'
import { exampleReport } from './example-report.ts'

const arm: ArmReport = { requests: 10, byStatus: {}, sessions: 1, sessionsCompleted: 1 }

function factsOf(part: Partial<Report>): string[] {
  return resourceFacts({ ...exampleReport, ...part }).map(([label, text]) =>
    `${label}: ${text}`.replaceAll('\u202f', ' '),
  )
}

describe('resourceFacts()', () => {
  it('says nothing where nothing was measured', () => {
    expect(factsOf({ arms: { baseline: arm, canary: arm } })).toEqual([])
  })

  it('gives CPU and memory of the canary beside those of the baseline', () => {
    const baseline = { ...arm, cpuMsPerRequest: 2.42, rssMb: 62.3, rssMbPerMinute: 0.2 }
    const canary = { ...arm, cpuMsPerRequest: 3.1, rssMb: 1081, rssMbPerMinute: 12.4 }
    expect(factsOf({ arms: { baseline, canary } })).toEqual([
      'canary: CPU per request 3.1 ms, baseline 2.4 ms; memory 1 081 MB, baseline 62 MB; memory grows +12 MB/min, baseline below 1 MB/min (a hint)',
    ])
  })

  it('says which arm was not measured', () => {
    const canary = { ...arm, rssMb: 8.04 }
    expect(factsOf({ arms: { baseline: arm, canary } })).toEqual([
      'canary: memory 8.0 MB, baseline not measured',
    ])
  })

  it('gives the CPU of each action with its interval as a hint, the dearest first', () => {
    const costs = Array.from({ length: 10 }, (_, index) => ({
      action: `a${index}`,
      cpuMs: index,
      low: index / 2,
      high: index * 2,
    }))
    const [words] = factsOf({ costs })
    expect(words).toContain('cost: CPU by action at the baseline, a hint: a9 9 ms (4.5–18), a8 ')
    expect(words).toMatch(/, and 2 more$/)
  })

  it('tells the mix only where it is more than five points off', () => {
    const mix = [
      { action: 'search', natural: 0.5, delivered: 0.46 },
      { action: 'home', natural: 0.36, delivered: 0.3 },
      { action: 'login', natural: 0.14, delivered: 0.24 },
    ]
    expect(factsOf({ mix })).toEqual([
      'mix: login 24 % of the pairs, by nature 14 %; home 30 % of the pairs, by nature 36 %',
    ])
  })
})
