import { describe, expect, it } from 'vitest'
import { renderReport } from '../../src/report/text.ts'
import { trustFacts } from '../../src/report/trust.ts'
import { exampleReport as report } from './example-report.ts'

const style = { colour: false, unicode: true }

describe('trustFacts()', () => {
  it('says of each planted regression whether and when it would have been found', () => {
    const planted = { action: 'search', metric: 'latency_typical', size: 0.2 } as const
    const facts = trustFacts({
      ...report,
      selfTest: [
        { ...planted, found: true, named: true, detectedAt: 14 },
        { ...planted, action: '*', found: true, named: false, detectedAt: 9 },
        { ...planted, metric: 'errors', size: 0.02, found: false, named: false },
      ],
    })
    expect(facts.map(([, text]) => text.replaceAll('\u202f', ' '))).toEqual([
      'search +20 % would have been found after 14 s (named)',
      'whole service +20 % would have been found after 9 s (not localised)',
      'search +2 pp errors would not have been found in this run',
    ])
  })

  it('gives the margins of equal arms per action, and as a flag to copy', () => {
    const margins = { latency_typical: 0.05, latency_tail: 0.11, errors: 0.002 }
    const aa = {
      margins,
      actions: [{ action: 'search', margins: { latency_typical: 0.06, errors: 0.002 } }],
    }
    const text = renderReport({ ...report, aa }, style)
    expect(text).toContain('  equal     search within ±6 %, ±0.2 pp errors\n')
    expect(text).toContain('--margin latency_typical=5%,latency_tail=11%\n')
  })

  it('says nothing where nothing was asked for', () => {
    expect(trustFacts(report)).toEqual([])
  })
})
