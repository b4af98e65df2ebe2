import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../../profiles-db/open.ts'
import { saveRun } from '../../../profiles-db/runs.ts'
import { configSchema, defaultConfig } from '../../../src/core/contract/config.ts'
import {
  armsOfItself,
  hasAa,
  nameOfItself,
  overridesOfItself,
} from '../../../src/probe/aa/itself.ts'
import { exampleReport } from '../../report/example-report.ts'

const BASELINE = 'http://10.0.0.5:8080/shop'

describe('armsOfItself()', () => {
  it('is the baseline twice, with the host and the authority of its target', () => {
    const rest = { host: 'shop.test', ca: 'pem' }
    const arms = armsOfItself([
      { arm: 'baseline', url: BASELINE, ...rest },
      { arm: 'canary', url: 'http://10.0.0.6:8080', ...rest },
      { arm: 'control', url: 'http://10.0.0.7:8080', ...rest },
    ])
    expect(arms).toEqual([
      { arm: 'baseline', url: BASELINE, ...rest },
      { arm: 'canary', url: BASELINE, ...rest },
    ])
  })
})

describe('overridesOfItself()', () => {
  it('is two minutes of load without focus', () => {
    expect(overridesOfItself({}, defaultConfig)).toEqual({
      duration: 120,
      phases: ['load'],
      focus: false,
    })
  })

  it('takes what was asked for; auto lasts as long as it may', () => {
    const configured = configSchema.parse({ version: 1, probe: { duration: '5m' } })
    expect(overridesOfItself({}, configured).duration).toBe(300)
    expect(overridesOfItself({ duration: 30 }, configured).duration).toBe(30)
    expect(overridesOfItself({ duration: 'auto' }, configured).duration).toBe(600)
    const asked = { duration: 'auto', maxDurationSeconds: 900, focus: true } as const
    expect(overridesOfItself(asked, configured)).toMatchObject({ duration: 900, focus: true })
  })
})

describe('hasAa()', () => {
  const aa = { margins: { latency_typical: 0.05 }, actions: [] }
  const run = { kind: 'probe', status: 'done', startedAt: '2026-01-01T00:00:00Z' } as const

  it('remembers a run of this baseline against itself, whatever its path and its name', () => {
    const database = openDatabase(':memory:')
    expect(hasAa(database, BASELINE)).toBe(false)
    const name = nameOfItself(BASELINE, 'Friday')
    saveRun(database, { ...run, id: 'p1', name, report: { ...exampleReport, aa } })
    expect(hasAa(database, 'http://10.0.0.5:8080')).toBe(true)
    expect(hasAa(database, 'http://10.0.0.6:8080')).toBe(false)
    database.close()
  })

  it('does not count a run that did not end, or that has no margins', () => {
    const database = openDatabase(':memory:')
    const name = nameOfItself(BASELINE)
    saveRun(database, { ...run, id: 'p1', name, status: 'running' })
    saveRun(database, { ...run, id: 'p2', name, report: exampleReport })
    expect(hasAa(database, BASELINE)).toBe(false)
    database.close()
  })
})
