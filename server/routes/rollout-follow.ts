/** What the page and a pipeline follow of a rollout: its events, its curves, its readings. */

import {
  eventsQuery,
  problemSchema,
  seriesQuery,
  seriesSchema,
} from '../../src/core/contract/http.ts'
import { readingsSchema, type RolloutDocument } from '../../src/core/contract/rollout.ts'
import { UsageError } from '../../src/core/errors.ts'
import { suggest } from '../../src/core/suggest.ts'
import { endpoint, json, type Endpoint } from '../endpoint.ts'
import { keptSpan, lastEventId, streamRollout, type KeptSpan } from '../events.ts'
import { ProblemError } from '../problem.ts'
import { knownRollout, type Room } from './room.ts'

const missing = { description: 'No such rollout', schema: problemSchema }

export function rolloutFollowEndpoints(room: Room): Endpoint[] {
  return [eventsEndpoint(room), ...chartEndpoints(room)]
}

function eventsEndpoint({ outrider, seats, stopping, ping }: Room): Endpoint {
  const { rollouts } = outrider
  return endpoint({
    method: 'get',
    path: '/rollouts/:id/events',
    summary:
      'The rollout live: events state, weight, reading, block, finding, alert, note, end; ' +
      'Last-Event-ID resumes',
    answers: {
      200: { description: 'Server-sent events', contentType: 'text/event-stream' },
      204: { description: 'The end was seen already' },
      404: missing,
    },
    query: eventsQuery,
    handle({ context, id, query }) {
      const document = knownRollout(outrider, id)
      const after = lastEventId(context.req.header('last-event-id')) ?? query.after
      const isResumed = after !== undefined && after !== 0
      const span = isResumed ? keptSpan(rollouts, document) : undefined
      // 204 is how a browser is told not to come back.
      if (span !== undefined && after !== undefined && hasSeenEnd(span, after)) {
        return new Response(null, { status: 204 })
      }
      return streamRollout(rollouts, id, span, { after, stopping, left: seats.take(), ...ping })
    },
  })
}

function hasSeenEnd({ endSeq, newestSeq }: KeptSpan, after: number): boolean {
  return endSeq !== undefined && after >= endSeq && after <= newestSeq
}

function chartEndpoints({ outrider }: Room): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/rollouts/:id/series',
      summary: 'What the charts of one action and metric need, at most 720 points',
      query: seriesQuery,
      answers: { 200: { description: 'The series', schema: seriesSchema }, 404: missing },
      handle({ id, query }) {
        const document = knownRollout(outrider, id)
        const series = outrider.rollouts.series(id, query.action, query.metric)
        if (series === undefined) throw noSeries(document, query.action)
        return json(series)
      },
    }),
    endpoint({
      method: 'get',
      path: '/rollouts/:id/readings',
      summary: 'What the router said over time, at most 720 readings',
      answers: { 200: { description: 'Oldest first', schema: readingsSchema }, 404: missing },
      handle({ id }) {
        knownRollout(outrider, id)
        return json({ readings: outrider.rollouts.readings(id) })
      },
    }),
  ]
}

function noSeries({ id, actions }: RolloutDocument, action: string): Error {
  const known = actions?.map((row) => row.action) ?? []
  if (known.length > 0 && ![...known, '*'].includes(action)) {
    return new UsageError(`Cannot find action: "${action}" is not in the plan of ${id}`, {
      code: 'unknown-action',
      where: '/action',
      mend: suggest(action, [...known, '*']),
    })
  }
  const why = 'this process does not control it, or there is nothing to draw'
  return new ProblemError(404, 'series-not-kept', `Cannot draw rollout "${id}": ${why}`, {
    mend: 'series live as long as the process that controls the rollout; the report is kept',
  })
}
