/** The sign-in of the page: a token becomes a cookie that no script can read. */

import { problemSchema, sessionBody, sessionSchema } from '../../src/core/contract/http.ts'
import type { Access } from '../access/access.ts'
import { endpoint, json, type Endpoint } from '../endpoint.ts'

export function sessionEndpoints(access: Access): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/session',
      role: 'anyone',
      summary: 'Sign in on the page: the answer sets a cookie for 12 hours',
      body: sessionBody,
      answers: {
        200: { description: 'Who that token is', schema: sessionSchema },
        401: { description: 'No such token', schema: problemSchema },
        429: { description: 'Too many wrong tokens from this address', schema: problemSchema },
      },
      handle({ context, body }) {
        const { caller, cookie } = access.signIn(context, body.token)
        return json(caller, 200, { 'set-cookie': cookie })
      },
    }),
    endpoint({
      method: 'get',
      path: '/session',
      summary: 'Who asks',
      answers: {
        200: { description: 'Name and role', schema: sessionSchema },
        401: { description: 'Nobody this server knows', schema: problemSchema },
      },
      handle: ({ caller }) => json(caller),
    }),
    endpoint({
      method: 'delete',
      path: '/session',
      role: 'anyone',
      summary: 'Sign out',
      answers: { 204: { description: 'The cookie is worth nothing any more' } },
      handle: ({ context }) =>
        new Response(null, { status: 204, headers: { 'set-cookie': access.signOut(context) } }),
    }),
  ]
}
