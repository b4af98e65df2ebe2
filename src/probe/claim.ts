/**
 * One run per target at a time, over all processes of this machine: a run claims each arm's address
 * by a file that names its process. A claim whose process is gone is taken over.
 */

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { originOf } from '../core/contract/target.ts'
import { CapacityError } from '../core/errors.ts'

export interface Claim {
  release(): void
}

/**
 * @param urls addresses of the arms as they were written; a unix socket counts by its path
 * @throws CapacityError with code `target-busy` if another run holds one of them
 */
export function claimTargets(urls: readonly string[]): Claim {
  const held: string[] = []
  const release = (): void => {
    for (const file of held.splice(0)) {
      if (holderOf(file) === process.pid) rmSync(file, { force: true })
    }
  }
  try {
    for (const url of new Set(urls.map(originOf))) held.push(claim(url))
  } catch (thrown) {
    release()
    throw thrown
  }
  return { release }
}

function claim(origin: string): string {
  const folder = join(tmpdir(), `outrider-claims-${userInfo().uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, createHash('sha256').update(origin).digest('hex').slice(0, 32))
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      return file
    } catch (thrown) {
      if (!(thrown instanceof Error && Reflect.get(thrown, 'code') === 'EEXIST')) throw thrown
    }
    const holder = holderOf(file)
    if (holder !== undefined && isAlive(holder)) {
      throw new CapacityError(
        `Cannot start the run: ${origin} is already probed by process ${holder}`,
        { code: 'target-busy', where: origin, mend: 'wait for that run, or stop it' },
      )
    }
    rmSync(file, { force: true })
  }
  throw new CapacityError(`Cannot start the run: the claim on ${origin} could not be taken`, {
    code: 'target-busy',
    where: origin,
    mend: `remove ${file} if no run is going on`,
  })
}

function holderOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return thrown instanceof Error && Reflect.get(thrown, 'code') === 'EPERM'
  }
}
