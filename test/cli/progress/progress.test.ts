import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ProbeEvent, ProbeProgress } from '../../../src/outrider.ts'
import { createLines } from '../../../src/cli/progress/progress.ts'
import { renderBlock, type BlockState } from '../../../src/cli/progress/block.ts'
import { widthOf } from '../../../src/report/columns.ts'
import { actionEntry, finding, ratio } from '../../report/example-report.ts'

const plain = { colour: false, unicode: true }

const progress: ProbeProgress = {
  phase: 'load',
  seconds: 77,
  phaseSeconds: 41,
  phaseLimitSeconds: 564,
  blocks: 120,
  cappedBlocks: 0,
  pairs: 4000,
  warmupPairs: 700,
  deliveredRate: 49.63,
  plannedRate: 50,
  baselineFailureShare: 0,
  generatorLagP99Ms: 1,
  remainingSeconds: 110,
  lnRun: 0,
  lnRunThreshold: 3.7,
  actions: [
    actionEntry('quote', 'healthy', 912, ratio(1, 0.98, 1.03)),
    {
      ...actionEntry('capture', 'inconclusive', 500, ratio(0.98, 0.92, 1.06)),
      need: { metric: 'errors', pairs: 460, seconds: 9, p10Seconds: 5, p90Seconds: 20 },
    },
    actionEntry('pay', 'inconclusive', 10),
  ],
  findings: [],
  reasons: [],
  sentence: 'Nothing found so far: 3 of 6 actions proven, about 1 min 50 s to go',
}

const state: BlockState = {
  run: {
    id: 'p1',
    name: 'shop',
    addresses: { baseline: 'http://10.0.0.5:8080', canary: 'http://10.0.0.6:8080/base' },
    seed: 1,
  },
  over: new Map([
    ['warm-up', 15],
    ['quiet', 21],
  ]),
  phase: 'load',
  plannedRate: 50,
  rows: 3,
  progress,
}

describe('renderBlock()', () => {
  it('shows run, phases, undecided actions first, and what is left', () => {
    expect(renderBlock(state, plain, 79).join('\n')).toBe(
      `Probe p1  shop  baseline 10.0.0.5:8080  canary 10.0.0.6:8080  seed 1
warm-up ✔ 15 s   quiet ✔ 21 s   load 41 s of about 2 min 31 s

  ? inconclusive  capture  0.98× (0.92–1.06)  460 more pairs, errors
  ? inconclusive  pay                          10 pairs
  ✔ healthy       quote    1.00× (0.98–1.03)  912 pairs

about 1 min 50 s left · 49.6 of 50 pairs/s · Ctrl-C: partial report`,
    )
  })

  it('counts the actions that have no line', () => {
    const lines = renderBlock({ ...state, rows: 1 }, plain, 79)
    expect(lines[4]).toBe('  1 more inconclusive, 1 more healthy')
  })

  it('says how long a phase takes at most while nothing is known', () => {
    const { remainingSeconds: _unknown, ...rest } = progress
    const lines = renderBlock({ ...state, progress: rest }, plain, 79)
    expect(lines[1]).toContain('load 41 s of at most 9 min 24 s')
    expect(lines.at(-1)).toBe('49.6 of 50 pairs/s · Ctrl-C: partial report')
  })

  it('has the same height and fits the width whatever there is to show', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            name: fc.string({ unit: 'binary', maxLength: 60 }),
            verdict: fc.constantFrom('regressed' as const, 'healthy' as const),
            pairs: fc.nat(),
          }),
          { maxLength: 20 },
        ),
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        (entries, name, rows) => {
          const actions = entries.map((entry) =>
            actionEntry(entry.name, entry.verdict, entry.pairs),
          )
          const lines = renderBlock(
            { ...state, rows, run: { ...state.run, name }, progress: { ...progress, actions } },
            plain,
            79,
          )
          expect(lines).toHaveLength(rows + 5)
          for (const line of lines) {
            expect(widthOf(line), line).toBeLessThanOrEqual(79)
            expect(line).not.toMatch(/\p{Cc}/u)
          }
        },
      ),
    )
  })
})

type Untold<Event> = Event extends ProbeEvent ? Omit<Event, 'seq' | 'at' | 'probe'> : never

function linesFor(events: readonly Untold<ProbeEvent>[]): string[] {
  let printed = ''
  const lines = createLines({ err: (text) => (printed += text) }, 'p1')
  for (const event of events) {
    lines.show({ ...event, seq: 1, at: '2026-01-01T00:00:00Z', probe: 'p1' })
  }
  lines.end()
  return printed.split('\n').slice(0, -1)
}

describe('createLines()', () => {
  it('prints time, run and words in ASCII for phases, verdicts and findings', () => {
    const lines = linesFor([
      { kind: 'state', phase: 'quiet', message: 'quiet: one user at a time' },
      { kind: 'finding', finding: finding('checkout\u001B[1m', ratio(1.31, 1.22, 1.41)) },
      { kind: 'block', progress: { ...progress, seconds: 5 } },
      { kind: 'block', progress: { ...progress, seconds: 6 } },
    ])
    expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))).toEqual([
      'p1 quiet: one user at a time',
      'p1 regressed: checkout\\x1b[1m 1.31x (1.22-1.41), typical latency',
      'p1 healthy: quote 1.00x (0.98-1.03), 912 pairs',
    ])
    for (const line of lines) expect(line).toMatch(/^\d\d:\d\d:\d\d p1 \p{ASCII}+$/u)
  })

  it('prints the state in one sentence every thirty seconds', () => {
    const events = Array.from({ length: 91 }, (_, second) => ({
      kind: 'block' as const,
      progress: { ...progress, actions: [], seconds: second },
    }))
    const lines = linesFor(events)
    expect(lines).toHaveLength(3)
    expect(lines[0]).toContain('p1 Nothing found so far: 3 of 6 actions proven')
  })
})
