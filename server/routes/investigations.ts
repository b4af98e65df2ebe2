/** Alerts and investigations over HTTP: what a regression leaves behind. */

import { investigationsQuery, pageQuery, problemSchema } from '../../src/core/contract/http.ts'
import {
  alertListSchema,
  alertSchema,
  investigationListSchema,
  investigationSchema,
} from '../../src/core/contract/investigation.ts'
import { endpoint, json, notFound, type Endpoint } from '../endpoint.ts'
import { pageOf, type Room } from './room.ts'

export function investigationEndpoints(room: Room): Endpoint[] {
  return [...alertEndpoints(room), ...recordEndpoints(room)]
}

function alertEndpoints({ outrider }: Room): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/alerts',
      summary: 'Alerts, newest first',
      query: pageQuery,
      answers: { 200: { description: 'One page', schema: alertListSchema } },
      handle: ({ query }) => json(outrider.rollouts.alerts(pageOf(query))),
    }),
    endpoint({
      method: 'get',
      path: '/alerts/:id',
      summary: 'One alert',
      answers: {
        200: { description: 'The alert', schema: alertSchema },
        404: { description: 'No such alert', schema: problemSchema },
      },
      handle({ id }) {
        const alert = outrider.rollouts.findAlert(id)
        if (alert === undefined) throw notFound('alert', id, 'GET /alerts lists those there are')
        return json(alert)
      },
    }),
  ]
}

function recordEndpoints({ outrider }: Room): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/investigations',
      summary: 'Investigations, newest first; of one rollout or of one run',
      query: investigationsQuery,
      answers: { 200: { description: 'One page', schema: investigationListSchema } },
      handle({ query }) {
        const { rollout, run } = query
        return json(
          outrider.rollouts.investigations({
            ...pageOf(query),
            ...(rollout === undefined ? {} : { rollout }),
            ...(run === undefined ? {} : { run }),
          }),
        )
      },
    }),
    endpoint({
      method: 'get',
      path: '/investigations/:id',
      summary: 'What was seen of one regression: segments, exchanges, differences',
      answers: {
        200: { description: 'The investigation', schema: investigationSchema },
        404: { description: 'No such investigation', schema: problemSchema },
      },
      handle({ id }) {
        const found = outrider.rollouts.findInvestigation(id)
        if (found === undefined) {
          throw notFound('investigation', id, 'GET /investigations lists those there are')
        }
        return json(found)
      },
    }),
  ]
}
