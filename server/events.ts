/**
 * Event streams (server-sent events). An event's id is its `seq`, so a client that lost the
 * connection names the last one it saw and gets the rest; where that is no longer known it is told
 * `reset`, and reads the state anew. A client that does not read is cut off, and may resume.
 */

import type { RolloutDocument } from '../src/core/contract/rollout.ts'
import type { Rollouts, RunningProbe } from '../src/outrider.ts'

export type ProbeEvent = Parameters<Parameters<RunningProbe['watch']>[1]>[0]

const PING_MS = 15_000
/** Bytes that may wait for a slow client; the whole past of a probe with many actions fits. */
const WAITING_BYTES = 32 * 1024 * 1024

export interface StreamOptions {
  /** The last `seq` the client saw; undefined = everything that is still known. */
  readonly after: number | undefined
  /** Ends the stream: the server stops. */
  readonly stopping: AbortSignal
  /** Called once when the stream is over, however it ended. */
  readonly left: () => void
  readonly pingMs?: number
}

/** `Last-Event-ID` as a number; NaN for one that is not ours, which counts as too old. */
export function lastEventId(header: string | undefined): number | undefined {
  if (header === undefined || header === '') return undefined
  return /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN
}

/** The stream of a probe of this process; it ends after the `end` event. */
export function streamProbe(probe: RunningProbe, options: StreamOptions): Response {
  return stream(options, (send, finish) => {
    const oldest = probe.oldestSeq()
    let after = options.after ?? 0
    if (options.after !== undefined && !(options.after + 1 >= oldest)) {
      send({ name: 'reset', data: { reason: 'too-old', oldestSeq: oldest } })
      after = 0
    }
    return probe.watch(after, (event) => {
      if (event.seq <= after) return
      after = event.seq
      send({ name: event.kind, id: event.seq, data: event })
      if (event.kind === 'end') finish()
    })
  })
}

/** What is kept of a rollout: the lines after which one may resume. */
export interface KeptSpan {
  readonly oldestSeq: number
  readonly newestSeq: number
  /** Undefined while it goes on; what was noted after the end is no event of its stream. */
  readonly endSeq: number | undefined
}

/** The history has lines that are no events, and the events one, the end, that is no history. */
export function keptSpan(rollouts: Rollouts, { id, history }: RolloutDocument): KeptSpan {
  let oldestSeq = history[0]?.seq ?? Infinity
  let newestSeq = history.at(-1)?.seq ?? 0
  let endSeq: number | undefined
  let seen = 0
  let before: number
  // A long journal is told in parts.
  do {
    before = seen
    const leave = rollouts.watch(id, seen, (event) => {
      if (!('seq' in event)) return
      seen = event.seq
      oldestSeq = Math.min(oldestSeq, seen)
      newestSeq = Math.max(newestSeq, seen)
      if (event.kind === 'end') endSeq = seen
    })
    leave()
  } while (seen > before)
  return { oldestSeq: Math.min(oldestSeq, newestSeq), newestSeq, endSeq }
}

/**
 * The stream of a rollout, whichever process controls it; it ends after the `end` event. Events of
 * the moment have no id, so nobody resumes after them, and the next one replaces them.
 * @param span of the kept events, where the client resumes
 */
export function streamRollout(
  rollouts: Rollouts,
  id: string,
  span: KeptSpan | undefined,
  options: StreamOptions,
): Response {
  return stream(options, (send, finish) => {
    let after = options.after ?? 0
    if (span !== undefined && !(after >= span.oldestSeq && after <= span.newestSeq)) {
      const { oldestSeq, newestSeq } = span
      const reason = after > newestSeq ? 'ahead' : after < oldestSeq ? 'too-old' : 'unknown'
      send({ name: 'reset', data: { reason, oldestSeq, newestSeq } })
      after = 0
    }
    return rollouts.watch(id, after, (event) => {
      if (!('seq' in event)) {
        send({ name: event.kind, data: event })
        return
      }
      if (event.seq <= after) return
      after = event.seq
      send({ name: event.kind, id: event.seq, data: event })
      if (event.kind === 'end') finish()
    })
  })
}

/** For a probe that only the database knows: its end, and nothing else. */
export function streamEnd(end: unknown, options: StreamOptions): Response {
  return stream(options, (send, finish) => {
    if (options.after !== undefined) send({ name: 'reset', data: { reason: 'too-old' } })
    send({ name: 'end', data: end })
    finish()
    return () => {}
  })
}

interface Message {
  readonly name: string
  readonly id?: number
  readonly data: unknown
}

type Source = (send: (message: Message) => void, finish: () => void) => () => void

function stream(options: StreamOptions, open: Source): Response {
  const encoder = new TextEncoder()
  let close: (() => void) | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let isOpen = true
        let unwatch: (() => void) | undefined
        const ping = setInterval(() => write(': ping\n\n'), options.pingMs ?? PING_MS)
        const stop = (): void => {
          write(format({ name: 'reset', data: { reason: 'server-stopping' } }))
          finish()
        }
        close = () => {
          if (!isOpen) return
          isOpen = false
          clearInterval(ping)
          options.stopping.removeEventListener('abort', stop)
          unwatch?.()
          options.left()
        }
        function finish(): void {
          if (!isOpen) return
          close?.()
          controller.close()
        }
        function write(text: string): void {
          if (!isOpen) return
          if ((controller.desiredSize ?? 0) <= 0) {
            close?.()
            controller.error(new Error('The client reads too slowly'))
            return
          }
          controller.enqueue(encoder.encode(text))
        }
        // The first bytes open the stream at once, and say how soon to come back.
        write('retry: 2000\n\n')
        unwatch = open((message) => write(format(message)), finish)
        if (!isOpen) unwatch()
        else if (options.stopping.aborted) stop()
        else options.stopping.addEventListener('abort', stop)
      },
      cancel() {
        close?.()
      },
    },
    { highWaterMark: WAITING_BYTES, size: (chunk) => chunk.byteLength },
  )
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

function format(message: Message): string {
  const id = message.id === undefined ? '' : `id: ${message.id}\n`
  return `${id}event: ${message.name}\ndata: ${JSON.stringify(message.data)}\n\n`
}
