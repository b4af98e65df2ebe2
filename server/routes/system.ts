/** What the server says of itself: the actions it knows, whether it lives, whether it can work. */

import { actionsSchema, problemSchema, stateSchema } from '../../src/core/contract/http.ts'
import { endpoint, json, type Endpoint } from '../endpoint.ts'
import { ProblemError } from '../problem.ts'
import type { Room } from './room.ts'

export function systemEndpoints({ outrider }: Room): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/actions',
      summary: 'The actions of the configured ontology',
      answers: {
        200: { description: 'All actions, as the file orders them', schema: actionsSchema },
        400: { description: 'None is configured, or it is wrong', schema: problemSchema },
      },
      async handle() {
        const ontology = await outrider.ontology()
        const actions = [...ontology.actions.values()].map((action) => ({
          name: action.name,
          mutates: action.mutates,
          needs: action.needs,
          captures: action.captures,
          definition: action.document,
        }))
        return json({ actions })
      },
    }),
    endpoint({
      method: 'get',
      path: '/healthz',
      role: 'anyone',
      summary: 'Whether the process lives',
      answers: { 200: { description: 'It does', schema: stateSchema } },
      handle: () => json({ status: 'ok' }),
    }),
    endpoint({
      method: 'get',
      path: '/readyz',
      role: 'anyone',
      summary: 'Whether it can work: the database answers',
      answers: {
        200: { description: 'It can', schema: stateSchema },
        503: { description: 'It cannot', schema: problemSchema },
      },
      handle() {
        try {
          outrider.runs({ limit: 1 })
        } catch {
          throw new ProblemError(503, 'not-ready', 'Cannot work: the database does not answer', {
            mend: 'the log of the server says more',
          })
        }
        return json({ status: 'ready' })
      },
    }),
  ]
}
