/** Profiles over HTTP: find, draw, stream, read, write. */

import { criteriaSchema } from '../../src/core/contract/criteria.ts'
import {
  findQuery,
  insertedSchema,
  manySchema,
  pageSchema,
  problemSchema,
  profileSchema,
} from '../../src/core/contract/http.ts'
import { profileInputSchema, type Profile } from '../../src/core/contract/profile.ts'
import { jsonPointer } from '../../src/core/parse.ts'
import { UsageError } from '../../src/core/errors.ts'
import {
  criteriaOfQuery,
  parseProfiles,
  toProfile,
  type MeasuredCosts,
} from '../../src/outrider.ts'
import { endpoint, json, notFound, parseJson, type Endpoint } from '../endpoint.ts'
import type { Room } from './room.ts'

const NDJSON = 'application/x-ndjson'
const STREAMED_AT_ONCE = 64

const missing = { description: 'No such profile', schema: problemSchema }

export function profileEndpoints(room: Room): Endpoint[] {
  return [findEndpoint(room), insertEndpoint(room), ...oneEndpoints(room)]
}

function findEndpoint({ outrider }: Room): Endpoint {
  return endpoint({
    method: 'get',
    path: '/profiles',
    summary: 'Profiles that meet the criteria: a page, a draw, or a stream (Accept: NDJSON)',
    query: findQuery,
    freeQuery: criteriaSchema,
    answers: {
      200: { description: 'A page; with Accept application/x-ndjson a stream', schema: pageSchema },
      400: { description: 'Unknown criterion or wrong value', schema: problemSchema },
    },
    handle({ context, query }) {
      const criteria = criteriaOfQuery(new URL(context.req.url).searchParams)
      const { limit, cursor, draw, seed } = query
      if (draw === undefined && seed !== undefined) throw onlyWithDraw('seed', '"draw"')
      if (draw !== undefined && (cursor ?? limit) !== undefined) {
        throw onlyWithDraw(cursor === undefined ? 'limit' : 'cursor', 'no "draw"')
      }
      const asNdjson = (context.req.header('accept') ?? '').includes(NDJSON)
      if (draw !== undefined) {
        const profiles = outrider.profiles.draw(criteria, draw, seed ?? 1)
        return asNdjson ? streamLines(profiles, draw) : json({ profiles })
      }
      if (asNdjson && cursor === undefined) {
        return streamLines(outrider.profiles.stream(criteria), limit ?? Infinity)
      }
      const page = { limit: limit ?? 100, ...(cursor === undefined ? {} : { cursor }) }
      const found = outrider.profiles.page(criteria, page)
      return asNdjson ? streamLines(found.profiles, page.limit) : json(found)
    },
  })
}

function insertEndpoint({ outrider }: Room): Endpoint {
  return endpoint({
    method: 'post',
    path: '/profiles',
    summary: 'Insert one profile, an array, or NDJSON: all or nothing',
    body: manySchema,
    ndjson: true,
    rawBody: true,
    maxBodyBytes: 'profiles',
    answers: {
      201: { description: 'How many were inserted', schema: insertedSchema },
      400: { description: 'A line is wrong; it is named', schema: problemSchema },
      409: { description: 'A user_id is there already', schema: problemSchema },
    },
    handle({ context, bytes }) {
      const type = context.req.header('content-type') ?? ''
      const text = bytes.toString('utf8')
      const measured = outrider.profiles.measuredCosts()
      const profiles = type.toLowerCase().includes(NDJSON)
        ? parseProfiles(text, 'body', undefined, measured)
        : profilesOf(parseJson(text, 'body'), measured)
      if (profiles.length === 0) {
        throw new UsageError('Cannot insert profiles: the body has none', {
          code: 'no-profiles',
          where: 'body',
          mend: 'send at least one',
        })
      }
      return json({ inserted: outrider.profiles.insert(profiles) }, 201)
    },
  })
}

function oneEndpoints({ outrider }: Room): Endpoint[] {
  const path = '/profiles/:id'
  const mend = 'GET /profiles finds those that are there'
  return [
    endpoint({
      method: 'get',
      path,
      summary: 'One profile',
      answers: { 200: { description: 'The profile', schema: profileSchema }, 404: missing },
      handle({ id }) {
        const profile = outrider.profiles.get(id)
        if (profile === undefined) throw notFound('profile', id, mend)
        return json(profile)
      },
    }),
    endpoint({
      method: 'put',
      path,
      summary: 'Write one profile, new or instead of the one that is there',
      body: profileInputSchema,
      rawBody: true,
      answers: { 200: { description: 'The profile as it is kept', schema: profileSchema } },
      handle({ id, bytes }) {
        const measured = outrider.profiles.measuredCosts()
        const profile = oneOf(parseJson(bytes.toString('utf8'), 'body'), '', measured)
        if (profile.user_id !== id) {
          throw new UsageError(`Cannot write profile: its user_id is not "${id.slice(0, 200)}"`, {
            code: 'bad-profile',
            where: '/user_id',
            mend: 'give the same id in the path and in the body',
          })
        }
        outrider.profiles.put(profile)
        return json(profile)
      },
    }),
    endpoint({
      method: 'delete',
      path,
      role: 'admin',
      summary: 'Remove one profile',
      answers: { 204: { description: 'It is gone' }, 404: missing },
      handle({ id }) {
        if (!outrider.profiles.delete(id)) throw notFound('profile', id, mend)
        return new Response(null, { status: 204 })
      },
    }),
  ]
}

function profilesOf(value: unknown, measured: MeasuredCosts): Profile[] {
  if (!Array.isArray(value)) return [oneOf(value, '', measured)]
  return value.map((item: unknown, index) => oneOf(item, `/${index}`, measured))
}

function oneOf(value: unknown, pointer: string, measured: MeasuredCosts): Profile {
  const locate = (path: readonly PropertyKey[]): string => `${pointer}${jsonPointer(path)}`
  return toProfile(value, { what: 'profile', code: 'bad-profile', locate }, undefined, measured)
}

function onlyWithDraw(name: string, other: string): UsageError {
  return new UsageError(`Cannot read query: "${name}" needs ${other}`, {
    code: 'bad-query',
    where: `/${name}`,
    mend: 'a draw takes draw and seed, a page limit and cursor',
  })
}

/** Lines as the client reads them, so that a million profiles need no memory. */
function streamLines(profiles: Iterable<Profile>, count: number): Response {
  const iterator = profiles[Symbol.iterator]()
  const encoder = new TextEncoder()
  let left = count
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const lines: string[] = []
      while (lines.length < STREAMED_AT_ONCE && left > 0) {
        const next = iterator.next()
        if (next.done === true) left = 0
        else {
          lines.push(`${JSON.stringify(next.value)}\n`)
          left -= 1
        }
      }
      if (lines.length > 0) controller.enqueue(encoder.encode(lines.join('')))
      if (left <= 0) {
        iterator.return?.()
        controller.close()
      }
    },
    cancel() {
      iterator.return?.()
    },
  })
  return new Response(body, { headers: { 'content-type': NDJSON } })
}
