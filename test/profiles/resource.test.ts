import { describe, expect, it } from 'vitest'
import { saveCosts } from '../../profiles-db/costs.ts'
import { openDatabase } from '../../profiles-db/open.ts'
import { parseOntology } from '../../src/actions/load.ts'
import { parseProfiles, toProfile } from '../../src/profiles/read.ts'
import { resourceIntensityOf } from '../../src/profiles/resource.ts'
import { createProfileStore } from '../../src/profiles/store.ts'
import { loadPopulation, synthesise } from '../../src/profiles/synthesise/population.ts'

const ontology = parseOntology(
  `version: 1
actions:
  search: { kind: search, request: { method: GET, path: / }, cost: { cpu_ms: 2, memory_mb: 3, network_kb: 4 } }
  view: { kind: view, request: { method: GET, path: /v }, cost: { cpu_ms: 5 } }
`,
  'shop.yaml',
)
const steps = ['search', 'view', 'search', 'odd'].map((action, index) => ({
  timestamp: index * 2,
  action,
  data: {},
}))

describe('resourceIntensityOf()', () => {
  it('is nothing but time where no cost is known', () => {
    const intensity = { cpu_ms: 0, memory_mb: 0, network_kb: 0, period_s: 6 }
    expect(resourceIntensityOf(steps, undefined)).toEqual(intensity)
    expect(resourceIntensityOf([], undefined)).toEqual({ ...intensity, period_s: 0 })
  })
  it('takes each cost that was measured, and the rest from the ontology', () => {
    const measured = new Map([
      ['search', { cpuMs: 7 }],
      ['view', { networkKb: 0.5 }],
      ['odd', { cpuMs: 0.25, networkKb: 1 }],
    ])
    expect(resourceIntensityOf(steps, ontology, measured)).toEqual({
      cpu_ms: 7 + 5 + 7 + 0.25,
      memory_mb: 3,
      network_kb: 4 + 0.5 + 4 + 1,
      period_s: 6,
    })
  })
})

describe('the costs of earlier runs', () => {
  it('enter profiles that do not say what they cost, and no others', async () => {
    const db = openDatabase(':memory:')
    try {
      const store = createProfileStore(db)
      expect(store.measuredCosts().size).toBe(0)
      saveCosts(db, 'shop', 'p1', '2026-01-01T00:00:00Z', [{ action: 'search', cpuMs: 7 }])
      const measured = store.measuredCosts()
      const input = { user_id: 'u', behavioral_patterns: [{ timestamp: 0, action: 'search' }] }
      const door = { what: 'profile', code: 'bad-profile', locate: () => '' }
      expect(toProfile(input, door, ontology, measured).resource_intensity.cpu_ms).toBe(7)
      const given = { cpu_ms: 1, memory_mb: 1, network_kb: 1, period_s: 1 }
      const lines = [input, { ...input, user_id: 'v', resource_intensity: given }]
      const text = lines.map((line) => JSON.stringify(line)).join('\n')
      const read = parseProfiles(text, 'users.ndjson', ontology, measured)
      expect(read.map((profile) => profile.resource_intensity.cpu_ms)).toEqual([7, 1])
      const population = await loadPopulation('shop')
      const search = new Map([['search', { cpuMs: 1000 }]])
      const plain = synthesise(population, 20, 1)
      const costly = synthesise(population, 20, 1, search)
      expect(costly.map(({ user_id: id }) => id)).toEqual(plain.map(({ user_id: id }) => id))
      const searches = costly.map(
        ({ behavioral_patterns: own }) => own.filter(({ action }) => action === 'search').length,
      )
      expect(Math.max(...searches)).toBeGreaterThan(0)
      for (const [index, { resource_intensity: cost }] of costly.entries()) {
        expect(Math.floor(cost.cpu_ms / 1000)).toBe(searches[index])
      }
    } finally {
      db.close()
    }
  })
})
