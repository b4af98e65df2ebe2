/** A probe that a server runs, with the face of one that runs here. */

import { randomUUID } from 'node:crypto'
import {
  runningProbeSchema,
  startedSchema,
  type ProbeBody,
  type ProbeEnd,
} from '../../core/contract/http.ts'
import type { Report } from '../../core/contract/report.ts'
import { OutriderError } from '../../core/errors.ts'
import type { ProbeEvent } from '../../outrider.ts'
import type { FollowedProbe } from '../progress/progress.ts'
import type { ServerAddress } from './address.ts'
import { createClient, type ApiClient } from './client.ts'
import { followProbe } from './probe-events.ts'
import { flagOfPointer } from './probe-body.ts'

const REASON = 'ended from the command line'

/**
 * Starts it there and follows it at once.
 * @throws OutriderError with the code of the server's problem document, or `server-unreachable` or
 *   `bad-answer`
 */
export async function startProbeAt(server: ServerAddress, body: ProbeBody): Promise<FollowedProbe> {
  const client = createClient(server)
  const { id } = await client.ask(
    {
      method: 'POST',
      path: '/probes',
      body,
      // So that a start whose answer got lost can be repeated without a second probe.
      headers: { 'idempotency-key': randomUUID() },
      locate: flagOfPointer,
    },
    startedSchema,
  )
  const path = `/probes/${encodeURIComponent(id)}`
  const { name, seed, addresses, plan } = await describe(client, path)
  const listeners = new Set<(event: ProbeEvent) => void>()
  const ended = Promise.withResolvers<Report>()
  // Whoever awaits it later must not be ended by it before.
  ended.promise.catch(() => {})
  const leaving = new AbortController()
  // Events come over the network, so the first one comes after the caller began to watch.
  const tell = (event: ProbeEvent): void => {
    for (const listener of listeners) listener(event)
  }
  followProbe(client, id, tell, leaving.signal)
    .catch((thrown: unknown) => {
      throw mayStillRun(thrown, `${client.url}${path}`)
    })
    .then(reportOf)
    .then(ended.resolve, ended.reject)
  return {
    id,
    name,
    seed,
    addresses,
    plan,
    done: ended.promise,
    watch(_afterSeq, listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop() {
      stopProbe(client, path).catch((thrown: unknown) => {
        ended.reject(thrown)
        leaving.abort()
      })
    },
  }
}

type Description = ReturnType<typeof runningProbeSchema.parse>

/** A probe that was started and cannot be shown is not left running. */
async function describe(client: ApiClient, path: string): Promise<Description> {
  try {
    return await client.ask({ method: 'GET', path }, runningProbeSchema)
  } catch (thrown) {
    await stopProbe(client, path).catch(() => {})
    throw thrown
  }
}

async function stopProbe(client: ApiClient, path: string): Promise<void> {
  try {
    const ask = { method: 'POST', path: `${path}/stop`, body: { reason: REASON } } as const
    await client.ask(ask, startedSchema)
  } catch (thrown) {
    // It was faster: its end is on the way.
    if (thrown instanceof OutriderError && thrown.code === 'probe-ended') return
    throw mayStillRun(thrown, `${client.url}${path}`)
  }
}

/** The same error, which also says where the probe is that nobody follows any more. */
function mayStillRun(thrown: unknown, address: string): unknown {
  if (!(thrown instanceof OutriderError)) return thrown
  const { message, code, mend } = thrown
  const there = `the probe may still run, and its report will be at ${address}`
  return new OutriderError(message, {
    code,
    mend: mend === undefined ? there : `${mend}; ${there}`,
    cause: thrown,
  })
}

function reportOf({ report, problem }: ProbeEnd): Report {
  if (report !== undefined) return report
  const { code, message } = problem ?? { code: 'run-failed', message: 'Cannot carry out the run' }
  throw new OutriderError(message, { code })
}
