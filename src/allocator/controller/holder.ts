/** Who controls a rollout: names of holders, and whether one of them is gone. */

import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'

/** Those of this process that were given out: `host:pid:token`. */
const ownHolders = new Set<string>()

/** `host:pid:token`, new each time. */
export function nameHolder(): string {
  const name = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`
  ownHolders.add(name)
  return name
}

/**
 * A holder on this machine whose process is gone. One with our own pid that was never given out here
 * was an earlier process: in containers each has the pid 1.
 */
export function isDead(holder: string): boolean {
  const match = /^(.*):(\d+):\w+$/.exec(holder)
  if (match === null || match[1] !== hostname()) return false
  const pid = Number(match[2])
  return pid === process.pid ? !ownHolders.has(holder) : !isAlive(pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return thrown instanceof Error && Reflect.get(thrown, 'code') === 'EPERM'
  }
}
