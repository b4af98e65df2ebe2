/** Real child processes, awaited by what they print and how they end, never by time alone. */

import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The project's own folder. */
export const PROJECT = fileURLToPath(new URL('../../', import.meta.url))

export interface Ended {
  /** Undefined if a signal ended it. */
  readonly code: number | undefined
  readonly signal: string | undefined
  readonly stdout: string
  readonly stderr: string
}

export interface Program {
  readonly pid: number
  /** What it printed so far. */
  stdout(): string
  stderr(): string
  /** Resolves with the match once stdout or stderr has it; rejects if it ends or the limit passes. */
  saw(pattern: RegExp, limitMs?: number): Promise<RegExpMatchArray>
  isRunning(): boolean
  signal(name: NodeJS.Signals): void
  /** Resolves when it has ended and everything it printed was read. */
  readonly ended: Promise<Ended>
  /** SIGTERM, then SIGKILL after 5 s; resolves when it has ended. */
  stop(): Promise<void>
}

export interface StartOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Written to its stdin, which is then closed. */
  readonly input?: string
}

const STOP_GRACE_MS = 5_000

/** Starts `file` (no shell) in the project's folder. */
export function startProgram(
  file: string,
  args: readonly string[],
  options: StartOptions = {},
): Program {
  const child = spawn(file, [...args], {
    cwd: options.cwd ?? PROJECT,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const printed = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text
      for (const listener of listeners) listener()
    })
  }
  const ended = endOf(child, printed)
  return {
    pid: child.pid ?? -1,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    saw: (pattern, limitMs = 20_000) => sightOf(pattern, limitMs, printed, listeners, ended),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    signal: (name) => void child.kill(name),
    ended,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const killer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS)
      await ended.catch(() => undefined)
      clearTimeout(killer)
    },
  }
}

/** Runs `file` to its end. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Ended> {
  return await startProgram(file, args, options).ended
}

/** The command line as people start it: the bin of this checkout under this Node. */
export function startOutrider(args: readonly string[], options: StartOptions = {}): Program {
  return startProgram(process.execPath, [`${PROJECT}bin/outrider.mjs`, ...args], {
    ...options,
    env: { NO_COLOR: '1', ...options.env },
  })
}

export async function runOutrider(
  args: readonly string[],
  options: StartOptions = {},
): Promise<Ended> {
  return await startOutrider(args, options).ended
}

function endOf(
  child: ChildProcess,
  printed: { readonly stdout: string; readonly stderr: string },
): Promise<Ended> {
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      resolve({ ...printed, code: code ?? undefined, signal: signal ?? undefined })
    })
  })
  // Whoever does not look at the end must not be ended by it.
  ended.catch(() => undefined)
  return ended
}

function sightOf(
  pattern: RegExp,
  limitMs: number,
  printed: { readonly stdout: string; readonly stderr: string },
  listeners: Set<() => void>,
  ended: Promise<Ended>,
): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    const look = (): boolean => {
      const match = pattern.exec(printed.stdout) ?? pattern.exec(printed.stderr)
      if (match === null) return false
      settle(() => resolve(match))
      return true
    }
    const fail = (why: string): void => {
      const seen = `stdout:\n${printed.stdout.slice(-2000)}\nstderr:\n${printed.stderr.slice(-2000)}`
      settle(() => reject(new Error(`Never saw ${String(pattern)}: ${why}\n${seen}`)))
    }
    const timer = setTimeout(() => fail(`${limitMs} ms passed`), limitMs)
    const settle = (how: () => void): void => {
      clearTimeout(timer)
      listeners.delete(look)
      how()
    }
    listeners.add(look)
    if (look()) return
    void ended.then(
      () => {
        if (!look()) fail('it ended')
      },
      (error: unknown) => fail(String(error)),
    )
  })
}
