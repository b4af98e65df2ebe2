/** Which core runs what: the server the first one, the generator the second, where there are two. */

import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'

const TASKSET = ['/usr/bin/taskset', '/bin/taskset'].find((file) => existsSync(file))

export const CORES = availableParallelism()
const canPin = TASKSET !== undefined && CORES >= 2

/** The command, kept to the cores of its role. */
export function pinned(role: 'server' | 'generator', command: readonly string[]): string[] {
  if (!canPin || TASKSET === undefined) return [...command]
  // Two workers of a generator have two cores where the server has one of its own beside.
  const generator = CORES >= 4 ? '1,2' : '1'
  return [TASKSET, '-c', role === 'server' ? '0' : generator, ...command]
}

export function describeCores(): string {
  return canPin
    ? `${CORES} cores: server on core 0, generator on core ${CORES >= 4 ? '1 and 2' : '1'}`
    : `${CORES} cores, nothing pinned${TASKSET === undefined ? ' (no taskset)' : ''}`
}
