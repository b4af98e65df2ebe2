/** Processes of the demo: each says one thing when it is ready, and ends when its parent lets go. */

import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Child {
  readonly process: ChildProcess
  /** The first message it sent. */
  readonly ready: unknown
  /** Resolves when the process has ended; may be called twice. */
  stop(): Promise<void>
}

/** The process ended, or said nothing in time. */
export class ChildNotReadyError extends Error {
  override name = 'ChildNotReadyError'
}

const START_LIMIT_MS = 15_000
const STOP_LIMIT_MS = 5_000
const SHOWN_STDERR_CHARACTERS = 2_000

/**
 * Starts a module of this folder as a process of its own.
 * @param module its path from this folder, without ending
 * @throws ChildNotReadyError with what it wrote
 */
export async function startChild(module: string, args: readonly string[]): Promise<Child> {
  // A build keeps the folders and renames .ts to .js.
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const child = fork(fileURLToPath(new URL(`./${module}.${ending}`, import.meta.url)), [...args], {
    execPath: process.execPath,
    // node:sqlite warns that it may change; the reader of a demo can do nothing about it.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-SHOWN_STDERR_CHARACTERS)
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const stop = async (): Promise<void> => await stopChild(child, ended)
  try {
    return { process: child, ready: await firstMessage(child, ended), stop }
  } catch (error) {
    await stop()
    throw new ChildNotReadyError(`it ended or said nothing, ${stderr}`, { cause: error })
  }
}

async function firstMessage(child: ChildProcess, ended: Promise<void>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<unknown>((resolve, reject) => {
      child.once('message', resolve)
      void ended.then(() => reject(new Error('The process ended')))
      timer = setTimeout(() => reject(new Error('No message came')), START_LIMIT_MS)
    })
  } finally {
    clearTimeout(timer)
  }
}

async function stopChild(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.connected) child.disconnect()
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
  await ended
  clearTimeout(killer)
}
