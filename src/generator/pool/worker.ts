/**
 * The thread that carries a player. A thread of its own even if there is only one: whatever the
 * thread that shows and writes does would otherwise be measured as latency.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '../../core/invariant.ts'
import { systemClock } from '../system-clock.ts'
import type { PlayerInput, ToPlayer } from './messages.ts'
import { Player } from './player.ts'

const port = parentPort
invariant(port !== null, 'the worker of a generation is started as a worker thread')
const player = new Player(workerData as PlayerInput, systemClock, (message) => {
  port.postMessage(message)
})
port.on('message', (message: ToPlayer) => player.receive(message))
port.postMessage({ kind: 'ready' })
