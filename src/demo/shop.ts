/** Starts and stops instances of the sample shop, each a real process on a loopback port. */

import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { TargetError } from '../core/errors.ts'
import type { ShopVersion } from './catalogue.ts'

export interface Shop {
  readonly version: ShopVersion
  readonly url: string
  /** Resolves when the process has ended; may be called twice. */
  stop(): Promise<void>
}

const START_LIMIT_MS = 15_000
const STOP_LIMIT_MS = 5_000
const SHOWN_STDERR_CHARACTERS = 2_000

/** @throws TargetError with code `shop-did-not-start` */
export async function startShop(version: ShopVersion): Promise<Shop> {
  // A build keeps the folders and renames .ts to .js.
  const entry = import.meta.url.endsWith('.ts') ? './shop-process.ts' : './shop-process.js'
  const child = fork(fileURLToPath(new URL(entry, import.meta.url)), [version], {
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
    const port = await portOf(child, ended)
    return { version, url: `http://127.0.0.1:${port}`, stop }
  } catch (error) {
    await stop()
    throw new TargetError(`Cannot start shop ${version}: it ended or said nothing, ${stderr}`, {
      code: 'shop-did-not-start',
      mend: 'see what it wrote above',
      cause: error,
    })
  }
}

async function portOf(child: ChildProcess, ended: Promise<void>): Promise<number> {
  const limit = new AbortController()
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => {
        const port: unknown =
          typeof message === 'object' && message !== null ? Reflect.get(message, 'port') : undefined
        if (typeof port === 'number') resolve(port)
        else reject(new TypeError('The first message has no port'))
      })
      void ended.then(() => reject(new Error('The process ended')))
      const timer = setTimeout(() => reject(new Error('No message came')), START_LIMIT_MS)
      limit.signal.addEventListener('abort', () => clearTimeout(timer))
    })
  } finally {
    limit.abort()
  }
}

async function stopChild(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.connected) child.disconnect()
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
  await ended
  clearTimeout(killer)
}
