import { describe, expect, it } from 'vitest'
import {
  figureSeriesOf,
  figureTargets,
  figuresOf,
  saveFigures,
} from '../../profiles-db/baseline-figures.ts'
import { openDatabase } from '../../profiles-db/open.ts'
import { caught } from './caught.ts'

const at = '2026-01-01T00:00:00Z'
const latency = (value: number) =>
  ({ action: 'search', metric: 'latency_typical', value, pairs: 100 }) as const

describe('baseline figures', () => {
  it('are told as ours when the database cannot be read', () => {
    const db = openDatabase(':memory:')
    db.prepare('DROP TABLE baseline_figures').run()
    expect(caught(() => figuresOf(db, 'shop', 'search', 'errors'))).toMatchObject({
      message: expect.stringContaining('Cannot read figures of a baseline'),
    })
  })

  it('figuresOf() gives the last ones of a series, oldest first', () => {
    const db = openDatabase(':memory:')
    for (const [index, value] of [10, 11, 12].entries()) {
      saveFigures(db, { target: 'shop', run: `p${index}`, at }, [latency(value)])
      saveFigures(db, { target: 'other', run: `p${index}`, at }, [latency(99)])
    }
    const last = figuresOf(db, 'shop', 'search', 'latency_typical', 2)
    expect(last).toEqual([
      { run: 'p1', at, value: 11, pairs: 100 },
      { run: 'p2', at, value: 12, pairs: 100 },
    ])
    expect(figuresOf(db, 'shop', 'search', 'errors')).toEqual([])
    expect(figureTargets(db)).toEqual([
      { name: 'other', at },
      { name: 'shop', at },
    ])
    db.close()
  })

  it('saveFigures() replaces what the same run had told, and keeps two hundred runs', () => {
    const db = openDatabase(':memory:')
    for (let run = 0; run < 205; run += 1) {
      const errors = { action: 'search', metric: 'errors', value: 0, pairs: 9 } as const
      saveFigures(db, { target: 'shop', run: `p${run}`, at }, [latency(run), errors])
    }
    saveFigures(db, { target: 'shop', run: 'p204', at }, [latency(1000)])
    const kept = figuresOf(db, 'shop', 'search', 'latency_typical')
    expect(kept).toHaveLength(200)
    expect(kept[0]).toMatchObject({ run: 'p5' })
    expect(kept.at(-1)).toMatchObject({ run: 'p204', value: 1000 })
    expect(figureSeriesOf(db, 'shop')).toEqual([
      { action: 'search', metric: 'errors', runs: 200 },
      { action: 'search', metric: 'latency_typical', runs: 200 },
    ])
    db.close()
  })
})
