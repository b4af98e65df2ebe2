/** Follows a probe of a server to its end; each event is told once. */

import {
  probeEndSchema,
  probeEventSchema,
  probeSchema,
  type ProbeEnd,
} from '../../core/contract/http.ts'
import type { ProbeEvent } from '../../outrider.ts'
import { parseJson, type ApiClient, type Ask } from './client.ts'
import type { StreamMessage } from './event-stream.ts'
import { followStream } from './follow.ts'

/**
 * @param listener gets each event once, but for the end
 * @param leaving ends it, with an error
 * @throws OutriderError if the probe cannot be followed any further
 */
export function followProbe(
  client: ApiClient,
  id: string,
  listener: (event: ProbeEvent) => void,
  leaving: AbortSignal,
): Promise<ProbeEnd> {
  const path = `/probes/${encodeURIComponent(id)}`
  let seen = 0
  const receive = (event: ProbeEvent): void => {
    if (event.seq <= seen) return
    seen = event.seq
    listener(event)
  }
  return followStream(
    client,
    {
      path,
      seen: () => seen,
      take: (message, ask) => takeMessage(client, ask, message, receive),
      readEnd: () => readEnd(client, path),
    },
    leaving,
  )
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

async function readEnd(client: ApiClient, path: string): Promise<ProbeEnd | undefined> {
  const probe = await client.ask({ method: 'GET', path }, probeSchema)
  const end = probeEndSchema.safeParse(probe)
  return end.success ? end.data : undefined
}
