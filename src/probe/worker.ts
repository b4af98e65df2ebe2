/**
 * The thread that carries a shard. A thread of its own even if there is only one: JSON, charts and
 * SQLite in the coordinator's thread would otherwise show up as latency (p99 20 ms against 4 ms
 * beside a busy main thread, in a measurement with 20 ms of work every 100 ms).
 */

import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '../core/invariant.ts'
import { systemClock } from '../generator/system-clock.ts'
import type { ToWorker, WorkerInput } from './shard/messages.ts'
import { Shard } from './shard/shard.ts'

const port = parentPort
invariant(port !== null, 'the worker of a run is started as a worker thread')
const shard = new Shard(workerData as WorkerInput, systemClock, (message) => {
  port.postMessage(message)
})
port.on('message', (message: ToWorker) => {
  shard.receive(message).catch((thrown: unknown) => shard.fail(thrown))
})
shard.start()
