/** The way to the metrics of a target: real servers that want a certificate, a name, a proxy. */

import { writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig } from '../../../src/probe/config.ts'
import type { ReachSettings } from '../../../src/probe/reach/source.ts'
import { metersOf } from '../../../src/probe/watch/sources.ts'
import { watchedOf, type Watched } from '../../../src/probe/watch/watched.ts'
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  SHOP_CERTIFICATE,
  SHOP_KEY,
} from '../../generator/client/certificates.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { expositionOf, serve } from './served.ts'

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** Metrics for those who show a certificate; what they said of themselves is written down. */
async function serveSafely(): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = []
  const options = { cert: SHOP_CERTIFICATE, key: SHOP_KEY, ca: AUTHORITY, requestCert: true }
  const server = createHttpsServer(
    { ...options, rejectUnauthorized: false },
    (request, response) => {
      const socket = request.socket as TLSSocket
      const client = socket.getPeerCertificate().subject?.CN ?? 'nobody'
      const { host, authorization = '' } = request.headers
      seen.push([client, socket.servername, host, authorization].join(' '))
      response.end(expositionOf(1, 2))
    },
  )
  return { port: await portOf(server), seen }
}

async function watched(
  target: Record<string, unknown>,
  environment: Record<string, string> = {},
  reach?: ReachSettings,
): Promise<Watched> {
  const cwd = temporaryFolder()
  const files = { 'ca.pem': AUTHORITY, 'cert.pem': CLIENT_CERTIFICATE, 'key.pem': CLIENT_KEY }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  const document = { version: 1, targets: { shop: target } }
  writeFileSync(join(cwd, 'outrider.yaml'), JSON.stringify(document))
  const { config } = await loadConfig({ cwd, environment: {} })
  return await watchedOf(
    { config, baseFolder: cwd, environment },
    { target: { kind: 'named', name: 'shop' }, ...(reach === undefined ? {} : { reach }) },
  )
}

const TLS = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' }
const both = (source: unknown): unknown => ({ baseline: source, canary: source })

describe('watchedOf()', () => {
  it('says that a certificate is asked for where the target names none', async () => {
    const options = { cert: SHOP_CERTIFICATE, key: SHOP_KEY, ca: AUTHORITY, requestCert: true }
    const port = await portOf(createHttpsServer({ ...options, rejectUnauthorized: true }))
    const asked = watched({
      baseline: 'https://127.0.0.1',
      canary: 'https://127.0.0.1',
      tls: { ca: 'ca.pem' },
      metrics: both({ prometheus: `https://127.0.0.1:${port}/metrics` }),
    })
    await expect(asked).rejects.toMatchObject({
      code: 'metrics-unreachable',
      message: expect.stringMatching(/asks for a client certificate/) as string,
    })
  })
  it('reads on the machine of an arm as the arm is reached', async () => {
    const { port, seen } = await serveSafely()
    const found = await watched(
      {
        baseline: 'https://127.0.0.1:1',
        canary: 'https://127.0.0.1:2',
        tls: TLS,
        host: 'shop.test',
        headers: { authorization: 'Bearer {{secret.TOKEN}}' },
        metrics: both({ prometheus: `https://127.0.0.1:${port}/metrics` }),
      },
      { OUTRIDER_SECRET_TOKEN: 'T' },
    )
    expect(found.resources).toEqual(['cpu', 'memory'])
    expect(new Set(seen)).toEqual(new Set(['prober shop.test shop.test Bearer T']))
  })
  it('takes a name for TLS alone, and lets headers_env and flags win', async () => {
    const { port, seen } = await serveSafely()
    const prometheus = `https://127.0.0.1:${port}/metrics`
    await watched(
      {
        baseline: 'https://127.0.0.1:1',
        canary: 'https://127.0.0.1:2',
        tls: { ...TLS, server_name: 'wrong.test' },
        headers: { authorization: 'arm' },
        metrics: both({ prometheus, headers_env: { authorization: 'METRICS' } }),
      },
      { METRICS: 'own' },
      { tls: { server_name: 'shop.test' } },
    )
    expect(new Set(seen)).toEqual(new Set([`prober shop.test 127.0.0.1:${port} own`]))
  })
  it('shows no other machine, and no Prometheus server, what is meant for the arms', async () => {
    const { port, seen } = await serveSafely()
    await watched({
      baseline: 'https://10.0.0.1',
      canary: 'https://10.0.0.2',
      tls: TLS,
      host: 'shop.test',
      headers: { authorization: 'hidden' },
      metrics: both({ prometheus: `https://127.0.0.1:${port}/metrics` }),
    })
    expect(new Set(seen)).toEqual(new Set([`nobody false 127.0.0.1:${port} `]))
    const asked: string[] = []
    const promql = await serve((request, response) => {
      asked.push(`${request.headers.host} ${request.headers.authorization}`)
      response.end('{"status":"success","data":{"resultType":"vector","result":[]}}')
    })
    const empty = watched({
      baseline: 'http://127.0.0.1:1',
      canary: 'http://127.0.0.1:2',
      host: 'shop.test',
      headers: { authorization: 'hidden' },
      metrics: both({ promql: { url: `http://${promql.host}`, cpu: 'c', memory: 'm' } }),
    })
    await expect(empty).rejects.toMatchObject({ code: 'no-metrics' })
    expect(new Set(asked)).toEqual(new Set([`${promql.host} undefined`]))
  })
  it('goes through the proxy of the target', async () => {
    const metrics = await serve((_, response) => void response.end(expositionOf(1, 2)))
    const asked: string[] = []
    const proxy = createHttpServer()
    proxy.on('connect', (request: IncomingMessage, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`)
      // The name is known to the proxy alone.
      const tunnel = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        tunnel.pipe(socket).pipe(tunnel)
      })
      for (const end of [tunnel, socket]) end.on('error', () => undefined)
    })
    const port = new URL(metrics.url).port
    await watched(
      {
        baseline: 'http://pod.invalid:1',
        canary: 'http://pod.invalid:2',
        proxy: `http://127.0.0.1:${await portOf(proxy)}`,
        proxy_auth_env: 'AUTH',
        metrics: both({ prometheus: `http://pod.invalid:${port}/metrics` }),
      },
      { AUTH: 'u:p' },
    )
    expect(new Set(asked)).toEqual(new Set([`pod.invalid:${port} Basic dTpw`]))
  })
})

describe('a meter', () => {
  it('ends what is still being opened when nobody waits for it', async () => {
    const silent = createHttpServer()
    const accepted = new Promise<Duplex>((resolve) => {
      silent.once('connect', (_request: IncomingMessage, socket: Duplex) => resolve(socket))
    })
    const proxy = { url: `http://127.0.0.1:${await portOf(silent)}` }
    const [meter] = metersOf({
      arm: 'canary',
      source: { kind: 'prometheus', urls: ['http://pod.invalid/metrics'], headersEnv: {} },
      headers: {},
      way: { reach: { proxy }, hosts: ['pod.invalid'] },
    })
    const stop = new AbortController()
    const reading = meter?.read(stop.signal).catch((thrown: unknown) => thrown)
    const socket = await accepted
    const ended = new Promise((resolve) => socket.on('error', resolve).on('end', resolve))
    stop.abort()
    expect(await reading).toBeInstanceOf(Error)
    meter?.close()
    socket.resume()
    await ended
    socket.destroy()
  })
})
