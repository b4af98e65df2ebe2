/**
 * Follows a probe of a server to its end. A lost connection is taken up again after the last event
 * that was seen; how often in a row is limited, because a probe that nobody can see is no result.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import {
  probeEndSchema,
  probeEventSchema,
  probeSchema,
  type ProbeEnd,
} from '../../core/contract/http.ts'
import { OutriderError, TargetError } from '../../core/errors.ts'
import type { ProbeEvent } from '../../outrider.ts'
import { parseJson, textOf, type ApiClient, type Ask } from './client.ts'
import { readMessages, type StreamMessage } from './event-stream.ts'

/** Three pings of the server, which sends one every 15 s. */
const SILENCE_MS = 45_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 8000
/** In a row, without one event between them: about 40 s. */
const MOST_LOSSES = 8

/** Refusals that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set([
  'server-unreachable',
  'too-many-requests',
  'too-many-streams',
  'too-busy',
  'not-ready',
])

/**
 * @param listener gets each event once, but for the end
 * @param leaving ends it, with an error
 * @throws OutriderError if the probe cannot be followed any further
 */
export async function followProbe(
  client: ApiClient,
  id: string,
  listener: (event: ProbeEvent) => void,
  leaving: AbortSignal,
): Promise<ProbeEnd> {
  const path = `/probes/${encodeURIComponent(id)}`
  let seen = 0
  let losses = 0
  const receive = (event: ProbeEvent): void => {
    if (event.seq <= seen) return
    seen = event.seq
    losses = 0
    listener(event)
  }
  for (;;) {
    try {
      const end = await followOnce({ client, path, seen, receive, leaving })
      if (end !== undefined) return end
    } catch (thrown) {
      if (!(thrown instanceof OutriderError) || !PASSING.has(thrown.code)) throw thrown
    }
    losses += 1
    if (losses > MOST_LOSSES) throw lost(client.url, path)
    await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (losses - 1)), undefined, {
      signal: leaving,
    })
  }
}

interface Following {
  readonly client: ApiClient
  readonly path: string
  /** The last event that was told; 0 before the first. */
  readonly seen: number
  readonly receive: (event: ProbeEvent) => void
  readonly leaving: AbortSignal
}

/** The end; undefined if the connection was lost before. */
async function followOnce(following: Following): Promise<ProbeEnd | undefined> {
  const { client, path, seen, receive, leaving } = following
  const ask: Ask = {
    method: 'GET',
    path: `${path}/events`,
    headers: {
      accept: 'text/event-stream',
      ...(seen === 0 ? {} : { 'last-event-id': String(seen) }),
    },
  }
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), SILENCE_MS)
  try {
    const response = await client.open(ask, AbortSignal.any([silence.signal, leaving]))
    if (response.status === 204) return await readEnd(client, path)
    const type = response.headers.get('content-type') ?? ''
    if (!type.includes('text/event-stream')) throw client.badAnswer(ask, 'it is no event stream')
    for await (const message of readMessages(withTimer(textOf(response), timer))) {
      const end = takeMessage(client, ask, message, receive)
      if (end !== undefined) return end
    }
    return undefined
  } catch (thrown) {
    throw thrown instanceof OutriderError ? thrown : client.unreachable(thrown)
  } finally {
    clearTimeout(timer)
    silence.abort()
  }
}

async function* withTimer(
  parts: AsyncIterable<string>,
  timer: NodeJS.Timeout,
): AsyncGenerator<string> {
  for await (const part of parts) {
    timer.refresh()
    yield part
  }
}

/** The end, if this is it. Names that this version does not know are passed over. */
function takeMessage(
  client: ApiClient,
  ask: Ask,
  message: StreamMessage,
  receive: (event: ProbeEvent) => void,
): ProbeEnd | undefined {
  const { name, data } = message
  if (name === 'end') {
    const end = probeEndSchema.safeParse(parseJson(data))
    if (end.success) return end.data
    throw client.badAnswer(ask, 'its end has another form')
  }
  if (name !== 'state' && name !== 'block' && name !== 'finding') return undefined
  const event = probeEventSchema.safeParse(parseJson(data))
  if (!event.success) throw client.badAnswer(ask, `its event "${name}" has another form`)
  receive(event.data)
  return undefined
}

/** For a stream that says "no more" without the end. */
async function readEnd(client: ApiClient, path: string): Promise<ProbeEnd | undefined> {
  const probe = await client.ask({ method: 'GET', path }, probeSchema)
  const end = probeEndSchema.safeParse(probe)
  return end.success ? end.data : undefined
}

function lost(url: string, path: string): OutriderError {
  return new TargetError(
    `Cannot follow ${url}${path}: the connection was lost ${MOST_LOSSES + 1} times in a row`,
    { code: 'server-unreachable' },
  )
}
