import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Criteria } from '../../src/core/contract/criteria.ts'
import { openDatabase, type Database } from '../../profiles-db/open.ts'
import { selectionOf } from '../../src/profiles/query.ts'
import { createProfileStore } from '../../src/profiles/store.ts'
import { profileOf } from './people.ts'

describe('selectionOf', () => {
  let db: Database
  beforeAll(() => {
    db = openDatabase(':memory:')
    createProfileStore(db).insert(
      Array.from({ length: 6000 }, (_, index) =>
        profileOf(`user-${index}`, {
          geo_location: index % 2 === 0 ? 'US' : 'DE-BE',
          device_type: index % 3 === 0 ? 'mobile' : 'desktop',
          labels: index % 500 === 0 ? ['rare'] : ['common'],
          resource_intensity: { cpu_ms: index, memory_mb: 1, network_kb: 1, period_s: 1 },
        }),
      ),
    )
  })
  afterAll(() => db.close())

  /** What SQLite says it would do for a page. */
  function planOf(criteria: Criteria): string {
    const { sql, parameters } = selectionOf(db, criteria).walk(0, 100)
    const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters)
    return JSON.stringify(rows)
  }

  it('walk() quotes what criteria hold, whatever it is', () => {
    for (const label of ["'; DROP TABLE profiles; --", '"', '?', '%', '\0']) {
      const { sql, parameters } = selectionOf(db, { label }).count()
      expect(sql).not.toContain(label === '?' ? "'?'" : label)
      expect(
        db
          .prepare(sql)
          .pluck()
          .get(...parameters),
      ).toBe(0)
    }
  })
  it('walk() goes along an index in order and never sorts, for whatever values', () => {
    const cases: Criteria[] = [
      { geo_location: 'US' },
      { geo_location: ['US', 'DE-BE'], device_type: 'mobile' },
      { device_type: ['mobile', 'desktop'] },
      { label: ['rare', 'common'], geo_location: 'DE' },
      { action: 'home', source: 'derived' },
      { 'resource_intensity.cpu_ms': { gte: 10 } },
    ]
    for (const criteria of cases) {
      expect(planOf(criteria), JSON.stringify(criteria)).not.toContain('TEMP B-TREE')
    }
  })
  it('walk() goes along the rarest value', () => {
    const plan = planOf({ geo_location: 'US', label: 'rare', device_type: 'mobile' })
    expect(plan).toMatch(/SEARCH t USING (COVERING INDEX|PRIMARY KEY)/)
    expect(planOf({ 'resource_intensity.cpu_ms': { gte: 5990 }, geo_location: 'US' })).toContain(
      'profiles_by_cpu_ms',
    )
  })
  it('size is exact for few matches and near for many', () => {
    expect(selectionOf(db, { label: 'rare' }).size).toBe(12)
    expect(selectionOf(db, { user_id: ['user-1', 'nobody'] }).size).toBe(1)
    const { size } = selectionOf(db, { geo_location: 'US' })
    expect(size).toBeGreaterThan(3000 * 0.7)
    expect(size).toBeLessThan(3000 * 1.4)
  })
})
