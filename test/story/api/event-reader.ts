/** Reads server-sent events over a real connection. */

import { expect } from 'vitest'

export interface SentEvent {
  /** NaN for an event of the moment, which has none. */
  readonly id: number
  readonly event: string
  readonly data: Record<string, unknown>
}

/** Events of a stream until `isLast`, or until it ends. */
export async function readEvents(
  url: string,
  lastEventId: number | undefined,
  isLast: (event: SentEvent) => boolean,
): Promise<SentEvent[]> {
  const stopping = new AbortController()
  const headers = lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }
  const response = await fetch(url, { headers, signal: stopping.signal })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const events: SentEvent[] = []
  let rest = ''
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = eventOf(block)
      if (event === undefined) continue
      events.push(event)
      if (!isLast(event)) continue
      stopping.abort()
      return events
    }
  }
  return events
}

function eventOf(block: string): SentEvent | undefined {
  const fields = new Map(
    block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
  )
  const data = fields.get('data')
  if (data === undefined) return undefined
  return {
    id: Number(fields.get('id') ?? 'none'),
    event: fields.get('event') ?? '',
    data: JSON.parse(data) as Record<string, unknown>,
  }
}
