/** From the configuration of a target to the places that are asked. */

import type { Arm } from '../../core/arm.ts'
import type { MetricsSource, Target } from '../../core/contract/config.ts'
import { UsageError } from '../../core/errors.ts'
import type { Reach } from '../../generator/client.ts'
import type { Meter } from './meter.ts'
import { createPidMeter } from './pid.ts'
import { createPrometheusMeter } from './prometheus.ts'
import { createPromqlMeter } from './promql.ts'

/** Where CPU and memory of one arm are read, with everything that is needed to ask. */
export interface WatchSource {
  readonly arm: Arm
  readonly source: MetricsSource
  /** Values of headers, from the environment. */
  readonly headers: Readonly<Record<string, string>>
  readonly way?: Way
}

/** How the metrics of a target are reached. */
export interface Way {
  /** As the arms are. */
  readonly reach: Reach
  /** Names and numbers of the arms' machines; of others only the authority is taken over. */
  readonly hosts: readonly string[]
}

const TIMEOUT_MS = 5_000

/**
 * The sources of a configured target; none where it names none.
 * @throws UsageError with code `metrics-variable` that names the variable and never its value
 */
export function watchSourcesOf(
  metrics: Target['metrics'],
  environment: Readonly<Record<string, string | undefined>>,
  way?: Way,
): WatchSource[] {
  return (['baseline', 'canary', 'control'] as const).flatMap((arm) => {
    const source = metrics?.[arm]
    if (source === undefined) return []
    const names = source.kind === 'pid' ? {} : source.headersEnv
    const headers = headersOf(names, environment, `metrics.${arm}`)
    return [{ arm, source, headers, ...(way === undefined ? {} : { way }) }]
  })
}

function headersOf(
  names: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
  place: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names).map(([header, variable]) => {
      const value = environment[variable]?.trim() ?? ''
      const isSendable = /^[\t\x20-\x7e]+$/.test(value)
      if (isSendable) return [header.toLowerCase(), value]
      const where = `${place}.headers_env.${header}`
      const why = value === '' ? 'is not set' : 'holds what no header can'
      throw new UsageError(`Cannot read metrics: ${where} names ${variable}, which ${why}`, {
        code: 'metrics-variable',
        where,
        mend: `set ${variable} to the value of the header, or take it out`,
      })
    }),
  )
}

/** One for each address and process; close them all. */
export function metersOf(
  { arm, source, headers, way }: WatchSource,
  timeoutMs: number = TIMEOUT_MS,
): Meter[] {
  const reader = { headers, timeoutMs }
  switch (source.kind) {
    case 'pid':
      return source.pids.map((pid) => createPidMeter(arm, pid, source.pids))
    case 'promql': {
      const { kind: _kind, headersEnv: _headersEnv, ...queries } = source
      const reach = authorityOf(way)
      return [createPromqlMeter({ arm, ...queries, reader: { ...reader, reach } })]
    }
    case 'prometheus': {
      const { urls, requests } = source
      return urls.map((url) =>
        createPrometheusMeter({
          arm,
          url,
          instance: instanceOf(url, urls),
          ...(requests === undefined ? {} : { requests }),
          reader: { ...reader, reach: reachOf(url, way) },
        }),
      )
    }
  }
}

/** What the application itself shows on the machine of an arm is reached as the arm is. */
function reachOf(url: string, way: Way | undefined): Reach {
  if (way?.hosts.includes(new URL(url).hostname) !== true) return authorityOf(way)
  const { socketPath: _socketPath, ...reach } = way.reach
  return reach
}

/** Elsewhere nobody is shown our certificate and headers. */
function authorityOf(way: Way | undefined): Reach {
  const ca = way?.reach.tls?.ca
  return ca === undefined ? {} : { tls: { ca } }
}

/** The host and port, and the path where two addresses of the arm differ only there. */
function instanceOf(url: string, urls: readonly string[]): string {
  const { host, pathname, search } = new URL(url)
  const alike = urls.filter((other) => new URL(other).host === host)
  if (alike.length === 1) return host
  const isEnough = alike.filter((other) => new URL(other).pathname === pathname).length === 1
  return isEnough ? `${host}${pathname}` : `${host}${pathname}${search}`
}
