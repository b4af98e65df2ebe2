import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  startLevel,
  type LevelCounts,
  type LevelTask,
} from '../../../src/generator/capacity/level.ts'
import { Histogram } from '../../../src/generator/pool/histogram.ts'
import { CERTIFICATE, KEY } from '../certificate.ts'
import { serve, serveRaw, slotted, targetOf } from './servers.ts'

const task: LevelTask = {
  connections: 2,
  firstConnection: 0,
  warmSeconds: 0.03,
  seconds: 0.15,
  enoughAnswers: 1,
  timeoutMs: 1000,
  lateMs: [],
}

async function measure(origin: string, changed: Partial<LevelTask> = {}): Promise<LevelCounts> {
  return await startLevel(targetOf(origin), { ...task, ...changed }).done
}

function totals({ actions }: LevelCounts): { answers: number; failures: number } {
  return {
    answers: actions.reduce((sum, action) => sum + action.answers, 0),
    failures: actions.reduce((sum, action) => sum + action.failures, 0),
  }
}

function quantile(counts: LevelCounts, share: number): number {
  const all = new Histogram()
  for (const { latencies } of counts.actions) all.merge(latencies)
  return all.quantile(share) ?? NaN
}

function p50(counts: LevelCounts): number {
  return quantile(counts, 0.5)
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

describe('startLevel()', () => {
  it('ends at once where nobody listens, and says that half and more failed', async () => {
    const counts = await measure('http://127.0.0.1:9', { warmSeconds: 5 })
    expect(counts.end).toBe('breaker')
    expect(totals(counts).answers).toBe(0)
    expect(totals(counts).failures).toBeGreaterThanOrEqual(20)
  })

  it('counts what a server of 2 slots of 10 ms can do, with its latency in fractions of ms', async () => {
    const counts = await measure(await serve(slotted(2, 10)), { connections: 4, seconds: 0.4 })
    const rate = totals(counts).answers / counts.seconds
    expect(rate).toBeGreaterThan(0)
    expect(rate).toBeLessThan(205)
    expect(p50(counts)).toBeGreaterThan(19)
    expect(counts.cpu).toBeLessThan(0.9)
  })

  it('goes through the requests of each connection in turn, with their headers', async () => {
    const seen = new Map<string, number>()
    const origin = await serve((request, response) => {
      expect(request.headers['x-synthetic']).toBe('outrider')
      expect(request.headers.host).toBe(new URL(origin).host)
      seen.set(request.url ?? '', (seen.get(request.url ?? '') ?? 0) + 1)
      setTimeout(() => response.end('ok'), 2)
    })
    const target = targetOf(origin, ['/a', '/b', '/c'])
    const counts = await startLevel(target, task).done
    expect([...seen.keys()].toSorted()).toEqual(['/a', '/b', '/c'])
    const sent = [...seen.values()]
    expect(Math.max(...sent) - Math.min(...sent)).toBeLessThanOrEqual(task.connections)
    expect(counts.actions).toHaveLength(3)
    expect(Math.min(...counts.actions.map(({ answers }) => answers))).toBeGreaterThan(0)
  })

  it('counts a status outside of what is expected as a failure that took the whole timeout', async () => {
    let count = 0
    const origin = await serve((_, response) => {
      count += 1
      response.statusCode = count % 4 === 0 ? 500 : 200
      setTimeout(() => response.end(), 1)
    })
    const counts = await measure(origin)
    const { answers, failures } = totals(counts)
    expect(failures / (answers + failures)).toBeCloseTo(0.25, 1)
    expect(quantile(counts, 0.9)).toBeGreaterThan(950)
  })

  it('counts with its age what a server that stands still never answered', async () => {
    const counts = await measure(await serve(() => {}), { lateMs: [50], timeoutMs: 5000 })
    expect(counts.end).toBe('time')
    expect(totals(counts)).toEqual({ answers: 0, failures: 0 })
    expect(p50(counts)).toBeGreaterThan(150)
  })

  it('counts each timeout once', async () => {
    let asked = 0
    const origin = await serve(() => {
      asked += 1
    })
    const counts = await measure(origin, {
      warmSeconds: 0,
      seconds: 1.1,
      enoughAnswers: 0,
      connections: 3,
    })
    expect(counts.end).toBe('time')
    expect(totals(counts).failures).toBe(3)
    expect(asked).toBe(6)
  })

  it.each([
    ['hangs up on every request', (end: () => void) => end()],
    [
      'breaks its answers off',
      (end: () => void, write: (text: string) => void) => {
        write('HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\nonly so much')
        end()
      },
    ],
    ['answers garbage', (_: () => void, write: (text: string) => void) => write('lorem ipsum\n')],
    [
      'answers headers without an end',
      (_: () => void, write: (text: string) => void) =>
        write(`HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(90)}`),
    ],
    [
      'answers a line without an end',
      (_: () => void, write: (text: string) => void) =>
        write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'a'.repeat(100_000)}`),
    ],
  ])('a server that %s fails, and nothing is taken for an answer', async (_, speak) => {
    const origin = await serveRaw((socket) => {
      socket.on('data', () =>
        speak(
          () => socket.end(),
          (text) => socket.write(text),
        ),
      )
    })
    const counts = await measure(origin, { warmSeconds: 5 })
    expect(counts.end).toBe('breaker')
    expect(totals(counts).answers).toBe(0)
  })

  it('keeps latencies right after connections that broke', async () => {
    let count = 0
    const origin = await serveRaw((socket) => {
      socket.on('data', () => {
        count += 1
        if (count % 10 === 0) socket.destroy()
        else setTimeout(() => socket.write(ok), 5)
      })
    })
    const counts = await measure(origin, { seconds: 0.6 })
    const { answers, failures } = totals(counts)
    expect(failures / (answers + failures)).toBeCloseTo(0.1, 1)
    expect(p50(counts)).toBeLessThan(50)
  })

  it('is not irritated by answers after which the connection is closed', async () => {
    const origin = await serve((_, response) => {
      response.setHeader('connection', 'close')
      setTimeout(() => response.end('ok'), 3)
    })
    const counts = await measure(origin)
    expect(totals(counts).failures).toBe(0)
    expect(totals(counts).answers).toBeGreaterThan(5)
    expect(p50(counts)).toBeLessThan(100)
  })

  it.each([
    ['early-hints', `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok}`],
    ['close-delimited', 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok'],
  ])('names what autocannon cannot count: %s', async (unfit, answer) => {
    const origin = await serveRaw((socket) => {
      socket.on('data', () => socket.write(answer))
    })
    expect(await measure(origin)).toMatchObject({ end: 'unfit', unfit })
  })

  it('ends at once when the target asks for a pause', async () => {
    const origin = await serve((_, response) => {
      response.writeHead(503, { 'retry-after': '7' }).end()
    })
    const counts = await measure(origin, { seconds: 60 })
    expect(counts).toMatchObject({ end: 'asked', pause: '7' })
  })

  it('drops everything when it is told to stop', async () => {
    const origin = await serve(() => {})
    const running = startLevel(targetOf(origin), { ...task, seconds: 60 })
    running.stop()
    expect((await running.done).end).toBe('stopped')
  })

  it('ends where the certificate is not that of the target, unless any will do', async () => {
    const server = createTlsServer({ key: KEY, cert: CERTIFICATE }, (_, response) => {
      response.end('ok')
    })
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    const target = { ...targetOf(`https://127.0.0.1:${port}`), serverName: 'shop.test' }
    expect(await startLevel(target, task).done).toMatchObject({ unfit: 'certificate' })
    const trusting = { ...target, tls: { ca: CERTIFICATE } }
    expect(totals(await startLevel(trusting, task).done).answers).toBeGreaterThan(0)
    const careless = { ...target, tls: { insecure: true } }
    expect(totals(await startLevel(careless, task).done).answers).toBeGreaterThan(0)
  })
})
