/** What the tests of the import start from: small documents, and what came of them. */

import { importOpenApi } from '../../../src/actions/openapi/import.ts'
import type { OpenApiImport } from '../../../src/actions/openapi/import.ts'
import type { Wanted } from '../../../src/actions/openapi/operations.ts'
import { buildRequest } from '../../../src/actions/request.ts'
import type { BuiltRequest } from '../../../src/actions/request.ts'
import { actionOf, givenContext } from '../given.ts'

export function imported(document: object, wanted: Wanted = {}): OpenApiImport {
  const whole = { openapi: '3.0.3', info: { title: 'Shop', version: '1' }, ...document }
  return importOpenApi(JSON.stringify(whole), 'shop.json', wanted)
}

/** One operation at a path; the rest of the document beside it. */
export function importedOne(
  operation: object,
  path = '/it',
  method = 'get',
  others: object = {},
): OpenApiImport {
  return imported({
    ...others,
    paths: { [path]: { [method]: { operationId: 'it', ...operation } } },
  })
}

/** The request of the only action, or of the named one, with the import's own samples. */
export function requestOf(made: OpenApiImport, name = 'it'): BuiltRequest {
  const data = made.samples.get(name) ?? {}
  const secrets = Object.fromEntries(made.summary.secrets.map((secret) => [secret.name, 'hush']))
  return buildRequest(made.ontology, actionOf(made.ontology, name), givenContext({ data, secrets }))
}

/** What the document of the ontology says of an action. */
export function writtenOf(made: OpenApiImport, name = 'it') {
  const action = made.ontology.document.actions[name]
  if (action === undefined) throw new Error(`there is no action ${name}`)
  return action
}
