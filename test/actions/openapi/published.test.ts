/** The import, tried on documents that others published, as they come from their packages. */

import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { remarksOf } from '../../../src/actions/check.ts'
import { parseOntology } from '../../../src/actions/load.ts'
import { importOpenApi } from '../../../src/actions/openapi/import.ts'
import { buildRequest } from '../../../src/actions/request.ts'
import { createRouteMatcher } from '../../../src/actions/routes.ts'
import { profileInputSchema } from '../../../src/core/contract/profile.ts'
import { actionOf, givenContext } from '../given.ts'
import { requestOf } from './given.ts'

const EXAMPLES = dirname(fileURLToPath(import.meta.resolve('@readme/oas-examples/package.json')))
const GALAXY = fileURLToPath(import.meta.resolve('@scalar/galaxy/3.1.yaml'))
const DIALOGPORTEN = fileURLToPath(
  import.meta.resolve('@digdir/dialogporten-schema/swagger.verified.json'),
)

/** The least that must come of each: actions, captures, steps of the sample users. */
const DOCUMENTS = [
  ['Scalar Galaxy (3.1, YAML)', GALAXY, 10, 1, 3],
  ['Dialogporten', DIALOGPORTEN, 44, 8, 28],
  ['Train Travel (3.1)', join(EXAMPLES, '3.1/json/train-travel.json'), 7, 1, 4],
  ['Star Trek', join(EXAMPLES, '3.0/json/star-trek.json'), 120, 0, 80],
  ['ReadMe (3.1, YAML)', join(EXAMPLES, '3.1/yaml/readme.yaml'), 54, 8, 7],
  ['Petstore (YAML)', join(EXAMPLES, '3.0/yaml/petstore.yaml'), 19, 1, 3],
  ['USPTO', join(EXAMPLES, '3.0/json/uspto.json'), 3, 0, 2],
  ['the links of the specification', join(EXAMPLES, '3.0/json/link-example.json'), 6, 5, 0],
] as const

const SMALL = ['2.0', '3.0', '3.1'].flatMap((version) =>
  readdirSync(join(EXAMPLES, version, 'json'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(EXAMPLES, version, 'json', name)),
)
/** Only what is deprecated, only webhooks: there is nothing to import. */
const EMPTY = ['schema-deprecated.json', 'webhooks.json']

describe('importOpenApi() of published documents', () => {
  it.each(DOCUMENTS)('%s becomes an ontology that works', (_, file, actions, captures, steps) => {
    const made = importOpenApi(readFileSync(file, 'utf8'), file)
    const walked = made.profiles.flatMap((profile) => profile.behavioral_patterns)
    expect(made.summary.actions).toBe(actions)
    expect(made.summary.captures).toBeGreaterThanOrEqual(captures)
    expect(walked.length).toBeGreaterThanOrEqual(steps)
    // What is written down is what was checked, comments and all.
    expect(parseOntology(made.text, 'actions.yaml').document).toEqual(made.ontology.document)
    for (const profile of made.profiles) profileInputSchema.parse(profile)
  })

  it.each([...DOCUMENTS.map(([name, file]) => [name, file]), ...SMALL.map((file) => [file, file])])(
    'each request of %s can be built, and its own log leads back to it',
    (name, file) => {
      if (EMPTY.some((empty) => name.endsWith(empty))) return
      const made = importOpenApi(readFileSync(file, 'utf8'), file)
      const find = createRouteMatcher(made.ontology)
      for (const action of made.ontology.actions.values()) {
        const request = requestOf(made, action.name)
        if (request.kind === 'blocked') throw new Error(`${action.name}: ${request.missing}`)
        if (action.routes.length === 0) continue
        expect(find(request.method, request.path)?.action).toBe(action.name)
      }
      // All that is left to say is which of the writing actions may share a database.
      const odd = remarksOf(made.ontology).filter(({ mend }) => !mend.includes('shared_state: ok'))
      expect(odd).toEqual([])
    },
  )

  it.each(EMPTY)('%s is refused, for nothing of it can be imported', (name) => {
    const file = SMALL.find((path) => path.endsWith(name)) ?? ''
    expect(() => importOpenApi(readFileSync(file, 'utf8'), name)).toThrow(/operation/)
  })

  it('sample users change nothing, and no step lacks what the steps before did not capture', () => {
    for (const [, file] of DOCUMENTS) {
      const { ontology, profiles, summary } = importOpenApi(readFileSync(file, 'utf8'), file)
      const secrets = Object.fromEntries(summary.secrets.map(({ name }) => [name, 'hush']))
      for (const { behavioral_patterns } of profiles) {
        const captured: Record<string, string> = {}
        for (const { action: name, data = {} } of behavioral_patterns) {
          const action = actionOf(ontology, name)
          expect(action.mutates).toBe(false)
          const context = givenContext({ data, captured, secrets })
          expect(buildRequest(ontology, action, context)).toMatchObject({ kind: 'request' })
          for (const capture of action.captures) captured[capture] = 'live'
        }
      }
    }
  })
})
