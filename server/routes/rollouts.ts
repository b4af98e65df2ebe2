/** Rollouts over HTTP: start, list, read, and the word of a person. */

import { pageQuery, problemSchema } from '../../src/core/contract/http.ts'
import {
  ROLLOUT_ACTS,
  rolloutBody,
  rolloutListSchema,
  rolloutSchema,
  wordBody,
  type RolloutAct,
} from '../../src/core/contract/rollout.ts'
import { endpoint, json, type Endpoint } from '../endpoint.ts'
import {
  knownRollout,
  pageOf,
  refuseUnknownRouter,
  refuseUnknownTarget,
  type Room,
} from './room.ts'

const missing = { description: 'No such rollout', schema: problemSchema }

const SUMMARIES: Readonly<Record<RolloutAct, string>> = {
  promote:
    'A person says that the canary is good: past the gate, past a manual stage, or to the end',
  pause: 'Hold the weight where it is until somebody says resume',
  resume: 'Go on after a pause, or after the process that controlled it was gone',
  abort: 'Take the canary out: the weight goes to 0',
  finalize: 'The version is on the baseline: the weight goes back to 0 and the rollout is over',
}

/** The endpoints of a rollout's life. */
export function rolloutEndpoints(room: Room): Endpoint[] {
  return [
    startEndpoint(room),
    ...readEndpoints(room),
    ...ROLLOUT_ACTS.map((act) => actEndpoint(room, act)),
  ]
}

function startEndpoint({ outrider }: Room): Endpoint {
  return endpoint({
    method: 'post',
    path: '/rollouts',
    summary: 'Start a rollout on a configured target and router',
    body: rolloutBody,
    answers: {
      202: { description: 'It has begun; the document has its policy', schema: rolloutSchema },
      409: {
        description: 'The router or the target has a rollout, or the router does not read 0',
        schema: problemSchema,
      },
      502: { description: 'The router or an arm does not answer', schema: problemSchema },
    },
    async handle({ body, by }) {
      refuseUnknownTarget(outrider.config, body.target)
      refuseUnknownRouter(outrider.config, body.router)
      const document = await outrider.rollouts.start(body, by)
      return json(document, 202, { location: `/rollouts/${encodeURIComponent(document.id)}` })
    },
  })
}

function readEndpoints({ outrider }: Room): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/rollouts',
      summary: 'Rollouts, newest first',
      query: pageQuery,
      answers: { 200: { description: 'One page', schema: rolloutListSchema } },
      handle: ({ query }) => json(outrider.rollouts.list(pageOf(query))),
    }),
    endpoint({
      method: 'get',
      path: '/rollouts/:id',
      summary: 'A rollout: its state, its weight and why, its policy, its history',
      answers: { 200: { description: 'The rollout', schema: rolloutSchema }, 404: missing },
      handle: ({ id }) => json(knownRollout(outrider, id)),
    }),
  ]
}

function actEndpoint({ outrider }: Room, act: RolloutAct): Endpoint {
  return endpoint({
    method: 'post',
    path: `/rollouts/:id/${act}`,
    summary: SUMMARIES[act],
    body: wordBody,
    answers: {
      202: { description: 'The controller was told', schema: rolloutSchema },
      404: missing,
      409: { description: 'The state forbids it; nothing was changed', schema: problemSchema },
    },
    async handle({ id, body, by }) {
      const before = knownRollout(outrider, id)
      const isMeant = act === 'resume' || before.acts.includes(act)
      const isLeft = !before.controlled && before.endedAt === undefined
      // A word needs somebody who does it: an abort that only waits would leave users where they are.
      const taken = isLeft && isMeant ? await outrider.rollouts.resume(id) : undefined
      // One that crashed while it moved goes on by being taken over; only a paused one needs the word.
      if (act !== 'resume' || taken === undefined || taken.acts.includes('resume')) {
        const reason = body.reason === undefined ? {} : { reason: body.reason }
        await outrider.rollouts.tell(id, { act, by, ...reason })
      }
      return json(knownRollout(outrider, id), 202)
    },
  })
}
