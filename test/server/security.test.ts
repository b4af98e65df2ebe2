import { describe, expect, it } from 'vitest'
import { raw, serve } from './serving.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const START = '{"target":"shop"}'

describe('the door', () => {
  it('refuses a Host that is not ours, whatever is asked', async () => {
    const serving = await serve()
    for (const host of ['evil.test', 'evil.test:7070', '127.0.0.1.evil.test', '[::2]']) {
      for (const path of ['/', '/probes', '/app.css', '/nothing']) {
        const answer = await raw(serving, 'GET', path, { host })
        expect([host, path, answer.status, answer.code]).toEqual([
          host,
          path,
          403,
          'host-not-allowed',
        ])
      }
    }
  })

  it('knows loopback by each of its names, on any port', async () => {
    const serving = await serve()
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:8080', '[::1]:7070']) {
      expect((await raw(serving, 'GET', '/healthz', { host })).status).toBe(200)
    }
  })

  it('refuses writes and event streams of a foreign page', async () => {
    const serving = await serve()
    await serving.send('POST', '/probes', { target: 'shop' })
    const own = `http://127.0.0.1:${serving.port}`
    const foreign = [
      { origin: 'http://evil.test' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${serving.port + 1}` },
      { origin: own.replace('http:', 'https:') },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) {
      const write = await raw(serving, 'POST', '/probes', { ...JSON_TYPE, ...headers }, START)
      expect([headers, write.status, write.code]).toEqual([headers, 403, 'origin-not-allowed'])
      const stream = await raw(serving, 'GET', '/probes/p1/events', headers)
      expect(stream.code).toBe('origin-not-allowed')
    }
    expect(serving.outrider.started).toHaveLength(1)
    const mine = { ...JSON_TYPE, origin: own, 'sec-fetch-site': 'same-origin' }
    expect((await raw(serving, 'POST', '/probes', mine, START)).status).toBe(202)
  })

  it('refuses a write that is not JSON, because a form could send it', async () => {
    const serving = await serve()
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/x-ndjson']
    for (const type of [...types, 'application/json; charset=utf-16']) {
      const answer = await raw(serving, 'POST', '/probes', { 'content-type': type }, START)
      expect([type, answer.status, answer.code]).toEqual([type, 415, 'unsupported-media-type'])
    }
    for (const [method, path] of [
      ['DELETE', '/profiles/u1'],
      ['PUT', '/profiles/u1'],
      ['POST', '/probes/p1/stop'],
    ] as const) {
      expect((await raw(serving, method, path, {})).status).toBe(415)
    }
    const utf8 = { 'content-type': 'application/json; charset=UTF-8' }
    expect((await raw(serving, 'POST', '/probes', utf8, START)).status).toBe(202)
  })

  it('sets the headers of protection on answers, pages and refusals', async () => {
    const serving = await serve()
    const answers = [
      await raw(serving, 'GET', '/', {}),
      await raw(serving, 'GET', '/probes', {}),
      await raw(serving, 'GET', '/nothing', {}),
      await raw(serving, 'GET', '/probes', { host: 'evil.test' }),
      await raw(serving, 'POST', '/probes', {}, START),
    ]
    for (const { headers } of answers) {
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
      expect(headers['content-security-policy']).not.toContain('unsafe')
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['x-frame-options']).toBe('DENY')
      expect(headers['cross-origin-resource-policy']).toBe('same-origin')
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
  })

  it('answers 404 and 405 as problem documents, with what is allowed', async () => {
    const serving = await serve()
    expect(await raw(serving, 'GET', '/nothing', {})).toMatchObject({
      status: 404,
      code: 'unknown-path',
    })
    const wrong = await raw(serving, 'DELETE', '/probes', JSON_TYPE)
    expect([wrong.status, wrong.code, wrong.headers['allow']]).toEqual([
      405,
      'method-not-allowed',
      'POST, GET',
    ])
  })

  it('serves no file beside those of the page', async () => {
    const serving = await serve()
    const paths = ['/../package.json', '/%2e%2e/app.ts', '/tsconfig.json', '/documents.d.ts']
    for (const path of [...paths, '/index.html', '/parts']) {
      expect([path, (await raw(serving, 'GET', path, {})).status]).toEqual([path, 404])
    }
    expect((await raw(serving, 'GET', '/chart.umd.min.js', {})).status).toBe(200)
  })
})

describe('limits', () => {
  it('refuses a body that is too large, declared or not', async () => {
    const serving = await serve({}, { limits: { bodyBytes: 100 } })
    const body = JSON.stringify({ target: 'x'.repeat(200) })
    const declared = { ...JSON_TYPE, 'content-length': String(body.length) }
    expect(await raw(serving, 'POST', '/probes', declared, body)).toMatchObject({
      status: 413,
      code: 'body-too-large',
    })
    const chunked = { ...JSON_TYPE, 'transfer-encoding': 'chunked' }
    expect(await raw(serving, 'POST', '/probes', chunked, body)).toMatchObject({ status: 413 })
    expect((await raw(serving, 'GET', '/healthz', {})).status).toBe(200)
  })

  it('answers 429 above the rate, with the time to wait', async () => {
    const clock = { nowMs: () => 0, wallMs: () => 0 }
    const serving = await serve({}, { limits: { requestBurst: 2 }, clock })
    const statuses = []
    for (let count = 0; count < 3; count += 1) {
      statuses.push((await serving.get('/healthz')).status)
    }
    expect(statuses).toEqual([200, 200, 429])
    expect((await serving.get('/healthz')).headers.get('retry-after')).toBe('1')
  })

  it('refuses a body that is no JSON, and an empty one, with a mend', async () => {
    const { send } = await serve()
    for (const body of ['{', '', '[]', 'null', '7']) {
      const response = await send('POST', '/probes', body)
      expect([body, response.status]).toEqual([body, 400])
      expect((await response.json()).mend).not.toBe('')
    }
  })
})
