import { describe, expect, it } from 'vitest'
import {
  findInvestigation,
  listInvestigations,
  nextInvestigationId,
  saveInvestigation,
} from '../../profiles-db/investigations.ts'
import { openDatabase } from '../../profiles-db/open.ts'
import type { Investigation } from '../../src/core/contract/investigation.ts'
import { caught } from './caught.ts'

function investigationOf(id: string, more: Partial<Investigation> = {}): Investigation {
  return {
    id,
    run: 'p1',
    at: '2026-01-01T00:00:00Z',
    title: 'checkout is 1.31× slower (1.22–1.41)',
    finding: {
      action: 'checkout',
      metric: 'latency_typical',
      verdict: 'regressed',
      margin: 0.1,
      lnEvidence: 14.2,
      lnThreshold: 6.4,
      detectedAt: 14,
      onset: 0,
      phase: 'quiet',
      episode: 0,
      transient: false,
      segment: { device: 'mobile' },
      rule: 'evidence',
    },
    onset: 0,
    segments: [
      {
        segment: { device: 'mobile' },
        pairs: 310,
        effect: { kind: 'ratio', estimate: 1.5, low: 1.3, high: 1.7 },
      },
    ],
    pairs: 900,
    exchanges: [
      {
        pair: 's17.4',
        at: 12.3,
        request: { method: 'POST', path: '/pay' },
        baseline: { outcome: 'ok', status: 200, latencyMs: 9, body: '{"price":9.5}' },
        canary: { outcome: 'ok', status: 200, latencyMs: 31, headers: { a: 'b' }, body: '{}' },
        diff: [{ path: '$.price', baseline: 9.5, canaryShare: 0.2 }],
      },
    ],
    reproduce: "curl -sS 'http://canary/pay'",
    ...more,
  }
}

describe('investigations', () => {
  it('listInvestigations() refuses a limit and a cursor that make no sense', () => {
    const db = openDatabase(':memory:')
    expect(caught(() => listInvestigations(db, { limit: 0 }))).toMatchObject({ code: 'bad-limit' })
    const cursor = "n1' OR 1"
    expect(caught(() => listInvestigations(db, { limit: 5, cursor }))).toMatchObject({
      code: 'bad-cursor',
    })
    db.close()
  })
  it('findInvestigation() names a damaged one, and so does a list of it', () => {
    const db = openDatabase(':memory:')
    saveInvestigation(db, investigationOf('i1'))
    db.prepare('UPDATE investigations SET document = ?').run('{"id":"i1"')
    expect(caught(() => findInvestigation(db, 'i1'))).toMatchObject({
      code: 'damaged-investigation',
    })
    db.prepare('UPDATE investigations SET document = ?').run('{"id":"i1"}')
    expect(caught(() => findInvestigation(db, 'i1'))).toMatchObject({
      code: 'damaged-investigation',
    })
    db.close()
  })
  it('saveInvestigation() replaces the one with its id, and what is found is what was stored', () => {
    const db = openDatabase(':memory:')
    expect(findInvestigation(db, 'i1')).toBeUndefined()
    saveInvestigation(db, investigationOf('i1'))
    expect(findInvestigation(db, 'i1')).toEqual(investigationOf('i1'))
    const later = investigationOf('i1', { rollout: 'r1', pairs: 1200 })
    saveInvestigation(db, later)
    expect(findInvestigation(db, 'i1')).toEqual(later)
    expect(listInvestigations(db, { limit: 10 }).investigations).toHaveLength(1)
    db.close()
  })
  it('listInvestigations() pages through all, newest first, or those of a run or a rollout', () => {
    const db = openDatabase(':memory:')
    const ids = Array.from({ length: 7 }, () => nextInvestigationId(db))
    expect(ids).toEqual(['i1', 'i2', 'i3', 'i4', 'i5', 'i6', 'i7'])
    for (const [index, id] of ids.entries()) {
      const odd = index % 2 === 1
      saveInvestigation(db, investigationOf(id, odd ? { run: 'p2', rollout: 'r1' } : {}))
    }
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = listInvestigations(
        db,
        cursor === undefined ? { limit: 3 } : { limit: 3, cursor },
      )
      seen.push(...page.investigations.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(seen).toEqual(ids.toReversed())
    const { investigations, nextCursor } = listInvestigations(db, { limit: 2, rollout: 'r1' })
    expect(investigations).toEqual([
      expect.objectContaining({ id: 'i6', rollout: 'r1', run: 'p2' }),
      expect.objectContaining({ id: 'i4' }),
    ])
    expect(nextCursor).toBe('n4')
    expect(listInvestigations(db, { limit: 9, run: 'p1' }).investigations).toHaveLength(4)
    expect(listInvestigations(db, { limit: 9, run: 'p1', rollout: 'r1' }).investigations).toEqual(
      [],
    )
    db.close()
  })
  it('saveInvestigation() keeps the newest 2000', () => {
    const db = openDatabase(':memory:')
    db.transaction(() => {
      for (let number = 1; number <= 2003; number += 1) {
        saveInvestigation(db, investigationOf(`i${number}`, { exchanges: [] }))
      }
    })
    expect(findInvestigation(db, 'i3')).toBeUndefined()
    expect(findInvestigation(db, 'i4')).toBeDefined()
    db.close()
  })
})
