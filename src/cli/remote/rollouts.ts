/** The rollouts of a server: what is asked of it, and its events. */

import { randomUUID } from 'node:crypto'
import {
  rolloutEventSchema,
  rolloutListSchema,
  rolloutSchema,
  type RolloutAct,
  type RolloutBody,
  type RolloutDocument,
  type RolloutEvent,
} from '../../core/contract/rollout.ts'
import { anyValue, type Parsed } from '../../core/json-schema.ts'
import { parseJson, type ApiClient, type Ask } from './client.ts'
import type { StreamMessage } from './event-stream.ts'
import { followStream, type Stream } from './follow.ts'

export type RolloutList = Parsed<typeof rolloutListSchema>

/**
 * Its id.
 * @param locate where a value of the body came from, for errors
 * @throws OutriderError as the client does
 */
export async function startRolloutAt(
  client: ApiClient,
  body: RolloutBody,
  locate: (pointer: string) => string,
): Promise<string> {
  // With the key a start whose answer got lost can be repeated without a second rollout.
  const headers = { 'idempotency-key': randomUUID() }
  const ask = { method: 'POST', path: '/rollouts', body, headers, locate } as const
  const answer = await client.ask(ask, anyValue)
  const id: unknown =
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'id') : undefined
  if (typeof id === 'string' && /^[\w.-]{1,100}$/.test(id)) return id
  throw client.badAnswer(ask, '"id" has another form')
}

export function readRolloutAt(client: ApiClient, id: string): Promise<RolloutDocument> {
  return client.ask({ method: 'GET', path: pathOf(id) }, rolloutSchema)
}

export function listRolloutsAt(client: ApiClient, limit: number): Promise<RolloutList> {
  return client.ask({ method: 'GET', path: `/rollouts?limit=${limit}` }, rolloutListSchema)
}

/** @throws OutriderError as the client does; ConflictError `act-refused` */
export async function tellRolloutAt(
  client: ApiClient,
  id: string,
  act: RolloutAct,
  reason: string | undefined,
): Promise<void> {
  const body = reason === undefined ? {} : { reason }
  const headers = { 'idempotency-key': randomUUID() }
  await client.ask({ method: 'POST', path: `${pathOf(id)}/${act}`, body, headers }, anyValue)
}

/**
 * Follows it to its end, and gives the last document.
 * @param after the last event that is known already
 * @param leaving ends it, with an error
 * @throws OutriderError if it cannot be followed any further
 */
export function followRolloutAt(
  client: ApiClient,
  { id, after }: { readonly id: string; readonly after: number },
  listener: (event: RolloutEvent) => void,
  leaving: AbortSignal,
): Promise<RolloutDocument> {
  let seen = after
  const receive = (event: RolloutEvent): boolean => {
    if ('seq' in event) {
      if (event.seq <= seen) return false
      seen = event.seq
    }
    listener(event)
    return event.kind === 'end'
  }
  const stream: Stream<true> = {
    path: pathOf(id),
    seen: () => seen,
    take: (message, ask) => takeMessage(client, ask, message, receive) || undefined,
    async readEnd() {
      const { endedAt } = await readRolloutAt(client, id)
      return endedAt !== undefined || undefined
    },
  }
  return followStream(client, stream, leaving).then(() => readRolloutAt(client, id))
}

const NAMES: ReadonlySet<string> = new Set(
  rolloutEventSchema.options.map(({ shape }) => shape.kind.value),
)

/** Whether this is the end. Names that this version does not know are passed over. */
function takeMessage(
  client: ApiClient,
  ask: Ask,
  { name, data }: StreamMessage,
  receive: (event: RolloutEvent) => boolean,
): boolean {
  if (!NAMES.has(name)) return false
  const event = rolloutEventSchema.safeParse(parseJson(data))
  if (!event.success) throw client.badAnswer(ask, `its event "${name}" has another form`)
  return receive(event.data)
}

function pathOf(id: string): string {
  return `/rollouts/${encodeURIComponent(id)}`
}
