/**
 * The thread that carries a shard. A thread of its own even if there is only one: JSON, charts and
 * SQLite in the coordinator's thread would otherwise show up as latency (p99 20 ms against 4 ms
 * beside a busy main thread, in a measurement with 20 ms of work every 100 ms).
 */

import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '../core/invariant.ts'
import { systemClock } from '../generator/system-clock.ts'
import type { FromShard, ToShard, WorkerInput } from './shard/messages.ts'
import { Shard } from './shard/shard.ts'

const port = parentPort
invariant(port !== null, 'the worker of a run is started as a worker thread')
const input = workerData as WorkerInput
const post = (message: FromShard): void => port.postMessage(message)
let shard: Shard | undefined

/** The clock of the run begins here, so several threads begin it at one word. */
function start(atMs: number): void {
  shard = new Shard(input, systemClock, post, atMs)
  shard.start()
}

port.on('message', (message: ToShard) => {
  if (message.kind === 'start') start(message.atMs)
  else shard?.receive(message).catch((thrown: unknown) => shard?.fail(thrown))
})
if (input.shard === undefined) start(systemClock.nowMs())
else post({ kind: 'ready' })
