import { gzipSync } from 'node:zlib'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MeterFault, type Said } from '../../../src/probe/watch/meter.ts'
import {
  createPrometheusMeter,
  type PrometheusSource,
} from '../../../src/probe/watch/prometheus.ts'
import { expositionOf, never, serve, serveText } from './served.ts'

async function read(url: string, more: Partial<PrometheusSource> = {}): Promise<Said> {
  const reader = { headers: {}, timeoutMs: 300 }
  const meter = createPrometheusMeter({ arm: 'canary', url, instance: 'here', reader, ...more })
  onTestFinished(() => meter.close())
  return await meter.read(never())
}

async function faultOf(reading: Promise<unknown>): Promise<MeterFault> {
  const thrown: unknown = await reading.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (thrown instanceof MeterFault) return thrown
  throw new Error(`Expected a MeterFault, got ${String(thrown)}`)
}

describe('createPrometheusMeter()', () => {
  it('says in words that nobody listens there', async () => {
    const { url, close } = await serveText('')
    await close()
    const fault = await faultOf(read(url))
    expect(fault).toMatchObject({ kind: 'unreachable', message: 'refused the connection' })
  })
  it('gives up on a server that does not answer, and on one that never ends its answer', async () => {
    const silent = await serve(() => undefined)
    expect(await faultOf(read(silent.url))).toMatchObject({
      kind: 'unreachable',
      message: 'did not answer within 0.3 s',
    })
    const dripping = await serve((_request, response) => {
      response.write('process_cpu_seconds_total 1\n')
      const drip = setInterval(() => response.write('# more\n'), 20)
      response.on('close', () => clearInterval(drip))
    })
    expect((await faultOf(read(dripping.url))).message).toBe('did not answer within 0.3 s')
  })
  it('stops reading an answer of 20 MB, also one that is small until it is unpacked', async () => {
    let sent = 0
    const endless = await serve((_request, response) => {
      const line = Buffer.from(`${'x'.repeat(99_999)}\n`)
      const more = (): void => {
        while (sent < 20_000_000 && response.write(line)) sent += line.length
        if (sent < 20_000_000) response.once('drain', more)
        else response.end()
      }
      more()
    })
    const reader = { headers: {}, timeoutMs: 10_000 }
    expect(await faultOf(read(endless.url, { reader }))).toMatchObject({
      kind: 'garbage',
      message: 'answers with more than 10 MB',
    })
    expect(sent).toBeLessThan(20_000_000)
    const packed = gzipSync(Buffer.alloc(20_000_000, '# \n'))
    const bomb = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed),
    )
    expect((await faultOf(read(bomb.url, { reader }))).message).toContain('more than 10 MB')
  })
  it('names garbage, errors, credentials and redirects for what they are', async () => {
    const html = await serveText('<html>\n<p>hello</p>\n</html>\n')
    expect(await faultOf(read(html.url))).toMatchObject({
      kind: 'garbage',
      message: 'does not answer in the Prometheus text format',
    })
    const ill = await serveText('oops', 500)
    expect(await faultOf(read(ill.url))).toMatchObject({ kind: 'refused', message: 'answers 500' })
    const closed = await serveText('', 401)
    expect((await faultOf(read(closed.url))).mend).toContain('headers_env')
    const elsewhere = await serve((_request, response) =>
      response.writeHead(302, { location: html.url }).end(),
    )
    expect((await faultOf(read(elsewhere.url))).message).toBe(
      'answers 302, and redirects are not followed',
    )
    expect(html.requests).toHaveLength(1)
    const noHttp = createServer((socket) => socket.end('220 smtp ready\r\n'))
    await new Promise<void>((resolve) => {
      noHttp.listen(0, '127.0.0.1', resolve)
    })
    onTestFinished(() => void noHttp.close())
    const { port } = noHttp.address() as AddressInfo
    expect(await faultOf(read(`http://127.0.0.1:${port}/`))).toMatchObject({ kind: 'garbage' })
    const broken = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip at all'),
    )
    expect((await faultOf(read(broken.url))).message).toMatch(/broken gzip/)
    const strange = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'br' }).end('x'),
    )
    expect((await faultOf(read(strange.url))).message).toContain('encoding "br"')
  })
  it('says which metrics are missing, and what to do', async () => {
    const { url } = await serveText('go_goroutines 8\n')
    expect(await faultOf(read(url))).toMatchObject({
      kind: 'nothing-measured',
      message: 'has neither process_cpu_seconds_total nor process_resident_memory_bytes',
    })
  })
  it('reads CPU, memory and the sum of the requests', async () => {
    const text = `${expositionOf(12.41, 8.1e7, 4000)}http_requests_total{status="500"} 21\n`
    const { url, requests } = await serveText(text)
    const said = await read(url, { requests: 'http_requests_total' })
    expect(said).toMatchObject({
      mayRepeat: false,
      remarks: [],
      usages: [{ instance: 'here', cpuSeconds: 12.41, rssBytes: 81_000_000, requests: 4021 }],
    })
    expect(requests[0]?.headers.accept).toContain('text/plain;version=0.0.4')
  })
  it('reads gzip, and sends the headers it is given', async () => {
    const { url, requests } = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(expositionOf(1, 2))),
    )
    const reader = { headers: { authorization: 'Bearer t' }, timeoutMs: 300 }
    expect((await read(url, { reader })).usages).toMatchObject([{ cpuSeconds: 1, rssBytes: 2 }])
    expect(requests[0]?.headers).toMatchObject({
      authorization: 'Bearer t',
      'accept-encoding': 'gzip',
      'user-agent': 'outrider',
    })
  })
  it('bears a counter that is not there yet, and names the one that may be meant', async () => {
    const { url } = await serveText(expositionOf(1, 2, 3))
    const said = await read(url, { requests: 'http_request_total' })
    expect(said.countsRequests).toBe(true)
    expect(said.usages[0]?.requests).toBeUndefined()
    expect(said.remarks).toEqual([
      'has no counter "http_request_total" so far; did you mean "http_requests_total"?',
    ])
  })
  it('adds up workers, and keeps processes with a label "instance" apart', async () => {
    const workers = await serveText(
      'process_cpu_seconds_total{worker="1"} 3\nprocess_cpu_seconds_total{worker="2"} 4\n',
    )
    expect((await read(workers.url)).usages).toMatchObject([{ instance: 'here', cpuSeconds: 7 }])
    const federated = await serveText(
      [
        'process_cpu_seconds_total{instance="a:1"} 3 1700000000000',
        'process_cpu_seconds_total{instance="b:1"} 4 1700000000000',
        'process_resident_memory_bytes{instance="b:1"} 5 1700000000000',
      ].join('\n'),
    )
    const said = await read(federated.url)
    expect(said.mayRepeat).toBe(true)
    expect(said.usages).toMatchObject([
      { instance: 'here a:1', cpuSeconds: 3 },
      { instance: 'here b:1', cpuSeconds: 4, rssBytes: 5 },
    ])
  })
  it('does not take NaN, an infinity or less than nothing for a measurement', async () => {
    const { url } = await serveText(
      'process_cpu_seconds_total NaN\nprocess_resident_memory_bytes -1\n',
    )
    expect(await faultOf(read(url))).toMatchObject({ kind: 'nothing-measured' })
  })
  it('asks once more where a kept connection was closed in that moment', async () => {
    let answered = 0
    const { url } = await serve((request, response) => {
      answered += 1
      if (answered === 2) request.socket.destroy()
      else response.end(expositionOf(answered, 1))
    })
    const reader = { headers: {}, timeoutMs: 300 }
    const meter = createPrometheusMeter({ arm: 'canary', url, instance: 'here', reader })
    onTestFinished(() => meter.close())
    await meter.read(never())
    expect((await meter.read(never())).usages).toMatchObject([{ cpuSeconds: 3 }])
  })
})
