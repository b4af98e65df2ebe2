/** Headers on their way through: what belongs to one connection stays on it (RFC 9110, 7.6.1). */

/** Flat: name, value, name, value, … as node:http gives and takes them. */
export type RawHeaders = readonly string[]

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Never taken out because `Connection` names it: a body without its length is another request. */
const FRAMES_BODY = 'content-length'

const FORWARDED = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host']

/** Without hop-by-hop headers, those that `Connection` names, and those of `also`. */
export function endToEnd(headers: RawHeaders, also: readonly string[] = []): string[] {
  const named = namedByConnection(headers).filter((name) => name !== FRAMES_BODY)
  const dropped = new Set([...also, ...named])
  const kept: string[] = []
  for (const [name, value] of pairsOf(headers)) {
    const lower = name.toLowerCase()
    if (!HOP_BY_HOP.has(lower) && !dropped.has(lower)) kept.push(name, value)
  }
  return kept
}

export interface Client {
  readonly address: string
  /** What is sent as Host; left out = what the client sent. */
  readonly host?: string
}

/**
 * Headers of a request to an arm: end-to-end ones, the Host, and who asked. The proxy answers
 * `Expect: 100-continue` itself.
 */
export function requestHeaders(headers: RawHeaders, client: Client): string[] {
  const sent = findHeader(headers, 'host') ?? ''
  const chain = findHeader(headers, 'x-forwarded-for')
  return [
    'Host',
    client.host ?? sent,
    ...endToEnd(headers, ['host', 'expect', ...FORWARDED]),
    'X-Forwarded-For',
    chain === undefined ? client.address : `${chain}, ${client.address}`,
    'X-Forwarded-Proto',
    findHeader(headers, 'x-forwarded-proto') ?? 'http',
    'X-Forwarded-Host',
    findHeader(headers, 'x-forwarded-host') ?? sent,
  ]
}

/** The first value of a header; `name` in lower case. */
export function findHeader(headers: RawHeaders, name: string): string | undefined {
  for (const [found, value] of pairsOf(headers)) {
    if (found.toLowerCase() === name) return value
  }
  return undefined
}

function namedByConnection(headers: RawHeaders): string[] {
  const names: string[] = []
  for (const [name, value] of pairsOf(headers)) {
    if (name.toLowerCase() !== 'connection') continue
    for (const named of value.split(',')) names.push(named.trim().toLowerCase())
  }
  return names
}

function* pairsOf(headers: RawHeaders): Generator<readonly [string, string]> {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    yield [headers[index] ?? '', headers[index + 1] ?? '']
  }
}
