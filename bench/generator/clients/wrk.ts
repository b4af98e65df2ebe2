/** The command line of wrk, and what it prints. */

import type { Load, Open } from './results.ts'

const CONNECTIONS = 64
const MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 }

export function wrkCommand(bin: string, url: string, seconds: number): string[] {
  return [bin, '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', `${url}/plain`]
}

/** @throws Error for anything but the output of wrk */
export function readWrk(stdout: string): Load & Open {
  const [, requests, time = ''] = /(\d+) requests in ([\d.]+(?:us|ms|s|m)),/.exec(stdout) ?? []
  if (requests === undefined) throw new Error(`This is not what wrk prints:\n${stdout}`)
  const failed = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0)
  const p50 = quantile(stdout, '50%')
  const p99 = quantile(stdout, '99%')
  return {
    requests: Number(requests),
    failed,
    seconds: milliseconds(time) / 1000,
    reported: { ...(p50 === undefined ? {} : { p50 }), ...(p99 === undefined ? {} : { p99 }) },
  }
}

function quantile(stdout: string, name: string): number | undefined {
  const found = new RegExp(`^\\s*${name}\\s+(\\S+)$`, 'm').exec(stdout)?.[1]
  return found === undefined ? undefined : milliseconds(found)
}

function milliseconds(text: string): number {
  const [, number, unit = ''] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? []
  return Number(number) * (MS[unit] ?? Number.NaN)
}
