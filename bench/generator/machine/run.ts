/**
 * Runs one candidate as a process of its own and says what it cost: CPU time of its whole process
 * tree, and whether something else disturbed the run (CPU time of others, time stolen by the host).
 * A disturbed run is repeated, at most three times, then it counts as noisy.
 */

import { spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { pinned } from './cores.ts'

export interface Run {
  readonly stdout: string
  readonly seconds: number
  /** User and system time of the process and all it started, in µs. */
  readonly cpuMicros: number
  /** The part of `cpuMicros` after the first three seconds; undefined for shorter runs. */
  readonly lateMicros: number | undefined
  readonly isNoisy: boolean
}

export interface RunOptions {
  readonly serverPid: number
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

const STEADY_AFTER_MS = 3_000
/** Share of a core. */
const MOST_OTHERS = 0.15
const MOST_STEAL = 0.05
const TRIES = 4
const TICKS_PER_SECOND = 100

export async function measuredRun(command: readonly string[], options: RunOptions): Promise<Run> {
  for (let attempt = 1; ; attempt += 1) {
    const run = await runOnce(command, options)
    if (!run.isNoisy || attempt === TRIES || !repeatsNoisy) return run
  }
}

let repeatsNoisy = true

/** For a machine that is known to be busy. */
export function takeNoisyRuns(): void {
  repeatsNoisy = false
}

async function runOnce(command: readonly string[], options: RunOptions): Promise<Run> {
  const before = readMachine(options.serverPid)
  const ownBefore = process.cpuUsage()
  const startedMs = performance.now()
  // bash's `time` waits for the whole tree and adds it up.
  const timed = ['bash', '-c', 'TIMEFORMAT="tree %U %S"; time "$@"', 'bash', ...command]
  const [file = '', ...args] = pinned('generator', timed)
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    detached: true,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  let earlyMicros: number | undefined
  const early = setTimeout(() => (earlyMicros = treeMicros(child.pid ?? -1)), STEADY_AFTER_MS)
  const timeout = setTimeout(() => killTree(child.pid), options.timeoutMs)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearTimeout(early)
  clearTimeout(timeout)
  const [, user, system] = /tree ([\d.]+) ([\d.]+)\s*$/.exec(stderr) ?? []
  if (code !== 0 || user === undefined) {
    throw new Error(`${command.slice(0, 3).join(' ')} ended with ${code}:\n${stderr.slice(-2000)}`)
  }
  const seconds = (performance.now() - startedMs) / 1000
  const cpuMicros = (Number(user) + Number(system)) * 1e6
  const own = process.cpuUsage(ownBefore)
  const after = readMachine(options.serverPid)
  const busy = (after.busyTicks - before.busyTicks) / TICKS_PER_SECOND
  const server = (after.serverTicks - before.serverTicks) / TICKS_PER_SECOND
  const others = busy - server - (cpuMicros + own.user + own.system) / 1e6
  const steal = (after.stealTicks - before.stealTicks) / TICKS_PER_SECOND
  return {
    stdout,
    seconds,
    cpuMicros,
    lateMicros: earlyMicros === undefined ? undefined : Math.max(0, cpuMicros - earlyMicros),
    isNoisy: others / seconds > MOST_OTHERS || steal / seconds > MOST_STEAL,
  }
}

interface MachineTicks {
  readonly busyTicks: number
  readonly stealTicks: number
  readonly serverTicks: number
}

/** `cpu user nice system idle iowait irq softirq steal …`, see proc(5). */
function readMachine(serverPid: number): MachineTicks {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stealTicks = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number)
  const busyTicks = user + nice + system + irq + softirq
  return { busyTicks, stealTicks, serverTicks: ticksOf(serverPid).own }
}

/** User and system time of the process so far, and of its children that were waited for. */
function ticksOf(pid: number): { own: number; waited: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15)
    return { own: user + system, waited: childUser + childSystem }
  } catch {
    return { own: 0, waited: 0 }
  }
}

function treeMicros(pid: number): number {
  const { own, waited } = ticksOf(pid)
  let ticks = own + waited
  for (const child of childrenOf(pid)) ticks += treeMicros(child) / (1e6 / TICKS_PER_SECOND)
  return ticks * (1e6 / TICKS_PER_SECOND)
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .split(' ')
        .filter(Boolean)
        .map(Number),
    )
  } catch {
    return []
  }
}

/** The group that this run started, and nothing else. */
function killTree(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
