import { describe, expect, it } from 'vitest'
import type { RecordedExchange } from '../../../src/actions/propose/recorded.ts'
import { createIntake } from '../../../src/profiles/derive/intake.ts'
import { createPseudonyms } from '../../../src/profiles/derive/pseudonyms.ts'
import { createRemovals } from '../../../src/profiles/derive/report.ts'

/** More than an ontology is proposed from; the sale begins after as many as that. */
const MANY = 52_000
const SALE = 50_400

function exchangeOf(index: number): RecordedExchange {
  const person = `p${Math.floor(index / 4) % 900}`
  return {
    client: person,
    person,
    timeMs: index * 60_000,
    device: 'desktop',
    geo: 'ZZ',
    method: 'GET',
    target: index < SALE ? '/' : '/sale',
    status: 200,
  }
}

describe('createIntake()', () => {
  it('proposes an ontology from all of a recording, and says that it looked at a sample', () => {
    const removed = createRemovals()
    const intake = createIntake({
      proposedFile: 'proposed.yaml',
      file: 'access.log',
      k: 5,
      seed: 1,
      allowed: { query: new Set(), body: new Set() },
      pseudonyms: createPseudonyms(),
      removed,
      robots: new Set(),
    })
    for (let index = 0; index < MANY; index += 1) intake.add(exchangeOf(index))
    const { proposal, ontology, steps } = intake.finish()
    expect([...ontology.actions.values()].flatMap(({ routes }) => routes)).toHaveLength(2)
    expect(steps).toHaveLength(MANY)
    expect(removed.unmapped).toBe(0)
    expect(proposal?.remarks[0]).toMatch(/^The ontology was proposed from \d+ of 52000 requests/)
    expect(proposal?.yaml).toMatch(/from \d+ of 52000 requests of access.log/)
  })
})
