/** The history of baselines: what each run measured, and where it belongs. */

import {
  historyQuery,
  historySchema,
  problemSchema,
  targetsSchema,
} from '../../src/core/contract/http.ts'
import { endpoint, json, notFound, type Endpoint } from '../endpoint.ts'
import type { Room } from './room.ts'

export function historyEndpoints({ outrider }: Room): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/targets',
      summary: 'Targets whose baseline has a history, the last measured first',
      answers: { 200: { description: 'Their names', schema: targetsSchema } },
      handle: () => json({ targets: outrider.historyTargets() }),
    }),
    endpoint({
      method: 'get',
      path: '/targets/:id/history',
      summary: 'What the baseline of a target measured in each run, with moving average and limits',
      query: historyQuery,
      answers: {
        200: { description: 'A chart for each action and metric', schema: historySchema },
        404: { description: 'No such target', schema: problemSchema },
      },
      handle({ id, query }) {
        const { action, metric, runs } = query
        const history = outrider.history(id, {
          runs,
          ...(action === undefined ? {} : { action }),
          ...(metric === undefined ? {} : { metric }),
        })
        const isKnown = history.charts.length > 0 || Object.hasOwn(outrider.config.targets, id)
        if (!isKnown && !outrider.historyTargets().some(({ name }) => name === id)) {
          throw notFound('target', id, 'GET /targets lists those with a history')
        }
        return json(history)
      },
    }),
  ]
}
