import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadOntology } from '../../../src/actions/load.ts'
import { importRecording } from '../../../src/profiles/derive/import.ts'
import { readLines } from '../../../src/profiles/derive/read/lines.ts'
import { fitUsers } from '../../../src/profiles/derive/users.ts'
import { atOnce } from '../../../src/profiles/slices.ts'
import { PROJECT } from '../../support/processes.ts'

const FOLDER = join(PROJECT, 'examples/data')

describe('a population fitted to a real access log', () => {
  it('is within the noise of two random halves of its people, in every measure', async () => {
    const ontology = await loadOntology(join(FOLDER, 'content-site.yaml'))
    const file = join(FOLDER, 'apache_access_10k.log.gz')
    const key = new Uint8Array(32).fill(7)
    const options = { format: 'combined', ontology, file, k: 5, seed: 1, key } as const
    const imported = await importRecording(readLines(file, file), options)
    const { closeness, fitted } = atOnce(fitUsers(imported, { count: 4000, seed: 1 }))
    expect(closeness.real).toBeGreaterThan(900)
    const outside = closeness.measures.filter(
      (measure) => measure.kind === 'not-measured' || measure.word !== 'within the noise',
    )
    expect(outside).toEqual([])
    // Rare ways are one in twenty; nobody's session is needed for the rest.
    const steps = imported.sessions.reduce((sum, { length }) => sum + length, 0)
    expect(fitted.removed.rareTransitions).toBeLessThan(0.05 * (steps + imported.sessions.length))
  })
})
