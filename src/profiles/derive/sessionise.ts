/** Sessions: the requests of one client, cut where it was quiet for a while. */

/** The usual cut of web usage mining (Catledge and Pitkow 1995 measured 25.5 minutes). */
export const SESSION_GAP_MS = 30 * 60_000

export interface ClientRequest {
  /** The same for all requests of one client. */
  readonly client: string
  readonly timeMs: number
}

/**
 * The sessions, each in order of time; a server logs a request when it ends, so lines are not.
 * Requests of one moment stay in their order.
 */
export function sessionise<Request extends ClientRequest>(
  requests: readonly Request[],
  gapMs = SESSION_GAP_MS,
): Request[][] {
  const byClient = Map.groupBy(requests, ({ client }) => client)
  return [...byClient.values()].flatMap((own) => cut(own, gapMs))
}

function cut<Request extends ClientRequest>(requests: Request[], gapMs: number): Request[][] {
  const sorted = requests.toSorted((left, right) => left.timeMs - right.timeMs)
  const sessions: Request[][] = []
  let previousMs = -Infinity
  for (const request of sorted) {
    if (request.timeMs - previousMs > gapMs) sessions.push([])
    sessions.at(-1)?.push(request)
    previousMs = request.timeMs
  }
  return sessions
}
