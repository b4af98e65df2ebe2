/**
 * The thread that keeps a recording safe: it makes of what has passed what would be written at the
 * end, anonymous already, and keeps that in a file. What passes meanwhile does not wait for it.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { UsageError, messageOf } from '../../../core/errors.ts'
import type { LoggedRequest } from '../../derive/read/request.ts'
import { outcomeOf, profilesText, type OutcomeOptions } from '../outcome.ts'
import { writeUnfinished } from './file.ts'

export interface KeepingInput {
  readonly file: string
  readonly options: OutcomeOptions
  /** Between two writings, at least. */
  readonly everyMs: number
}

/** So many times what the last writing took is waited: it costs at most a twentieth of one core. */
const REST = 20

const { file, options, everyMs }: KeepingInput = workerData
const requests: LoggedRequest[] = []
let restMs = everyMs
let isWaiting = false

parentPort?.on('message', (passed: readonly LoggedRequest[]) => {
  for (const request of passed) requests.push(request)
  if (isWaiting) return
  isWaiting = true
  setTimeout(() => void keep(), restMs)
})

async function keep(): Promise<void> {
  isWaiting = false
  const startedMs = performance.now()
  try {
    // They come in the order of their ends.
    const asked = requests.toSorted((one, other) => one.timeMs - other.timeMs)
    const outcome = await outcomeOf(asked, options)
    await writeUnfinished(file, {
      at: new Date().toISOString(),
      requests: asked.length,
      actions: outcome.actionCount,
      users: outcome.profiles.length,
      yaml: outcome.yaml,
      ndjson: profilesText(outcome.profiles),
    })
  } catch (error) {
    // Of too few people nothing may be written, at the end neither.
    if (!(error instanceof UsageError)) parentPort?.postMessage(messageOf(error))
  }
  restMs = Math.max(everyMs, REST * (performance.now() - startedMs))
}
