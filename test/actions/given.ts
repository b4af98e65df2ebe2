/** What the tests of this room start from: a small ontology, a context, a response. */

import { parseOntology } from '../../src/actions/load.ts'
import type { Action, Ontology } from '../../src/actions/ontology.ts'
import type { BuiltRequest, TemplateContext } from '../../src/actions/request.ts'
import { buildRequest } from '../../src/actions/request.ts'
import type { ReceivedResponse } from '../../src/actions/expect.ts'
import { exampleProfile } from '../../src/core/contract/profile.ts'
import { OutriderError } from '../../src/core/errors.ts'

/** An ontology of one action `it`, whose fields are given as JSON (which is YAML). */
export function givenOntology(action: unknown, others: Record<string, unknown> = {}): Ontology {
  return parseOntology(JSON.stringify({ version: 1, actions: { it: action, ...others } }), 'a.yaml')
}

export function actionOf(ontology: Ontology, name = 'it'): Action {
  const action = ontology.actions.get(name)
  if (!action) throw new Error(`there is no action ${name}`)
  return action
}

export function givenContext(changes: Partial<TemplateContext> = {}): TemplateContext {
  return {
    data: {},
    profile: exampleProfile,
    captured: {},
    sessionId: 's17',
    arm: 'canary',
    secrets: {},
    ...changes,
  }
}

/** Builds requests of an action with this request template. */
export function givenBuilder(
  request: unknown,
): (changes?: Partial<TemplateContext>) => BuiltRequest {
  const captures = { json: '$' }
  const ontology = givenOntology(
    { request },
    { before: { request: { path: '/' }, capture: { id: captures, cart: captures } } },
  )
  return (changes) => buildRequest(ontology, actionOf(ontology), givenContext(changes))
}

export function built(request: unknown, changes: Partial<TemplateContext> = {}): BuiltRequest {
  return givenBuilder(request)(changes)
}

export interface GivenResponse {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly cookies?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly latencyMs?: number
}

export function givenResponse(given: GivenResponse): ReceivedResponse {
  return {
    status: given.status ?? 200,
    header: (name) => given.headers?.[name.toLowerCase()],
    cookie: (name) => given.cookies?.[name],
    body: given.body === undefined ? undefined : Buffer.from(given.body),
    latencyMs: given.latencyMs ?? 1,
  }
}

/** The error that the call throws, as people see it. */
export function refusalOf(call: () => unknown): { code: string; message: string; mend: string } {
  try {
    call()
  } catch (error) {
    if (!(error instanceof OutriderError)) throw error
    return { code: error.code, message: error.message, mend: error.mend ?? '' }
  }
  throw new Error('nothing was refused')
}
