/**
 * Follows an event stream of a server to its end. A lost connection is taken up again after the last
 * event that was seen; how often in a row is limited, because what nobody can see is no result.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { OutriderError, TargetError } from '../../core/errors.ts'
import { textOf, type ApiClient, type Ask } from './client.ts'
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

export interface Stream<End> {
  /** `/probes/p1`; its events are below it. */
  readonly path: string
  /** The number of the last event that was told; 0 before the first. */
  seen(): number
  /**
   * Takes a message, which may have been told before; the end if this is it, undefined to go on.
   * @throws OutriderError for what is not of the contract
   */
  take(message: StreamMessage, ask: Ask): End | undefined
  /** For a stream that says "no more" without the end. */
  readEnd(): Promise<End | undefined>
}

/**
 * @param leaving ends it, with an error
 * @throws OutriderError if the stream cannot be followed any further
 */
export async function followStream<End>(
  client: ApiClient,
  stream: Stream<End>,
  leaving: AbortSignal,
): Promise<End> {
  let losses = 0
  const counted: Stream<End> = {
    ...stream,
    take(message, ask) {
      const before = stream.seen()
      const end = stream.take(message, ask)
      if (stream.seen() > before) losses = 0
      return end
    },
  }
  for (;;) {
    const begunMs = performance.now()
    try {
      const end = await followOnce(client, counted, leaving)
      if (end !== undefined) return end
    } catch (thrown) {
      if (!(thrown instanceof OutriderError) || !PASSING.has(thrown.code)) throw thrown
    }
    // One that lived on pings for so long is no failure of the same kind as one that never came.
    losses = performance.now() - begunMs > SILENCE_MS + FIRST_PAUSE_MS ? 1 : losses + 1
    if (losses > MOST_LOSSES) throw lost(client.url, stream.path)
    await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (losses - 1)), undefined, {
      signal: leaving,
    })
  }
}

/** The end; undefined if the connection was lost before. */
async function followOnce<End>(
  client: ApiClient,
  stream: Stream<End>,
  leaving: AbortSignal,
): Promise<End | undefined> {
  const seen = stream.seen()
  const ask: Ask = {
    method: 'GET',
    path: `${stream.path}/events`,
    headers: {
      accept: 'text/event-stream',
      ...(seen === 0 ? {} : { 'last-event-id': String(seen) }),
    },
  }
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), SILENCE_MS)
  try {
    const response = await client.open(ask, AbortSignal.any([silence.signal, leaving]))
    if (response.status === 204) return await stream.readEnd()
    const type = response.headers.get('content-type') ?? ''
    if (!type.includes('text/event-stream')) throw client.badAnswer(ask, 'it is no event stream')
    for await (const message of readMessages(withTimer(textOf(response), timer))) {
      const end = stream.take(message, ask)
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

function lost(url: string, path: string): OutriderError {
  return new TargetError(
    `Cannot follow ${url}${path}: the connection was lost ${MOST_LOSSES + 1} times in a row`,
    { code: 'server-unreachable' },
  )
}
