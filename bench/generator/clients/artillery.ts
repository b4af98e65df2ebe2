/** Scripts for Artillery, and what its report says. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import type { Load, Open } from './results.ts'
import type { Area } from './session.ts'

export interface ArtilleryJob {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** What it did, once it has ended; the files are gone then. */
  read(): Load & Open
}

const reportSchema = z.object({
  aggregate: z.object({
    counters: z.record(z.string(), z.number()),
    firstMetricAt: z.number().optional(),
    lastMetricAt: z.number().optional(),
    summaries: z.record(
      z.string(),
      z.object({ p50: z.number(), p99: z.number(), p999: z.number() }),
    ),
  }),
})

const HEADERS = { 'content-type': 'application/json' }

/** @param loops how often each user goes through the session */
export function loopedSessions(
  bin: string,
  url: string,
  area: Area,
  { users, loops }: { users: number; loops: number },
): ArtilleryJob {
  const phase = { duration: 1, arrivalCount: users }
  return jobOf(bin, url, phase, [{ loop: stepsOf(area), count: loops }])
}

export function arrivingSessions(
  bin: string,
  url: string,
  area: Area,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): ArtilleryJob {
  return jobOf(bin, url, { duration: seconds, arrivalRate: perSecond }, stepsOf(area))
}

export function arrivingGets(
  bin: string,
  url: string,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): ArtilleryJob {
  const phase = { duration: seconds, arrivalRate: perSecond }
  return jobOf(bin, url, phase, [{ get: { url: '/plain' } }])
}

/** Log in once, then think. */
export function thinkingUsers(
  bin: string,
  url: string,
  users: number,
  seconds: number,
): ArtilleryJob {
  const [login] = stepsOf('/private')
  return jobOf(bin, url, { duration: 1, arrivalCount: users }, [login, { think: seconds }])
}

function stepsOf(area: Area): unknown[] {
  const post = (path: string, json: object): object => ({
    url: `${area}${path}`,
    headers: HEADERS,
    json,
  })
  const login = {
    ...post('/login', { user: '{{ user }}', of: '{{ $uuid }}' }),
    capture: { json: '$.cart', as: 'cart' },
  }
  return [
    { post: login },
    { get: { url: `${area}/products`, qs: { q: '{{ q }}', page: 1 } } },
    { get: { url: `${area}/products/{{ sku }}` } },
    { post: post('/carts/{{ cart }}/items', { sku: '{{ sku }}' }) },
    { post: post('/carts/{{ cart }}/pay', { by: 'card' }) },
  ]
}

function jobOf(bin: string, url: string, phase: object, flow: readonly unknown[]): ArtilleryJob {
  const folder = mkdtempSync(join(tmpdir(), 'outrider-artillery-'))
  const script = join(folder, 'script.json')
  const report = join(folder, 'report.json')
  const variables = { user: ['ann'], q: ['oak chair'], sku: ['S1'] }
  const config = { target: url, http: { timeout: 30 }, variables, phases: [phase] }
  writeFileSync(script, JSON.stringify({ config, scenarios: [{ flow }] }))
  return {
    command: [process.execPath, bin, 'run', '--quiet', '--output', report, script],
    env: { ARTILLERY_DISABLE_TELEMETRY: 'true', NO_UPDATE_NOTIFIER: '1' },
    read: () => {
      const { aggregate } = readReport(report, folder)
      const { counters, summaries, firstMetricAt = 0, lastMetricAt = 0 } = aggregate
      const responses = counters['http.responses'] ?? 0
      return {
        requests: responses,
        failed: responses - (counters['http.codes.200'] ?? 0) + (counters['vusers.failed'] ?? 0),
        seconds: Math.max(0.001, (lastMetricAt - firstMetricAt) / 1000),
        reported: summaries['http.response_time'] ?? {},
      }
    },
  }
}

function readReport(file: string, folder: string): z.output<typeof reportSchema> {
  try {
    return reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
