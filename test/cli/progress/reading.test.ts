import { describe, expect, it } from 'vitest'
import { createReadingShow, renderReading } from '../../../src/cli/progress/reading.ts'
import type { Terminal } from '../../../src/cli/terminal.ts'
import type { ReadingProgress } from '../../../src/outrider.ts'
import { widthOf } from '../../../src/report/columns.ts'

const plain = { colour: false, unicode: true }
const progress: ReadingProgress = {
  name: 'judging',
  pass: 2,
  passes: 2,
  bytes: 410,
  totalBytes: 1000,
  lines: 4_100_000,
  seconds: 10,
}

describe('renderReading()', () => {
  it('claims no end before something was read', () => {
    const start = { ...progress, bytes: 0, lines: 0, seconds: 0 }
    expect(renderReading(start, 's.ndjson', plain, 79)).toEqual([
      'Analyze s.ndjson',
      'judging, reading 2 of 2   0 %   0 lines',
      'Ctrl-C: partial report',
    ])
  })

  it('says which reading, how far, how fast, and how long it takes', () => {
    // 590 of 1000 bytes are left at 41 bytes/s: 14 s.
    expect(renderReading(progress, 's.ndjson', plain, 79)).toEqual([
      'Analyze s.ndjson',
      'judging, reading 2 of 2   41 %   4 100 000 lines   410 000 lines/s',
      'about 14 s left of this reading · Ctrl-C: partial report',
    ])
    expect(renderReading({ ...progress, pass: 1, passes: 1 }, 's', plain, 79)[1]).toMatch(
      /^judging {3}41 %/,
    )
  })

  it('is never wider than the terminal', () => {
    const lines = renderReading(progress, 'x'.repeat(200), plain, 39)
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(39)
  })
})

describe('createReadingShow()', () => {
  /** What is printed at these moments, in milliseconds; negative: with the next reading. */
  function play(isTty: boolean, moments: readonly number[]): string[] {
    const printed: string[] = []
    let now = 0
    const terminal: Terminal = {
      outStyle: plain,
      errStyle: plain,
      outIsTty: isTty,
      errIsTty: isTty,
      size: () => ({ columns: 80, rows: 24 }),
      out: () => {},
      err: (text) => void printed.push(text),
      outReady: () => Promise.resolve(),
      outClosed: () => false,
    }
    const show = createReadingShow(terminal, 's.ndjson', () => now)
    for (const moment of moments) {
      now = Math.abs(moment)
      show.show(moment < 0 ? { ...progress, pass: 3 } : progress)
    }
    show.end()
    return printed
  }

  it('is silent about a file that is read in no time', () => {
    expect(play(true, [100, 900])).toEqual([])
    expect(play(false, [100, 900])).toEqual([])
  })

  it('redraws its block once a second on a terminal, and wipes it', () => {
    const printed = play(true, [1000, 1100, 2000, 2100])
    expect(printed.filter((text) => text.startsWith('Analyze'))).toHaveLength(2)
    expect(printed.at(-1)).toBe('\u001B[3A\u001B[0J')
  })

  it('prints a line for each reading and every thirty seconds elsewhere', () => {
    const printed = play(false, [1000, 2000, -2100, -3000, -32_000, -32_200, -62_300])
    expect(printed).toHaveLength(4)
    expect(printed[0]).toBe(
      'judging, reading 2 of 2, 41 %, 4 100 000 lines, about 14 s left of this reading\n',
    )
  })
})
