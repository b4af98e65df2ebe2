/**
 * Reads CPU and memory of a process of this machine: from /proc on Linux, from `ps` elsewhere.
 *
 * A pid means this one process with all its threads. Neither the processes that it started nor
 * those that it has outlived are counted: when a child ends, all of its CPU would fall into one
 * second. Whoever serves with several processes names them all.
 */

import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Arm } from '../../core/arm.ts'
import { MeterFault, quoted, type Meter, type Usage } from './meter.ts'

const run = promisify(execFile)
const DEFAULT_TICKS_PER_SECOND = 100
const ASK_LIMIT_MS = 5_000
const SHOWN_CHILDREN = 5

/** @param pids all that are watched in this arm: others that they started are remarked */
export function createPidMeter(
  arm: Arm,
  pid: number,
  pids: readonly number[],
  platform: NodeJS.Platform = process.platform,
): Meter {
  let ticks: Promise<number> | undefined
  const readUsage = async (signal: AbortSignal): Promise<Usage> => {
    if (platform === 'win32') throw notHere()
    if (platform !== 'linux') return await readWithPs(pid, signal)
    ticks ??= ticksPerSecond()
    return await readProc(pid, await ticks)
  }
  return {
    arm,
    place: `pid ${pid}`,
    read: async (signal) => ({
      usages: [await readUsage(signal)],
      mayRepeat: false,
      countsRequests: false,
      remarks: [],
    }),
    lookAround: () => (platform === 'linux' ? remarksOn(pid, pids) : Promise.resolve([])),
    close: () => undefined,
  }
}

async function ticksPerSecond(): Promise<number> {
  try {
    const { stdout } = await run('getconf', ['CLK_TCK'], { timeout: ASK_LIMIT_MS })
    const ticks = Number(stdout.trim())
    return Number.isInteger(ticks) && ticks > 0 ? ticks : DEFAULT_TICKS_PER_SECOND
  } catch {
    return DEFAULT_TICKS_PER_SECOND
  }
}

async function readProc(pid: number, ticks: number): Promise<Usage> {
  const [stat, status] = await Promise.all([readProcFile(pid, 'stat'), readProcFile(pid, 'status')])
  const { state, cpuTicks, startTicks } = parseStat(stat)
  if (state === 'Z' || state === 'X') throw gone()
  return {
    instance: `pid:${pid}`,
    cpuSeconds: cpuTicks / ticks,
    rssBytes: parseRssBytes(status),
    // The same pid with another start is another process.
    members: String(startTicks),
  }
}

async function readProcFile(pid: number, name: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${name}`, 'utf8')
  } catch (thrown) {
    const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined
    if (code === 'ENOENT' || code === 'ESRCH') throw gone()
    throw new MeterFault(
      'unreachable',
      `cannot be read from /proc (${quoted(String(code))})`,
      'run as a user who may see that process',
    )
  }
}

/** The fields of /proc/PID/stat that matter; see proc(5). The name before may hold anything. */
export function parseStat(text: string): {
  readonly state: string
  readonly parent: number
  /** User and system time of all threads, in clock ticks. */
  readonly cpuTicks: number
  readonly startTicks: number
} {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const numberAt = (index: number): number => Number(fields[index] ?? Number.NaN)
  return {
    state: fields[0] ?? '',
    parent: numberAt(1),
    cpuTicks: numberAt(11) + numberAt(12),
    startTicks: numberAt(19),
  }
}

/** Of /proc/PID/status; 0 where there is none, as in a process that is ending. */
export function parseRssBytes(text: string): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024
}

/** Whoever names the pid of `npm start` would measure a process that does nothing. */
async function remarksOn(pid: number, pids: readonly number[]): Promise<string[]> {
  const names = await readdir('/proc').catch((): string[] => [])
  const candidates = names.map(Number).filter((id) => Number.isInteger(id) && !pids.includes(id))
  const children: string[] = []
  for (const id of candidates) {
    const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '')
    if (parseStat(stat).parent !== pid) continue
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
    children.push(`${id} ${quoted(name)}`)
  }
  if (children.length === 0) return []
  const shown = children.slice(0, SHOWN_CHILDREN).join(', ')
  const more = children.length > SHOWN_CHILDREN ? ', …' : ''
  return [`has started other processes (${shown}${more}); name theirs too if they serve`]
}

async function readWithPs(pid: number, signal: AbortSignal): Promise<Usage> {
  try {
    const { stdout } = await run('ps', ['-o', 'rss=,time=,lstart=', '-p', String(pid)], {
      timeout: ASK_LIMIT_MS,
      signal,
      env: { ...process.env, LC_ALL: 'C' },
    })
    return parsePs(stdout, pid)
  } catch (thrown) {
    if (thrown instanceof MeterFault) throw thrown
    // With a pid that is not there ps says nothing and ends with 1.
    const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined
    if (code === 1) throw gone()
    throw new MeterFault(
      'unreachable',
      `cannot be read with ps (${quoted(String(code))})`,
      'see that ps is on the PATH',
    )
  }
}

/**
 * Kilobytes, time as `[[days-]hours:]minutes:seconds[.part]`, and the start.
 * @throws MeterFault `garbage`
 */
export function parsePs(stdout: string, pid: number): Usage {
  const match = /^\s*(\d+)\s+(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+(?:\.\d+)?)\s+(\S.*?)\s*$/.exec(stdout)
  if (match === null) {
    throw new MeterFault(
      'garbage',
      `is told in a way that is not known: ${quoted(stdout)}`,
      'use a metrics address',
    )
  }
  const [rss = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1, 6)
    .map((text) => Number(text ?? 0))
  return {
    instance: `pid:${pid}`,
    cpuSeconds: ((days * 24 + hours) * 60 + minutes) * 60 + seconds,
    rssBytes: rss * 1024,
    members: match[6] ?? '',
  }
}

function gone(): MeterFault {
  return new MeterFault(
    'no-process',
    'is not running on this machine',
    'name the pid of the process that serves the arm',
  )
}

function notHere(): MeterFault {
  return new MeterFault(
    'unreachable',
    'cannot be read on Windows',
    'name a metrics address with prometheus',
  )
}
