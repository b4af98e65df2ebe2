/**
 * A part of a recording that stands for all of it: whole sessions, each as likely as any other. The
 * first requests would be those of one morning.
 */

import { createRandom } from '../../core/random.ts'
import { SESSION_GAP_MS, type ClientRequest } from './sessionise.ts'

/**
 * All requests where they are at most `most`, else those of sessions that are drawn until no more
 * fit, in their order; the same for the same requests and seed, whatever clients are called. Of one
 * session that is longer than `most` its beginning.
 */
export function sampleSessions<Request extends ClientRequest>(
  requests: readonly Request[],
  most: number,
  seed: number,
): readonly Request[] {
  if (requests.length <= most) return requests
  const { sessions, lengths } = numberSessions(requests)
  const random = createRandom(seed, 'sample')
  const lots = Float64Array.from(lengths, () => random.next())
  const drawn = [...lengths.keys()].toSorted((one, other) => (lots[one] ?? 0) - (lots[other] ?? 0))
  const isTaken = new Uint8Array(lengths.length)
  let taken = 0
  for (const session of drawn) {
    const length = lengths[session] ?? 0
    if (taken + length > most) continue
    isTaken[session] = 1
    taken += length
  }
  if (taken === 0) return requests.slice(0, most)
  return requests.filter((_, index) => isTaken[sessions[index] ?? 0] === 1)
}

/** Sessions by the order of their first requests; what comes late by less than the gap belongs to them. */
function numberSessions(requests: readonly ClientRequest[]): {
  readonly sessions: Uint32Array
  readonly lengths: number[]
} {
  const open = new Map<string, { number: number; lastMs: number }>()
  const lengths: number[] = []
  const sessions = Uint32Array.from(requests, ({ client, timeMs }) => {
    const known = open.get(client)
    const isNew = known === undefined || timeMs - known.lastMs > SESSION_GAP_MS
    const number = isNew ? lengths.length : known.number
    open.set(client, { number, lastMs: Math.max(timeMs, isNew ? timeMs : known.lastMs) })
    lengths[number] = (lengths[number] ?? 0) + 1
    return number
  })
  return { sessions, lengths }
}
