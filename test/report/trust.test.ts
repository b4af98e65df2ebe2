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

  it('says what it costs to be second, unless that may be nothing', () => {
    const generator = {
      ...report.generator,
      second: { ratio: 1.02, low: 1.01, high: 1.03, pairs: 9 },
    }
    expect(trustFacts({ ...report, generator }).map(([, text]) => text)).toEqual([
      'the second of a pair takes 2\u202f% longer (1\u202f%–3\u202f%); a coin shares it out',
    ])
    const second = { ...generator.second, low: 0.99 }
    expect(trustFacts({ ...report, generator: { ...generator, second } })).toEqual([])
  })

  it('says in how many blocks the generator was late', () => {
    const generator = { ...report.generator, strainedBlocks: 3 }
    expect(trustFacts({ ...report, generator })).toEqual([
      ['strain', 'the generator was late in 3 blocks: their latencies do not count'],
    ])
  })

  it('says nothing where nothing was asked for', () => {
    expect(trustFacts(report)).toEqual([])
  })
})
