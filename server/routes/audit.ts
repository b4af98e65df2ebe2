/** The audit log over HTTP: who asked for what, and what came of it. */

import { pageQuery } from '../../src/core/contract/http.ts'
import { auditListSchema } from '../../src/core/contract/investigation.ts'
import { endpoint, json, type Endpoint } from '../endpoint.ts'
import { pageOf, type Room } from './room.ts'

export function auditEndpoints({ outrider }: Room): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/audit',
      role: 'admin',
      summary: 'Writes and wrong tokens, newest first',
      query: pageQuery,
      answers: { 200: { description: 'One page', schema: auditListSchema } },
      handle: ({ query }) => json(outrider.rollouts.audit(pageOf(query))),
    }),
  ]
}
