import { describe, expect, it } from 'vitest'
import { createImportShow, renderProgress } from '../../../src/cli/import/progress.ts'
import type { Terminal } from '../../../src/cli/terminal.ts'

const plain = { colour: false, unicode: true }
const half = { bytes: 500_000_000, totalBytes: 1_000_000_000 }

/** What is printed when progress is shown at these moments, in milliseconds. */
function play(isTty: boolean, moments: readonly number[]): string[] {
  const printed: string[] = []
  let now = 0
  const terminal: Terminal = {
    outStyle: plain,
    errStyle: plain,
    outIsTty: isTty,
    errIsTty: isTty,
    size: () => ({ columns: 60, rows: 24 }),
    out: () => {},
    err: (text) => void printed.push(text),
    outReady: () => Promise.resolve(),
    outClosed: () => false,
  }
  const show = createImportShow(terminal, 'a.log', () => now)
  for (const moment of moments) {
    now = moment
    show.show(half)
  }
  show.end()
  return printed
}

describe('renderProgress', () => {
  it('renderProgress() claims no end before something was read', () => {
    expect(renderProgress({ ...half, bytes: 0 }, 'a.log', 9, plain, Infinity)).toBe(
      'Import a.log: 0 % of 1 000 MB · Ctrl-C: nothing is stored',
    )
  })
  it('renderProgress() says how long it takes, within the width', () => {
    expect(renderProgress(half, 'a.log', 9, plain, Infinity)).toContain(
      '50 % of 1 000 MB, about 9 s',
    )
    expect(renderProgress(half, 'x'.repeat(99), 9, plain, 40)).toHaveLength(40)
  })
})

describe('createImportShow', () => {
  it('createImportShow() is silent for what is read in no time', () => {
    expect(play(true, [0, 500, 999])).toEqual([])
  })
  it('createImportShow() redraws one line a second on a terminal, and wipes it', () => {
    const printed = play(true, [1000, 1500, 2100])
    expect(printed.filter((text) => text.startsWith('Import'))).toHaveLength(2)
    expect(printed.at(-1)).toBe('\u001B[1A\u001B[0J')
  })
  it('createImportShow() prints a line every thirty seconds elsewhere', () => {
    expect(play(false, [1000, 2000, 30_000, 31_500])).toHaveLength(2)
  })
})
