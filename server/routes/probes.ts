/** Probes over HTTP: start, list, read, follow, stop. */

import {
  eventsQuery,
  listSchema,
  pageQuery,
  probeBody,
  probeSchema,
  problemSchema,
  seriesQuery,
  seriesSchema,
  startedSchema,
  stopBody,
} from '../../src/core/contract/http.ts'
import { UsageError } from '../../src/core/errors.ts'
import { suggest } from '../../src/core/suggest.ts'
import type { Outrider, RunningProbe } from '../../src/outrider.ts'
import { endpoint, json, notFound, type Endpoint } from '../endpoint.ts'
import { lastEventId, streamEnd, streamProbe } from '../events.ts'
import { ProblemError } from '../problem.ts'
import { describeProbe, liveOf, outlineOf, requestOf, statusOf } from './probe-documents.ts'
import { lookAtCriteria, pageOf, refuseUnknownTarget, type Room } from './room.ts'

const missing = { description: 'No such probe', schema: problemSchema }
const LOOK = 'GET /probes lists those that are known'

/** The endpoints of a probe's life. */
export function probeEndpoints(room: Room): Endpoint[] {
  return [startEndpoint(room), listEndpoint(room), readEndpoint(room), ...followEndpoints(room)]
}

function startEndpoint({ outrider, memory }: Room): Endpoint {
  return endpoint({
    method: 'post',
    path: '/probes',
    summary: 'Start a probe against a configured target',
    body: probeBody,
    look: lookAtCriteria,
    answers: {
      202: { description: 'The probe runs; Location says where to read it', schema: startedSchema },
      409: { description: 'Another run uses this target', schema: problemSchema },
      502: { description: 'An arm does not answer', schema: problemSchema },
    },
    async handle({ body }) {
      refuseUnknownTarget(outrider.config, body.target)
      const probe = await outrider.startProbe(requestOf(body))
      memory.remember(probe)
      return json({ id: probe.id }, 202, { location: `/probes/${encodeURIComponent(probe.id)}` })
    },
  })
}

function listEndpoint({ outrider, memory }: Room): Endpoint {
  return endpoint({
    method: 'get',
    path: '/probes',
    summary: 'Probes, newest first',
    query: pageQuery,
    answers: { 200: { description: 'One page', schema: listSchema } },
    handle({ query }) {
      const page = outrider.runs(pageOf(query))
      const probes = page.runs.map(({ report, ...run }) => ({
        ...run,
        ...(report === undefined ? {} : outlineOf(report)),
        ...liveOf(memory, run.id),
      }))
      const next = page.nextCursor
      return json({ probes, ...(next === undefined ? {} : { nextCursor: next }) })
    },
  })
}

function readEndpoint({ outrider, memory }: Room): Endpoint {
  return endpoint({
    method: 'get',
    path: '/probes/:id',
    summary: 'A probe: its state, its plan while this process knows it, and its report at the end',
    answers: { 200: { description: 'The probe', schema: probeSchema }, 404: missing },
    handle({ id }) {
      const stored = outrider.findRun(id)
      const found = memory.find(id)
      if (found === undefined && stored === undefined) throw notFound('probe', id, LOOK)
      const { status, startedAt, name, report } = stored ?? {}
      return json({
        id,
        ...(found === undefined ? {} : describeProbe(found.probe, found.remembered)),
        ...(name === undefined ? {} : { name }),
        ...(startedAt === undefined ? {} : { startedAt }),
        ...(report === undefined ? {} : { report }),
        status: found === undefined ? status : statusOf(found.remembered, status),
      })
    },
  })
}

function followEndpoints(room: Room): Endpoint[] {
  const { outrider, memory, seats } = room
  return [
    endpoint({
      method: 'get',
      path: '/probes/:id/series',
      summary: 'What the charts of one action and metric need, at most 720 points',
      query: seriesQuery,
      answers: { 200: { description: 'The series', schema: seriesSchema }, 404: missing },
      handle({ id, query }) {
        const found = memory.find(id)
        if (found === undefined) throw noSeries(outrider, id)
        const series = found.probe.series(query.action, query.metric)
        if (series === undefined) throw unknownAction(found.probe, query.action)
        return json(series)
      },
    }),
    endpoint({
      method: 'get',
      path: '/probes/:id/events',
      summary: 'The probe live: events state, block, finding, end; Last-Event-ID resumes',
      answers: {
        200: { description: 'Server-sent events', contentType: 'text/event-stream' },
        404: missing,
      },
      query: eventsQuery,
      handle({ context, id, query }) {
        const stored = outrider.findRun(id)
        const found = memory.find(id)
        if (found === undefined && stored === undefined) throw notFound('probe', id, LOOK)
        if (found === undefined && stored?.status === 'running') throw elsewhere(id)
        const after = lastEventId(context.req.header('last-event-id')) ?? query.after
        const end = found?.remembered.end
        // 204 is how a browser is told not to come back.
        if (end !== undefined && after === end.seq) return new Response(null, { status: 204 })
        const options = { after, stopping: room.stopping, left: seats.take(), ...room.ping }
        if (found !== undefined) return streamProbe(found.probe, options)
        return streamEnd({ kind: 'end', probe: id, ...stored }, options)
      },
    }),
    endpoint({
      method: 'post',
      path: '/probes/:id/stop',
      summary: 'End a probe early; its report is partial',
      body: stopBody,
      answers: {
        202: { description: 'It is asked to end', schema: startedSchema },
        404: missing,
        409: { description: 'It has ended already', schema: problemSchema },
      },
      handle({ id, body }) {
        const found = memory.find(id)
        const stored = outrider.findRun(id)
        if (found === undefined && stored === undefined) throw notFound('probe', id, LOOK)
        if (found === undefined && stored?.status === 'running') throw elsewhere(id)
        if (found === undefined || found.remembered.end !== undefined) throw hasEnded(id)
        const at = new Date(room.clock.wallMs()).toISOString()
        found.remembered.stop ??= {
          at,
          ...(body.reason === undefined ? {} : { reason: body.reason }),
        }
        found.probe.stop()
        return json({ id }, 202)
      },
    }),
  ]
}

function unknownAction(probe: RunningProbe, action: string): UsageError {
  const known = [...probe.plan.actions.map((planned) => planned.action), '*']
  return new UsageError(`Cannot find action: "${action}" is not in the plan of ${probe.id}`, {
    code: 'unknown-action',
    where: '/action',
    mend: suggest(action, known),
  })
}

function noSeries(outrider: Outrider, id: string): Error {
  if (outrider.findRun(id) === undefined) return notFound('probe', id, LOOK)
  return new ProblemError(
    404,
    'series-not-kept',
    `Cannot draw probe "${id}": its series are gone`,
    {
      mend: 'series live as long as the process that ran the probe; the report is kept',
    },
  )
}

function elsewhere(id: string): ProblemError {
  return new ProblemError(
    409,
    'probe-elsewhere',
    `Cannot follow probe "${id}": another process runs it, or did when it ended`,
    { mend: 'read it again later: its report is kept when it ends' },
  )
}

function hasEnded(id: string): ProblemError {
  return new ProblemError(409, 'probe-ended', `Cannot stop probe "${id}": it has ended already`, {
    mend: 'nothing was changed; read its report',
  })
}
