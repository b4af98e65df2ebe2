/** Generations over HTTP: plain traffic to one configured address, judged by nobody. */

import {
  generationBody,
  generationSchema,
  problemSchema,
  startedSchema,
  stopBody,
} from '../../src/core/contract/http.ts'
import type { GenerationRequest } from '../../src/outrider.ts'
import { endpoint, json, notFound, type Endpoint } from '../endpoint.ts'
import { ProblemError } from '../problem.ts'
import { configuredUrl, lookAtCriteria, profileChoice, type Room } from './room.ts'

/** The endpoints of generations. */
export function generationEndpoints({ outrider, memory }: Room): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/generations',
      summary: 'Send traffic of profiles to one address of a configured target',
      body: generationBody,
      look: lookAtCriteria,
      answers: {
        202: { description: 'The traffic runs', schema: startedSchema },
        409: { description: 'Another run uses this target', schema: problemSchema },
        502: { description: 'The target does not answer', schema: problemSchema },
      },
      async handle({ body }) {
        const { target_url: url, profile_id: profileId, criteria, duration, ramp, ...rest } = body
        const profiles = profileChoice(criteria, profileId)
        const generation = await outrider.startGeneration({
          ...given({ ...rest, rampSeconds: ramp }),
          concurrency: body.concurrency,
          target: { kind: 'configured', url: configuredUrl(outrider.config, url) },
          durationSeconds: duration,
          ...(profiles === undefined ? {} : { profiles }),
        })
        memory.failureOf(generation)
        const location = `/generations/${encodeURIComponent(generation.id)}`
        return json({ id: generation.id }, 202, { location })
      },
    }),
    endpoint({
      method: 'get',
      path: '/generations/:id',
      summary: 'How far a generation of this process is, and what it measured',
      answers: {
        200: { description: 'The generation', schema: generationSchema },
        404: { description: 'No such generation', schema: problemSchema },
      },
      handle({ id }) {
        const generation = outrider.findGeneration(id)
        if (generation === undefined) throw unknown(id)
        const message = memory.failureOf(generation)
        const problem = message === undefined ? {} : { problem: { message } }
        return json({ id, status: generation.status(), ...generation.progress(), ...problem })
      },
    }),
    endpoint({
      method: 'post',
      path: '/generations/:id/stop',
      summary: 'End a generation early; what is in flight may end',
      body: stopBody,
      answers: {
        202: { description: 'It is asked to end', schema: startedSchema },
        404: { description: 'No such generation', schema: problemSchema },
        409: { description: 'It has ended already', schema: problemSchema },
      },
      handle({ id }) {
        const generation = outrider.findGeneration(id)
        if (generation === undefined) throw unknown(id)
        if (generation.status() !== 'running') throw hasEnded(id)
        generation.stop()
        return json({ id }, 202)
      },
    }),
  ]
}

function unknown(id: string): Error {
  return notFound('generation', id, 'generations are known to the process that ran them')
}

function hasEnded(id: string): Error {
  const detail = `Cannot stop generation "${id}": it has ended already`
  return new ProblemError(409, 'generation-ended', detail, {
    mend: `GET /generations/${id} has its figures`,
  })
}

type Optional = Omit<
  GenerationRequest,
  'target' | 'durationSeconds' | 'concurrency' | 'profiles' | 'ontology'
>

/** Leaves out what was not said, so that the configured value holds. */
function given(values: Record<string, unknown>): Optional {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
