import { describe, expect, it } from 'vitest'
import { drawChart } from '../../../bench/detection/drawing/chart.ts'
import { writeMarkdown } from '../../../bench/detection/drawing/markdown.ts'
import { writePage } from '../../../bench/detection/drawing/page.ts'
import { formatTimes, quantileOf, shareOf } from '../../../bench/detection/studies/figures.ts'
import type { Chart, Section } from '../../../bench/detection/studies/study.ts'

describe('shareOf()', () => {
  it('has an error even where nothing was hit', () => {
    expect(shareOf(0, 100)).toEqual({ share: 0, se: expect.closeTo(Math.sqrt(0.005 * 0.995) / 10) })
  })
  it('is the binomial error otherwise', () => {
    expect(shareOf(10, 100)).toEqual({ share: 0.1, se: expect.closeTo(0.03) })
  })
})

describe('quantileOf()', () => {
  it('counts a run without an alarm as never', () => {
    expect(quantileOf([1, Infinity, 3], 0.5)).toBe(3)
    expect(quantileOf([Infinity, Infinity, 3], 0.5)).toBe(Infinity)
    expect(quantileOf([1, 2], 0.5)).toBe(1.5)
  })
})

describe('formatTimes()', () => {
  it('tells the share that came where it is not nearly all', () => {
    expect(formatTimes([10, 20, 30])).toBe('20')
    expect(formatTimes([10, 20, 30, Infinity])).toBe('25 (75 %)')
    expect(formatTimes([10, Infinity, Infinity])).toBe('– (33 %)')
  })
})

const curves: Chart = {
  kind: 'curves',
  title: 'Curves',
  endSeconds: 1800,
  curves: [{ name: 'ours', seconds: [12, 20, Infinity] }],
}
const section: Section = {
  title: 'A <title>',
  text: 'One sentence.',
  tables: [{ caption: 'Rates', columns: ['', 'std'], rows: [['ours', '0.008']] }],
  charts: [
    {
      kind: 'bars',
      title: 'Bars',
      bars: [{ name: 'a & b', share: 0.1, se: 0.02 }],
      limit: 0.05,
    },
    curves,
  ],
}

describe('the drawings', () => {
  it('writes a section as Markdown', () => {
    expect(writeMarkdown([section])).toContain('| ours | 0.008 |')
  })
  it('writes a page that needs nothing from elsewhere and escapes what it is given', () => {
    const page = writePage([section])
    expect(page).not.toMatch(/(src|href)=/)
    expect(page).toContain('A &lt;title&gt;')
    expect(page).toContain('a &amp; b')
  })
  it('draws a step for each run that came, up to their share', () => {
    const drawn = drawChart(curves)
    // Two of three came: the curve ends a third below the top.
    expect(drawn.match(/V\d+\.\d/g)).toContain('V154.0')
  })
})
