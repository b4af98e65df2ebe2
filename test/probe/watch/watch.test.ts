import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { MetricsSource } from '../../../src/core/contract/config.ts'
import type { ResourceReading } from '../../../src/core/contract/sample.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import { checkWatch } from '../../../src/probe/watch/check.ts'
import type { WatchSource } from '../../../src/probe/watch/sources.ts'
import { createWatch, type Watch } from '../../../src/probe/watch/watch.ts'
import { CERTIFICATE, KEY } from '../../generator/certificate.ts'
import { startProgram } from '../../support/processes.ts'
import { expositionOf, serve, serveText } from './served.ts'

const EVERY_MS = 20

function sourceOf(arm: WatchSource['arm'], ...urls: string[]): WatchSource {
  return { arm, source: { kind: 'prometheus', urls, headersEnv: {} }, headers: {} }
}

interface Watching {
  readonly watch: Watch
  readonly readings: ResourceReading[]
  readonly troubles: string[]
  /** Resolves once `done` says so. */
  readonly until: (done: () => boolean) => Promise<void>
}

function watchThat(sources: readonly WatchSource[], timeoutMs = 100): Watching {
  const readings: ResourceReading[] = []
  const troubles: string[] = []
  const checks = new Set<() => void>()
  const startMs = performance.now()
  const heard = (): void => {
    for (const check of checks) check()
  }
  const watch = createWatch({
    sources,
    clock: systemClock,
    everyMs: EVERY_MS,
    timeoutMs,
    seconds: () => (performance.now() - startMs) / 1000,
    onReading: (reading) => {
      readings.push(reading)
      heard()
    },
    onTrouble: (arm, message) => {
      troubles.push(`${arm}: ${message}`)
      heard()
    },
  })
  onTestFinished(() => watch.stop())
  return {
    watch,
    readings,
    troubles,
    until: (done) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (done()) resolve()
        }
        checks.add(check)
        check()
      }),
  }
}

describe('createWatch()', () => {
  it('tells once that a place has died in mid-run, and goes on with the others', async () => {
    const well = await serveText(expositionOf(1, 2))
    const dying = await serveText(expositionOf(3, 4))
    const { watch, readings, troubles, until } = watchThat([
      sourceOf('baseline', well.url),
      sourceOf('canary', dying.url),
    ])
    watch.start()
    await until(() => readings.some(({ arm }) => arm === 'canary'))
    await dying.close()
    await until(() => troubles.length > 0)
    const count = readings.length
    await until(() => readings.length > count + 5)
    expect(troubles).toEqual([
      expect.stringMatching(
        new RegExp(`^canary: ${dying.url} .*the connection; its last reading is of second 0$`),
      ),
    ])
  })
  it('tells at once that a process has ended, and never asks for it again', async () => {
    const program = startProgram(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const source: MetricsSource = { kind: 'pid', pids: [program.pid] }
    const { watch, readings, troubles, until } = watchThat([{ arm: 'canary', source, headers: {} }])
    watch.start()
    await until(() => readings.length > 0)
    await program.stop()
    await until(() => troubles.length > 0)
    expect(troubles).toEqual([
      expect.stringMatching(/^canary: pid \d+ is not running on this machine; its last reading/),
    ])
  })
  it('survives hostile places and reads the one between them', async () => {
    const slow = await serve(() => undefined)
    const garbage = await serveText('{"what": "is this"}\n'.repeat(1000))
    const ill = await serveText('oops', 500)
    const well = await serveText(expositionOf(1, 2))
    const { watch, readings, troubles, until } = watchThat([
      sourceOf('canary', slow.url, garbage.url, ill.url, well.url),
    ])
    watch.start()
    await until(() => readings.length > 20 && troubles.length >= 3)
    expect(new Set(readings.map(({ instance }) => instance))).toEqual(new Set([well.host]))
    expect(troubles.toSorted()).toEqual(
      [
        `canary: ${slow.url} did not answer within 0.1 s`,
        `canary: ${garbage.url} does not answer in the Prometheus text format`,
        `canary: ${ill.url} answers 500`,
      ].toSorted(),
    )
  })
  it('never asks a place twice at once, and does not let a slow one hold up the others', async () => {
    let inFlight = 0
    let most = 0
    const slow = await serve((_request, response) => {
      inFlight += 1
      most = Math.max(most, inFlight)
      setTimeout(() => {
        inFlight -= 1
        response.end(expositionOf(1, 2))
      }, 5 * EVERY_MS)
    })
    const quick = await serveText(expositionOf(1, 2))
    const { watch, readings, until } = watchThat(
      [sourceOf('baseline', quick.url), sourceOf('canary', slow.url)],
      2000,
    )
    watch.start()
    const count = (arm: string): number => readings.filter((one) => one.arm === arm).length
    await until(() => count('canary') >= 3)
    expect(most).toBe(1)
    expect(count('baseline')).toBeGreaterThan(count('canary'))
  })
  it('goes on under another name when a process began anew, and tells it', async () => {
    let cpu = 5
    const { url, host } = await serve((_request, response) => {
      cpu += 1
      response.end(expositionOf(cpu, 2, cpu))
    })
    const { watch, readings, troubles, until } = watchThat([sourceOf('canary', url)])
    watch.start()
    await until(() => readings.length >= 2)
    cpu = 0
    await until(() => readings.some(({ instance }) => instance.endsWith('#2')))
    expect(readings[0]).toMatchObject({ arm: 'canary', instance: host, cpuSeconds: 6, rssBytes: 2 })
    expect(readings.find(({ instance }) => instance === `${host}#2`)?.cpuSeconds).toBeLessThan(5)
    expect(troubles).toEqual([`canary: ${url} began anew at second 0`])
  })
  it('asks all arms in the same moment, at times that only grow', async () => {
    const both = await Promise.all([1, 2].map((cpu) => serveText(expositionOf(cpu, 2))))
    const { watch, readings, until } = watchThat([
      sourceOf('baseline', both[0]?.url ?? ''),
      sourceOf('canary', both[1]?.url ?? ''),
    ])
    watch.start()
    await until(() => readings.length >= 20)
    for (const arm of ['baseline', 'canary']) {
      const times = readings.filter((one) => one.arm === arm).map(({ at }) => at)
      expect(times).toEqual(times.toSorted((one, other) => one - other))
    }
    const counts = both.map(({ requests }) => requests.length)
    expect(Math.abs((counts[0] ?? 0) - (counts[1] ?? 0))).toBeLessThanOrEqual(1)
  })
  it('tells nothing any more once it was stopped, also not of what is under way', async () => {
    let asked: () => void = () => undefined
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    const { url } = await serve(() => asked())
    const { watch, readings, troubles } = watchThat([sourceOf('canary', url)], 10_000)
    watch.start()
    await wasAsked
    await watch.stop()
    watch.start()
    expect([readings, troubles]).toEqual([[], []])
  })
})

describe('checkWatch()', () => {
  it('names arm, place and mend of what cannot be read', async () => {
    const well = sourceOf('baseline', (await serveText(expositionOf(1, 2))).url)
    const gone = await serveText('')
    await gone.close()
    await expect(checkWatch([well, sourceOf('canary', gone.url)])).rejects.toMatchObject({
      name: 'TargetError',
      code: 'metrics-unreachable',
      where: 'metrics.canary',
      message: `Cannot read CPU and memory of the canary: ${gone.url} refused the connection`,
      mend: expect.stringContaining('or take metrics out of the target'),
    })
    for (const [text, status, code] of [
      ['<html>', 200, 'bad-metrics'],
      ['oops', 500, 'metrics-refused'],
      ['go_goroutines 1', 200, 'no-metrics'],
    ] as const) {
      const { url } = await serveText(text, status)
      await expect(checkWatch([well, sourceOf('canary', url)])).rejects.toMatchObject({ code })
    }
    const slow = await serve(() => undefined)
    await expect(checkWatch([sourceOf('canary', slow.url)], 50)).rejects.toMatchObject({
      code: 'metrics-unreachable',
    })
  })
  it('names a process that is not running as wrong use', async () => {
    const program = startProgram(process.execPath, ['-e', ''])
    await program.ended
    const source: MetricsSource = { kind: 'pid', pids: [program.pid] }
    await expect(checkWatch([{ arm: 'baseline', source, headers: {} }])).rejects.toMatchObject({
      name: 'UsageError',
      code: 'no-process',
    })
  })
  it('bears one answer that was lost', async () => {
    let asked = 0
    const { url } = await serve((_request, response) => {
      asked += 1
      response.writeHead(asked === 1 ? 503 : 200).end(expositionOf(1, 2))
    })
    const sources = [sourceOf('baseline', url), sourceOf('canary', url)]
    await expect(checkWatch(sources)).resolves.toEqual({
      resources: ['cpu', 'memory'],
      remarks: [],
    })
  })
  it('compares only what both arms tell, and says what it leaves out', async () => {
    const all = await serveText(expositionOf(1, 2))
    const some = await serveText('process_cpu_seconds_total 1\n')
    const check = await checkWatch([sourceOf('baseline', all.url), sourceOf('canary', some.url)])
    expect(check.resources).toEqual(['cpu'])
    expect(check.remarks).toEqual([
      `canary: ${some.url} has no process_resident_memory_bytes`,
      `memory is not compared: canary: ${some.url} does not tell it`,
    ])
    expect((await checkWatch([sourceOf('baseline', all.url)])).resources).toEqual([])
    expect(await checkWatch([])).toEqual({ resources: [], remarks: [] })
  })
  it('trusts the authority of the target, and nobody else', async () => {
    const server = createServer({ cert: CERTIFICATE, key: KEY }, (_request, response) => {
      response.end(expositionOf(1, 2))
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const sources = (['baseline', 'canary'] as const).map((arm) =>
      sourceOf(arm, `https://localhost:${port}/metrics`),
    )
    await expect(checkWatch(sources)).rejects.toThrow('has a certificate that is not trusted')
    const way = { reach: { tls: { ca: CERTIFICATE } }, hosts: [] }
    const trusting = sources.map((source) => ({ ...source, way }))
    // It is good for shop.test: only the name is wrong now.
    await expect(checkWatch(trusting)).rejects.toThrow('has a certificate for another name')
  })
})
