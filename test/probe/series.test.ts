import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSeriesRecorder } from '../../src/probe/series.ts'

describe('createSeriesRecorder', () => {
  it('has no points for a stream that was never fed', () => {
    expect(createSeriesRecorder().points('home', 'errors')).toEqual([])
  })

  it('keeps at most 720 points, every extreme, the order and the last value', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 0, max: 4999 }),
        fc.double({ min: -50, max: 50, noNaN: true }),
        (blocks, spikeAt, spike) => {
          const recorder = createSeriesRecorder()
          const quietBlocks = Math.floor(blocks / 3)
          for (let block = 0; block < blocks; block += 1) {
            const lnEvidence = block === spikeAt ? spike : 0
            const phase = block < quietBlocks ? 'quiet' : 'load'
            const moment = { at: block, phase, lnRun: 0 } as const
            recorder.add('home', 'errors', moment, { lnEvidence, pairs: block })
          }
          const points = recorder.points('home', 'errors')
          expect(points.length).toBeLessThanOrEqual(720)
          expect(points.at(-1)?.at).toBe(blocks - 1)
          const times = points.map((point) => point.at)
          expect(times).toEqual(times.toSorted((left, right) => left - right))
          const highest = Math.max(...points.map((p) => p.maxLnEvidence ?? p.lnEvidence))
          const lowest = Math.min(...points.map((p) => p.minLnEvidence ?? p.lnEvidence))
          const seen = spikeAt < blocks ? spike : 0
          const others = blocks > 1 || spikeAt >= blocks ? 0 : spike
          expect(highest).toBe(Math.max(seen, others))
          expect(lowest).toBe(Math.min(seen, others))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('never joins points of two phases', () => {
    const recorder = createSeriesRecorder()
    for (let block = 0; block < 3000; block += 1) {
      const phase = block < 1001 ? 'quiet' : 'load'
      recorder.add('a', 'errors', { at: block, phase, lnRun: 0 }, { lnEvidence: 0, pairs: 1 })
    }
    const phases = recorder.points('a', 'errors').map((point) => point.phase)
    expect(phases.indexOf('load')).toBe(phases.lastIndexOf('quiet') + 1)
    const lastQuiet = recorder.points('a', 'errors').findLast((point) => point.phase === 'quiet')
    expect(lastQuiet?.at).toBe(1000)
  })

  it('never joins points of two episodes', () => {
    const recorder = createSeriesRecorder()
    for (let at = 0; at < 2001; at += 1) {
      const moment = { at, phase: 'load', lnRun: 0, episode: Number(at >= 1001) } as const
      recorder.add('home', 'errors', moment, { lnEvidence: Number(at >= 1001), pairs: at })
    }
    for (const point of recorder.points('home', 'errors')) {
      expect(point.lnEvidence).toBe(point.episode)
      expect(point.minLnEvidence ?? point.episode).toBe(point.episode)
      expect(point.maxLnEvidence ?? point.episode).toBe(point.episode)
    }
  })
})
