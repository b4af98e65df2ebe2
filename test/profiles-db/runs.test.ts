import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/contract/report.ts'
import { openDatabase } from '../../profiles-db/open.ts'
import { findRun, listRuns, nextRunId, saveRun, type StoredRun } from '../../profiles-db/runs.ts'
import { temporaryFolder } from '../support/folders.ts'
import { caught } from './caught.ts'

const report: Report = {
  schema: 'outrider.report/1',
  run: 'p1',
  plan: 'sha256:0',
  verdict: 'healthy',
  summary: 'nothing is worse',
  alpha: 0.05,
  startedAt: '2026-01-01T00:00:00Z',
  seconds: 61,
  phases: [{ name: 'quiet', seconds: 46 }],
  warmupSeconds: 15,
  pairs: 10,
  requests: 20,
  findings: [],
  notes: [],
  actions: [],
  arms: {},
  skipped: [],
  reasons: [],
  generator: { lagP99Ms: 1, cpu: 0.1, notSent: 0, cappedBlocks: 0 },
}

function runOf(id: string, more: Partial<StoredRun> = {}): StoredRun {
  const startedAt = '2026-01-01T00:00:00Z'
  return { id, kind: 'probe', name: 'shop', status: 'running', startedAt, ...more }
}

describe('runs', () => {
  it('listRuns() refuses a limit and a cursor that make no sense', () => {
    const db = openDatabase(':memory:')
    expect(caught(() => listRuns(db, { limit: 0 }))).toMatchObject({ code: 'bad-limit' })
    expect(caught(() => listRuns(db, { limit: 1.5 }))).toMatchObject({ code: 'bad-limit' })
    expect(caught(() => listRuns(db, { limit: 5, cursor: "r1' OR 1" }))).toMatchObject({
      code: 'bad-cursor',
    })
    db.close()
  })
  it('findRun() names a damaged run', () => {
    const db = openDatabase(':memory:')
    saveRun(db, runOf('p1'))
    db.prepare('UPDATE runs SET report = ?').run('{"schema":"x"}')
    expect(caught(() => findRun(db, 'p1'))).toMatchObject({ code: 'damaged-run' })
    db.prepare("UPDATE runs SET report = NULL, status = 'resting'").run()
    expect(caught(() => findRun(db, 'p1'))).toMatchObject({ code: 'damaged-run' })
    db.close()
  })
  it('nextRunId() never gives out an id twice, over two connections and a restart', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    const first = openDatabase(file)
    const second = openDatabase(file)
    const ids = [nextRunId(first), nextRunId(second), nextRunId(first)]
    first.close()
    second.close()
    const third = openDatabase(file)
    expect([...ids, nextRunId(third)]).toEqual(['p1', 'p2', 'p3', 'p4'])
    third.close()
  })
  it('saveRun() replaces the run with its id, and findRun() gives back what was stored', () => {
    const db = openDatabase(':memory:')
    expect(findRun(db, 'p1')).toBeUndefined()
    saveRun(db, runOf('p1'))
    expect(findRun(db, 'p1')).toEqual(runOf('p1'))
    const done = runOf('p1', { status: 'done', report })
    saveRun(db, done)
    expect(findRun(db, 'p1')).toEqual(done)
    expect(listRuns(db, { limit: 10 }).runs).toHaveLength(1)
    db.close()
  })
  it('listRuns() pages through all runs, newest first', () => {
    const db = openDatabase(':memory:')
    const ids = Array.from({ length: 7 }, () => nextRunId(db))
    for (const id of ids) saveRun(db, runOf(id))
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = listRuns(db, cursor === undefined ? { limit: 3 } : { limit: 3, cursor })
      seen.push(...page.runs.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(seen).toEqual(ids.toReversed())
    db.close()
  })
})
