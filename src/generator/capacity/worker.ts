/** The thread in which autocannon sends: it may use a core up without holding up anybody else. */

import { parentPort } from 'node:worker_threads'
import type { Arm } from '../../core/arm.ts'
import { messageOf } from '../../core/errors.ts'
import { invariant } from '../../core/invariant.ts'
import { startLevel, type RunningLevel } from './level.ts'
import type { FromCapacityWorker, ToCapacityWorker } from './messages.ts'
import type { CapacityTarget } from './target.ts'

const port = parentPort
invariant(port !== null, 'the worker of a capacity measurement is started as a worker thread')
const targets = new Map<Arm, CapacityTarget>()
const post = (message: FromCapacityWorker): void => port.postMessage(message)
let running: RunningLevel | undefined

async function run(message: Extract<ToCapacityWorker, { kind: 'level' }>): Promise<void> {
  const target = targets.get(message.arm)
  invariant(target !== undefined, `no target is known for the ${message.arm}`)
  running = startLevel(target, message.task)
  const counts = await running.done
  running = undefined
  post({ kind: 'counts', counts })
}

port.on('message', (message: ToCapacityWorker) => {
  if (message.kind === 'target') targets.set(message.target.arm, message.target)
  else if (message.kind === 'stop') running?.stop()
  else {
    run(message).catch((thrown: unknown) => post({ kind: 'failed', message: messageOf(thrown) }))
  }
})
