import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { MetricsSource } from '../../src/core/contract/config.ts'
import type { ResourceReading } from '../../src/core/contract/sample.ts'
import { systemClock } from '../../src/generator/system-clock.ts'
import { checkWatch } from '../../src/probe/watch/check.ts'
import type { WatchSource } from '../../src/probe/watch/sources.ts'
import { createWatch } from '../../src/probe/watch/watch.ts'
import { skipReason } from '../support/parts.ts'
import { startProgram, type Program } from '../support/processes.ts'
import { startPrometheus, type Prometheus } from '../support/prometheus.ts'

/** A server that burns the milliseconds it is asked for, and shows what it uses as people do. */
const SERVER = `
  const { createServer } = require('node:http')
  let requests = 0
  const used = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  }
  const metrics = () => [
    '# TYPE process_cpu_seconds_total counter',
    'process_cpu_seconds_total ' + used(),
    '# TYPE process_resident_memory_bytes gauge',
    'process_resident_memory_bytes ' + process.memoryUsage.rss(),
    '# TYPE process_start_time_seconds gauge',
    'process_start_time_seconds ' + Math.round(Date.now() / 1000 - process.uptime()),
    '# TYPE app_requests_total counter',
    'app_requests_total{path="/burn"} ' + requests,
    '',
  ].join('\\n')
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      response.setHeader('content-type', 'text/plain; version=0.0.4')
      return response.end(metrics())
    }
    requests += 1
    const until = used() + Number(request.url.slice(1)) / 1000
    // Asking costs too, so it works a while between two questions.
    while (used() < until) for (let turn = 0; turn < 1e5; turn += 1) Math.sqrt(turn)
    response.end('done')
  })
  server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port))`

interface Application {
  readonly program: Program
  readonly host: string
}

async function startApplication(): Promise<Application> {
  const program = startProgram(process.execPath, ['-e', SERVER])
  const port = (await program.saw(/port (\d+)/))[1] ?? ''
  return { program, host: `127.0.0.1:${port}` }
}

interface Watched {
  readonly readings: ResourceReading[]
  readonly troubles: string[]
  readonly until: (done: () => boolean) => Promise<void>
}

function watchThat(sources: readonly WatchSource[]): Watched {
  const readings: ResourceReading[] = []
  const troubles: string[] = []
  const startMs = performance.now()
  const watch = createWatch({
    sources,
    clock: systemClock,
    everyMs: 100,
    seconds: () => (performance.now() - startMs) / 1000,
    onReading: (reading) => readings.push(reading),
    onTrouble: (arm, message) => troubles.push(`${arm}: ${message}`),
  })
  watch.start()
  onTestFinished(() => watch.stop())
  return {
    readings,
    troubles,
    until: (done) => expect.poll(done, { timeout: 30_000, interval: 20 }).toBe(true),
  }
}

function sourceOf(arm: WatchSource['arm'], source: MetricsSource): WatchSource {
  return { arm, source, headers: {} }
}

async function burn(host: string, requests: number, ms: number): Promise<void> {
  for (let request = 0; request < requests; request += 1) {
    await (await fetch(`http://${host}/${ms}`)).text()
  }
}

/** Seconds of CPU that the arm's counters grew by. */
function grown(readings: readonly ResourceReading[], arm: string): number {
  const own = readings.filter((reading) => reading.arm === arm)
  return (own.at(-1)?.cpuSeconds ?? 0) - (own[0]?.cpuSeconds ?? 0)
}

describe('watching real processes', () => {
  it('sees the same CPU by pid and by the metrics address, within 15 % of what was burnt', async () => {
    const { program, host } = await startApplication()
    onTestFinished(() => program.stop())
    const url = `http://${host}/metrics`
    const sources = [
      sourceOf('baseline', { kind: 'pid', pids: [program.pid] }),
      sourceOf('canary', {
        kind: 'prometheus',
        urls: [url],
        requests: 'app_requests_total',
        headersEnv: {},
      }),
    ]
    expect(await checkWatch(sources)).toEqual({ resources: ['cpu', 'memory'], remarks: [] })
    const { readings, troubles, until } = watchThat(sources)
    await until(() => new Set(readings.map(({ arm }) => arm)).size === 2)
    await burn(host, 40, 25)
    const count = readings.length
    await until(() => readings.length >= count + 4)
    // Scrapes and the requests themselves cost something too.
    for (const arm of ['baseline', 'canary']) {
      expect(grown(readings, arm)).toBeGreaterThan(0.95)
      expect(grown(readings, arm)).toBeLessThan(1.3)
    }
    expect(grown(readings, 'baseline') / grown(readings, 'canary')).toBeGreaterThan(0.85)
    expect(grown(readings, 'baseline') / grown(readings, 'canary')).toBeLessThan(1.15)
    const last = readings.findLast(({ arm }) => arm === 'canary')
    expect(last).toMatchObject({ instance: host, requests: 40 })
    expect(last?.rssBytes).toBeGreaterThan(20_000_000)
    expect(troubles).toEqual([])
  })
  it('tells when the process is killed under it', async () => {
    const { program, host } = await startApplication()
    onTestFinished(() => program.stop())
    const urls = [`http://${host}/metrics`]
    const { readings, troubles, until } = watchThat([
      sourceOf('baseline', { kind: 'prometheus', urls, headersEnv: {} }),
      sourceOf('canary', { kind: 'pid', pids: [program.pid] }),
    ])
    await until(() => new Set(readings.map(({ arm }) => arm)).size === 2)
    program.signal('SIGKILL')
    await until(() => troubles.length === 2)
    expect(troubles.toSorted()).toEqual([
      expect.stringMatching(
        /^baseline: .*\/metrics (?:refused|broke off) the connection; its last/,
      ),
      expect.stringMatching(/^canary: pid \d+ is not running on this machine; its last reading/),
    ])
  })
})

const reason = skipReason('prometheus')

describe.skipIf(reason !== undefined)(`a real Prometheus ${reason ?? ''}`, () => {
  let application: Application
  let prometheus: Prometheus
  beforeAll(async () => {
    application = await startApplication()
    prometheus = await startPrometheus([application.host])
  })
  afterAll(async () => {
    await prometheus?.stop()
    await application?.program.stop()
  })

  function ask(queries: { cpu: string; memory: string; requests?: string }): WatchSource[] {
    const source = { kind: 'promql', url: prometheus.url, headersEnv: {}, ...queries } as const
    return [sourceOf('baseline', source), sourceOf('canary', source)]
  }

  it('names the query that Prometheus refuses, and what no query finds', async () => {
    const memory = 'process_resident_memory_bytes'
    await expect(checkWatch(ask({ cpu: 'sum(', memory }))).rejects.toMatchObject({
      code: 'metrics-refused',
      message: expect.stringMatching(/refuses the query "cpu" \(bad_data: .*parse error/),
    })
    await expect(checkWatch(ask({ cpu: 'a[1m]', memory }))).rejects.toMatchObject({
      code: 'bad-metrics',
      message: expect.stringContaining('gives a matrix for the query "cpu"'),
    })
    await expect(checkWatch(ask({ cpu: 'nothing', memory: 'nowhere' }))).rejects.toMatchObject({
      code: 'no-metrics',
    })
  })
  it('passes on the CPU, memory and requests of the process within 15 %', async () => {
    const { host } = application
    const only = `{instance="${host}"}`
    const sources = ask({
      cpu: `process_cpu_seconds_total${only}`,
      memory: `process_resident_memory_bytes${only}`,
      requests: `sum by (instance) (app_requests_total${only})`,
    })
    await expect
      .poll(() => checkWatch(sources).catch(() => undefined), { timeout: 30_000 })
      .toEqual({ resources: ['cpu', 'memory'], remarks: [] })
    const { readings, until } = watchThat(sources)
    await until(() => readings.length >= 2)
    await burn(host, 40, 25)
    const count = readings.length
    await until(() => readings.length >= count + 6)
    const own = readings.filter(({ arm }) => arm === 'baseline')
    expect(grown(readings, 'baseline')).toBeGreaterThan(0.85)
    expect(grown(readings, 'baseline')).toBeLessThan(1.3)
    expect((own.at(-1)?.requests ?? 0) - (own[0]?.requests ?? 0)).toBe(40)
    expect(new Set(readings.map(({ instance }) => instance))).toEqual(new Set([host]))
    // It scrapes every 500 ms and is asked every 100 ms: what it only says again is left out.
    const values = own.map(({ cpuSeconds }) => cpuSeconds)
    expect(new Set(values).size).toBe(values.length)
  })
  it('takes scalars, comments and sums, which it asks for in one query', async () => {
    const sources = ask({
      cpu: 'scalar(sum(process_cpu_seconds_total)) # of all',
      memory: 'sum(process_resident_memory_bytes) or vector(0)',
      requests: 'sum(app_requests_total)',
    })
    const { readings, until } = watchThat(sources)
    await until(() => readings.length >= 4)
    const place = prometheus.url.replace('http://', '')
    expect(new Set(readings.map(({ instance }) => instance))).toEqual(new Set([place]))
    expect(readings[0]?.cpuSeconds).toBeGreaterThan(0)
    expect(readings[0]?.requests).toBeGreaterThanOrEqual(0)
  })
  it('can be scraped itself: its own exposition is read', async () => {
    const urls = [`${prometheus.url}/metrics`]
    const requests = 'prometheus_http_requests_total'
    const source = { kind: 'prometheus', urls, requests, headersEnv: {} } as const
    const sources = [sourceOf('baseline', source), sourceOf('canary', source)]
    expect(await checkWatch(sources)).toEqual({ resources: ['cpu', 'memory'], remarks: [] })
    const { readings, until } = watchThat(sources)
    await until(() => readings.length >= 2)
    expect(readings[0]?.cpuSeconds).toBeGreaterThan(0)
    expect(readings[0]?.rssBytes).toBeGreaterThan(10_000_000)
    expect(readings[0]?.requests).toBeGreaterThan(0)
  })
  it('passes on what it federates, each process under its own name', async () => {
    const match = encodeURIComponent('{__name__=~"process_.+"}')
    const urls = [`${prometheus.url}/federate?match[]=${match}`]
    const source = { kind: 'prometheus', urls, headersEnv: {} } as const
    const { readings, until } = watchThat([sourceOf('canary', source)])
    await until(() => readings.length >= 3)
    const place = prometheus.url.replace('http://', '')
    expect(new Set(readings.map(({ instance }) => instance))).toEqual(
      new Set([`${place} ${application.host}`]),
    )
    const values = readings.map(({ cpuSeconds }) => cpuSeconds)
    expect(new Set(values).size).toBe(values.length)
  })
})
