/**
 * Where the fields of a request stand in a log line of JSON. By default under any of the names that
 * known servers and log libraries use; `--fields time=@timestamp,path=req.url` names them.
 */

import { UsageError } from '../../../core/errors.ts'
import { suggest } from '../../../core/suggest.ts'

export const JSON_FIELDS = [
  'time',
  'method',
  'path',
  'query',
  'status',
  'client',
  'agent',
  'user',
  'country',
  'duration',
] as const
export type JsonField = (typeof JSON_FIELDS)[number]

/** Dotted paths by field; a part may itself hold dots, as in `{"http.method": "GET"}`. */
export type FieldMap = Readonly<Partial<Record<JsonField, string>>>

/** Names in the order in which they are looked for. */
export const KNOWN_NAMES: Readonly<Record<JsonField, readonly string[]>> = {
  // nginx, Apache, ECS, Caddy and zap, pino and Bunyan, Traefik, Envoy, Cloudflare, GCP, CloudFront
  time: [
    'time_iso8601',
    'time_local',
    'msec',
    'StartUTC',
    'StartLocal',
    'start_time',
    'request_creation_time',
    'EdgeStartTimestamp',
    '@timestamp',
    'timestamp',
    'ts',
    'time',
    'datetime',
    'timestamp(ms)',
    'date',
  ],
  method: [
    'request_method',
    'req.method',
    'request.method',
    'RequestMethod',
    'http.request.method',
    'http.method',
    'httpRequest.requestMethod',
    'ClientRequestMethod',
    'requestMethod',
    'cs-method',
    'cs_method',
    'method',
    'verb',
  ],
  path: [
    'request_uri',
    'req.url',
    'request.uri',
    'RequestPath',
    'url.original',
    'http.target',
    'http.url',
    'httpRequest.requestUrl',
    'ClientRequestURI',
    'request.url',
    'request.path',
    'cs-uri-stem',
    'cs_uri_stem',
    'url.path',
    'x_envoy_original_path',
    'path',
    'uri',
    'url',
    'request',
    'request_line',
    'requestLine',
  ],
  query: [
    'query_string',
    'args',
    'url.query',
    'cs-uri-query',
    'cs_uri_query',
    'queryString',
    'query',
  ],
  status: [
    'res.statusCode',
    'http.response.status_code',
    'http.status_code',
    'DownstreamStatus',
    'response_code',
    'elb_status_code',
    'httpRequest.status',
    'EdgeResponseStatus',
    'response.status',
    'response.statusCode',
    'sc-status',
    'sc_status',
    'status_code',
    'statusCode',
    'status',
    'code',
  ],
  // What a proxy was told goes before the address of the proxy.
  client: [
    'http_x_forwarded_for',
    'x_forwarded_for',
    'x-forwarded-for',
    'req.headers.x-forwarded-for',
    'request.client_ip',
    'request.remote_ip',
    'ClientHost',
    'ClientAddr',
    'ClientIP',
    'client.ip',
    'client.address',
    'client_ip',
    'clientIp',
    'clientip',
    'source.ip',
    'source.address',
    'httpRequest.remoteIp',
    'remote_addr',
    'remote_ip',
    'remoteIP',
    'remoteIp',
    'remoteAddress',
    'req.remoteAddress',
    'req.ip',
    'downstream_remote_address',
    'client:port',
    'client_port',
    'c-ip',
    'c_ip',
    'net.peer.ip',
    'ip',
    'client',
  ],
  agent: [
    'http_user_agent',
    'request_User-Agent',
    'request.headers.User-Agent',
    'req.headers.user-agent',
    'user_agent.original',
    'http.user_agent',
    'httpRequest.userAgent',
    'ClientRequestUserAgent',
    'cs(User-Agent)',
    'cs_user_agent',
    'cs-user-agent',
    'user_agent',
    'userAgent',
    'headers.user-agent',
    'agent',
    'ua',
  ],
  user: [
    'enduser.id',
    'user.id',
    'session.id',
    'session_id',
    'sessionId',
    'user_id',
    'userId',
    'remote_user',
    'request.user_id',
    'ClientUsername',
  ],
  country: [
    'client.geo.country_iso_code',
    'geo.country_iso_code',
    'geoip_country_code',
    'geoip.country_code2',
    'ClientCountry',
    'c-country',
    'request.headers.Cf-Ipcountry',
    'country',
  ],
  duration: [],
}

/** Milliseconds of one of these. */
const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000 }

export interface Duration {
  readonly path: string
  readonly unitMs: number
}

/** Durations with a known unit, in logs whose time is that of the answer. */
export const KNOWN_DURATIONS: readonly Duration[] = [
  { path: 'request_time', unitMs: 1000 },
  { path: 'responseTime', unitMs: 1 },
]

/**
 * `time=@timestamp,path=req.url` as a map.
 * @throws UsageError with code `bad-flag`
 */
export function parseFieldMap(text: string): FieldMap {
  const map: Partial<Record<JsonField, string>> = {}
  for (const part of text.split(',')) {
    const cut = part.indexOf('=')
    const name = part.slice(0, cut).trim()
    const path = part.slice(cut + 1).trim()
    const field = JSON_FIELDS.find((known) => known === name)
    if (cut < 1 || path === '') throw badFields(part, 'write it like path=req.url')
    if (field === undefined) throw badFields(part, suggest(name, [...JSON_FIELDS]))
    if (map[field] !== undefined) throw badFields(part, `"${field}" is there twice`)
    if (field === 'duration') durationOf(path)
    map[field] = path
  }
  return map
}

/**
 * `took:ms` as a path and its unit.
 * @throws UsageError with code `bad-flag` where the unit is missing
 */
export function durationOf(text: string): Duration {
  const [, path, unit = ''] = /^(.+):(\w+)$/.exec(text) ?? []
  const unitMs = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined
  if (path === undefined || unitMs === undefined) {
    throw badFields(`duration=${text}`, 'write its unit: duration=took:ms (ns, us, ms or s)')
  }
  return { path, unitMs }
}

function badFields(part: string, mend: string): UsageError {
  return new UsageError(`Cannot read --fields: "${part}" is not a value for it`, {
    code: 'bad-flag',
    where: '--fields',
    mend,
  })
}
