import { describe, expect, it } from 'vitest'
import { measuredCosts, saveCosts, type StoredCost } from '../../profiles-db/costs.ts'
import { openDatabase, type Database } from '../../profiles-db/open.ts'
import { StoreError } from '../../src/core/errors.ts'

const AT = '2026-01-01T00:00:00Z'

function withDatabase(work: (db: Database) => void): void {
  const db = openDatabase(':memory:')
  try {
    work(db)
  } finally {
    db.close()
  }
}

function costOf(action: string, cpuMs: number, networkKb?: number): StoredCost {
  return {
    action,
    cpuMs,
    lowMs: cpuMs / 2,
    highMs: cpuMs * 2,
    ...(networkKb === undefined ? {} : { networkKb }),
  }
}

function countOf(db: Database, column: string): number {
  return Number(db.prepare(`SELECT count(DISTINCT ${column}) FROM action_costs`).pluck().get())
}

describe('saveCosts()', () => {
  it('tells a database that cannot be written as our own error, and keeps nothing of the run', () => {
    withDatabase((db) => {
      db.prepare(
        "CREATE TRIGGER full BEFORE INSERT ON action_costs WHEN new.action = 'pay' BEGIN SELECT raise(ABORT, 'no'); END",
      ).run()
      const save = (): void =>
        saveCosts(db, 'shop', 'p1', AT, [costOf('search', 1), costOf('pay', 2)])
      expect(save).toThrow(StoreError)
      expect(measuredCosts(db).size).toBe(0)
    })
  })
  it('replaces what the same run has told, and leaves out costs without a number', () => {
    withDatabase((db) => {
      saveCosts(db, 'shop', 'p1', AT, [costOf('search', 1), costOf('pay', 9)])
      saveCosts(db, 'shop', 'p1', AT, [costOf('search', 3), { action: 'view' }])
      expect(measuredCosts(db)).toEqual(new Map([['search', { cpuMs: 3 }]]))
    })
  })
  it('keeps the last hundred runs of a target, and does not touch other targets', () => {
    withDatabase((db) => {
      saveCosts(db, 'api', 'p0', AT, [costOf('list', 1)])
      for (let run = 1; run <= 103; run += 1) {
        saveCosts(db, 'shop', `p${run}`, AT, [costOf('search', run), costOf('pay', run)])
      }
      expect(countOf(db, 'run')).toBe(101)
      const oldest = "SELECT min(number) FROM action_costs WHERE target = 'shop'"
      const run = db
        .prepare(`SELECT run FROM action_costs WHERE number = (${oldest})`)
        .pluck()
        .get()
      expect(run).toBe('p4')
    })
  })
})

describe('measuredCosts()', () => {
  it('is empty where nothing was ever measured', () => {
    withDatabase((db) => expect(measuredCosts(db)).toEqual(new Map()))
  })
  it('is the median of the last ten runs, each of CPU and network for itself', () => {
    withDatabase((db) => {
      for (let run = 1; run <= 5; run += 1)
        saveCosts(db, 'shop', `p${run}`, AT, [costOf('search', 900)])
      for (let run = 6; run <= 15; run += 1) {
        const network = run < 15 ? undefined : 4
        saveCosts(db, 'shop', `p${run}`, AT, [costOf('search', run === 10 ? 500 : run, network)])
      }
      // 6 7 8 9 11 12 13 14 15 500
      expect(measuredCosts(db)).toEqual(new Map([['search', { cpuMs: 11.5, networkKb: 4 }]]))
    })
  })
  it('knows the network of an action whose CPU cannot be told', () => {
    withDatabase((db) => {
      saveCosts(db, 'shop', 'p1', AT, [{ action: 'view', networkKb: 12 }])
      expect(measuredCosts(db)).toEqual(new Map([['view', { networkKb: 12 }]]))
    })
  })
})
