import { describe, expect, it } from 'vitest'
import { parseFieldMap, type FieldMap } from '../../../../src/profiles/derive/read/json-fields.ts'
import type { LoggedRequest } from '../../../../src/profiles/derive/read/request.ts'
import { readText, type ReadText } from './reading.ts'

function read(lines: readonly unknown[], fields: FieldMap = {}): Promise<ReadText> {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  return readText(text.join('\n'), { format: 'json', fields })
}

async function readOne(line: object, map = ''): Promise<LoggedRequest | undefined> {
  const fields = map === '' ? {} : parseFieldMap(map)
  return (await read([line], fields)).requests[0]
}

const NOON = Date.UTC(2026, 2, 1, 12)
const wanted = {
  address: '203.0.113.9',
  userAgent: 'Firefox',
  timeMs: NOON,
  method: 'GET',
  target: '/a?b=1',
  status: 200,
}

describe('a log of JSON lines', () => {
  it('names the field that the first line lacks, the place, and the keys that it has', async () => {
    const line = { when: NOON, method: 'GET', path: '/', status: 200, client: { name: 'x' } }
    await expect(read([line])).rejects.toMatchObject({
      code: 'missing-field',
      where: 'access.log:1',
      message: expect.stringContaining('has no time; its keys are when, method, path, status, cl'),
      mend: 'name the key: --fields time=KEY',
    })
    await expect(read([line], parseFieldMap('time=wann'))).rejects.toMatchObject({
      message: expect.stringContaining('access.log:1 has no "wann" (the time)'),
    })
    await expect(read([{ ...line, time: 'noon' }])).rejects.toMatchObject({
      message: expect.stringContaining('has a time that cannot be read'),
    })
    await expect(read([{ ...line, time: NOON }])).rejects.toMatchObject({
      message: expect.stringContaining('has no client;'),
    })
  })
  it('refuses a log in which no line is a request, and what is no JSON', async () => {
    const app = { level: 30, time: NOON, msg: 'listening' }
    await expect(read([app, app])).rejects.toMatchObject({
      code: 'missing-field',
      message: expect.stringContaining('no line has no path; its keys are level, time, msg'),
    })
    const apache = '203.0.113.9 - - [01/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 5'
    await expect(read([apache])).rejects.toMatchObject({
      code: 'bad-log',
      mend: expect.stringContaining('--format common'),
    })
  })
  it.each([
    [
      'nginx, where the time is that of the answer',
      {
        time_iso8601: '2026-03-01T13:00:00.5+01:00',
        remote_addr: '203.0.113.9',
        request_method: 'GET',
        request_uri: '/a?b=1',
        status: '200',
        request_time: '0.500',
        http_user_agent: 'Firefox',
        http_x_forwarded_for: '-',
      },
    ],
    [
      'Caddy',
      {
        level: 'info',
        ts: NOON / 1000,
        logger: 'http.log.access',
        request: {
          remote_ip: '10.0.0.1',
          client_ip: '203.0.113.9',
          method: 'GET',
          host: 'shop.example',
          uri: '/a?b=1',
          headers: { 'User-Agent': ['Firefox'], Cookie: ['REDACTED'] },
        },
        duration: 0.02,
        status: 200,
      },
    ],
    [
      'Traefik',
      {
        ClientAddr: '203.0.113.9:51234',
        ClientHost: '203.0.113.9',
        RequestMethod: 'GET',
        RequestPath: '/a?b=1',
        DownstreamStatus: 200,
        StartUTC: '2026-03-01T12:00:00.000000000Z',
        'request_User-Agent': 'Firefox',
        time: '2026-03-01T12:00:07Z',
      },
    ],
    [
      'Envoy and Istio',
      {
        start_time: '2026-03-01T12:00:00.000Z',
        method: 'GET',
        path: '/a?b=1',
        response_code: 200,
        duration: 7,
        downstream_remote_address: '10.0.0.1:4711',
        x_forwarded_for: '203.0.113.9,10.0.0.1',
        user_agent: 'Firefox',
      },
    ],
    [
      'Apache by a LogFormat',
      {
        time: '[01/Mar/2026:12:00:00 +0000]',
        remoteIP: '203.0.113.9',
        host: 'shop.example',
        request: '/a',
        query: '?b=1',
        method: 'GET',
        status: '200',
        userAgent: 'Firefox',
      },
    ],
    [
      'pino-http, as Bunyan',
      {
        level: 30,
        time: NOON + 12,
        req: {
          method: 'GET',
          url: '/a?b=1',
          query: { b: '1' },
          headers: { 'user-agent': 'Firefox' },
          remoteAddress: '203.0.113.9',
        },
        res: { statusCode: 200 },
        responseTime: 12,
      },
    ],
    [
      'an AWS load balancer',
      {
        type: 'h2',
        time: '2026-03-01T12:00:00.000000Z',
        client_port: '203.0.113.9:2817',
        elb_status_code: 200,
        request: 'GET https://shop.example:443/a?b=1 HTTP/2.0',
        user_agent: 'Firefox',
      },
    ],
    [
      'CloudFront',
      {
        date: '2026-03-01',
        time: '12:00:00',
        'c-ip': '203.0.113.9',
        'cs-method': 'GET',
        'cs-uri-stem': '/a',
        'cs-uri-query': 'b=1',
        'sc-status': 200,
        'cs(User-Agent)': 'Firefox',
      },
    ],
    [
      'Elastic Common Schema, keys with dots',
      {
        '@timestamp': '2026-03-01T12:00:00.000Z',
        'client.ip': '203.0.113.9',
        http: { 'request.method': 'GET', response: { status_code: 200 } },
        url: { path: '/a', query: 'b=1' },
        'user_agent.original': 'Firefox',
      },
    ],
  ])('is understood as %s writes it', async (_who, line) => {
    expect(await readOne(line)).toMatchObject(wanted)
  })
  it('takes the fields that were named, with their units', async () => {
    const line = {
      '@timestamp': NOON + 1500,
      r: { m: 'get', u: '/a?b=1' },
      s: '200',
      at: 'u7',
      t: 1.5,
    }
    const map = 'time=@timestamp,method=r.m,path=r.u,status=s,user=at,duration=t:s'
    expect(await readOne(line, map)).toMatchObject({
      user: 'u7',
      address: '',
      userAgent: undefined,
      timeMs: NOON,
      method: 'GET',
      target: '/a?b=1',
    })
  })
  it.each(['path', 'path=', 'paht=req.url', 'path=a,path=b', 'duration=took', 'duration=took:min'])(
    'refuses --fields %s',
    (text) => {
      expect(() => parseFieldMap(text)).toThrow(expect.objectContaining({ code: 'bad-flag' }))
    },
  )
  it('counts other lines of an application, and lines that are cut off', async () => {
    const line = { time: NOON, method: 'GET', path: '/', status: 200, ip: '::1', userAgent: 'x' }
    const lines = Array.from({ length: 40 }, () => line)
    const { requests, entries, malformed } = await read([
      { time: NOON, msg: 'listening' },
      ...lines,
      '{"time":17',
      { ...line, userAgent: undefined },
    ])
    expect([entries, malformed]).toEqual([43, 1])
    expect(requests.filter(({ leftOut }) => leftOut === 'notRequests')).toHaveLength(1)
    // The log has agents, so this client sent none.
    expect(requests.at(-1)?.userAgent).toBe('')
  })
})
