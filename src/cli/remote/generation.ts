/** A generation that a server runs, with the face of one that runs here. */

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { generationSchema, startedSchema, type GenerationBody } from '../../core/contract/http.ts'
import { OutriderError } from '../../core/errors.ts'
import type { Parsed } from '../../core/json-schema.ts'
import type { GenerationSummary } from '../../outrider.ts'
import type { ServerAddress } from './address.ts'
import { createClient, type ApiClient } from './client.ts'
import { generationFlagOf } from './generation-body.ts'

const EVERY_MS = 1_000
/** In a row; each is tried a few times by itself. */
const MOST_LOSSES = 8
const REASON = 'ended from the command line'

/** What the command line needs of one, wherever it runs. */
export interface FollowedGeneration {
  readonly id: string
  progress(): Pick<GenerationSummary, 'requests' | 'errors' | 'sessions' | 'seconds'>
  stop(): void
  readonly done: Promise<GenerationSummary & { readonly delivered: boolean }>
}

type Described = Parsed<typeof generationSchema>

/**
 * Starts it there and follows it.
 * @throws OutriderError with the code of the server's problem document, or `server-unreachable` or
 *   `bad-answer`
 */
export async function startGenerationAt(
  server: ServerAddress,
  body: GenerationBody,
): Promise<FollowedGeneration> {
  const client = createClient(server)
  const { id } = await client.ask(
    {
      method: 'POST',
      path: '/generations',
      body,
      // So that a start whose answer got lost can be repeated without a second one.
      headers: { 'idempotency-key': randomUUID() },
      locate: generationFlagOf,
    },
    startedSchema,
  )
  const path = `/generations/${encodeURIComponent(id)}`
  let latest: Pick<Described, 'requests' | 'errors' | 'sessions' | 'seconds'> = {
    requests: 0,
    errors: 0,
    sessions: 0,
    seconds: 0,
  }
  const leaving = new AbortController()
  const done = follow(client, path, leaving.signal, (described) => {
    latest = described
  }).catch((thrown: unknown) => {
    throw mayStillRun(leaving.signal.aborted ? leaving.signal.reason : thrown, client.url + path)
  })
  // Whoever awaits it later must not be ended by it before.
  done.catch(() => {})
  return {
    id,
    progress: () => latest,
    stop() {
      stopGeneration(client, path).catch((thrown: unknown) => leaving.abort(thrown))
    },
    done,
  }
}

async function follow(
  client: ApiClient,
  path: string,
  leaving: AbortSignal,
  tell: (described: Described) => void,
): Promise<GenerationSummary & { readonly delivered: boolean }> {
  for (let losses = 0; ;) {
    try {
      const described = await client.ask({ method: 'GET', path }, generationSchema)
      losses = 0
      tell(described)
      if (described.status !== 'running') return summaryOf(described)
    } catch (thrown) {
      losses += 1
      const isLost = thrown instanceof OutriderError && thrown.code === 'server-unreachable'
      if (!isLost || losses > MOST_LOSSES) throw thrown
    }
    await sleep(EVERY_MS, undefined, { signal: leaving })
  }
}

function summaryOf(described: Described): GenerationSummary & { readonly delivered: boolean } {
  const { status, problem, delivered = false, ...summary } = described
  if (status === 'done') return { ...summary, delivered }
  const message = problem?.message ?? 'Cannot carry out the generation'
  throw new OutriderError(message, { code: 'run-failed' })
}

async function stopGeneration(client: ApiClient, path: string): Promise<void> {
  try {
    const ask = { method: 'POST', path: `${path}/stop`, body: { reason: REASON } } as const
    await client.ask(ask, startedSchema)
  } catch (thrown) {
    // It was faster: its end is on the way.
    if (thrown instanceof OutriderError && thrown.code === 'generation-ended') return
    throw thrown
  }
}

/** The same error, which also says where the generation is that nobody follows any more. */
function mayStillRun(thrown: unknown, address: string): unknown {
  if (!(thrown instanceof OutriderError) || thrown.code === 'run-failed') return thrown
  const { message, code, mend } = thrown
  const there = `the generation may still run, and its figures are at ${address}`
  return new OutriderError(message, {
    code,
    mend: mend === undefined ? there : `${mend}; ${there}`,
    cause: thrown,
  })
}
