/**
 * One GET whose answer is text: with a time limit, a size limit, and connections that are kept, so
 * that asking once a second costs the target little. Redirects are not followed: only addresses of
 * the configuration are asked.
 */

import {
  Agent,
  request as requestHttp,
  type ClientRequestArgs,
  type IncomingMessage,
} from 'node:http'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Reach } from '../../generator/client.ts'
import { createOpener, type Open, type Opening } from '../../generator/client/open.ts'
import { mendOf, wordsOf } from '../../generator/client/reason.ts'
import { MeterFault, quoted } from './meter.ts'

/** Bytes of one answer, unpacked. */
export const MOST_BYTES = 10_000_000

export interface ReaderOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** The way there, for every address that is read; its headers give way to the ones above. */
  readonly reach?: Reach
}

export interface TextAnswer {
  readonly status: number
  readonly text: string
  /** Where a redirect leads, as it was written. */
  readonly location?: string
}

export interface TextReader {
  /** @throws MeterFault `unreachable` or `garbage` */
  read(url: string, signal: AbortSignal): Promise<TextAnswer>
  close(): void
}

export function createTextReader(options: ReaderOptions): TextReader {
  const agents = new Agents(options.reach ?? {})
  return {
    read: async (url, signal) => {
      try {
        return await readOnce(url, options, agents, signal)
      } catch (thrown) {
        if (!isStale(thrown)) throw faultOf(thrown)
      }
      try {
        return await readOnce(url, options, agents, signal)
      } catch (thrown) {
        throw faultOf(thrown)
      }
    },
    close: () => agents.close(),
  }
}

/** Connections by origin, opened the way that the arms' are. */
class Agents {
  readonly #reach: Reach
  readonly #agents = new Map<string, OpeningAgent>()

  constructor(reach: Reach) {
    this.#reach = reach
  }

  of(origin: string): Agent {
    const known = this.#agents.get(origin)
    if (known !== undefined) return known
    const { http2: _http2, ...reach } = this.#reach
    // Which arm it is says nothing about the way.
    const agent = new OpeningAgent(createOpener({ arm: 'baseline', url: origin, ...reach }))
    this.#agents.set(origin, agent)
    return agent
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
  }
}

/** Speaks HTTP over what the opener gives, TLS or not. */
class OpeningAgent extends Agent {
  readonly #open: Open

  constructor(open: Open) {
    super({ keepAlive: true, maxSockets: 8 })
    this.#open = open
  }

  override createConnection(
    { until }: ClientRequestArgs & { readonly until?: AbortSignal },
    callback?: (fault: Error | null, stream: Duplex) => void,
  ): undefined {
    const end = (fault: Error | null, socket: Duplex | null): void => {
      until?.removeEventListener('abort', giveUp)
      // Node takes one of the two, as its types cannot say.
      if (callback !== undefined) Reflect.apply(callback, undefined, [fault, socket])
    }
    // Node itself ends a request only when there is a connection for it.
    const giveUp = (): void => {
      opening.destroy()
      end(new Error('nobody waits for it'), null)
    }
    const opening: Opening = this.#open(undefined, end)
    until?.addEventListener('abort', giveUp)
  }
}

async function readOnce(
  url: string,
  options: ReaderOptions,
  agents: Agents,
  stop: AbortSignal,
): Promise<TextAnswer> {
  const timeout = AbortSignal.timeout(options.timeoutMs)
  const signal = AbortSignal.any([stop, timeout])
  try {
    const response = await answerTo(url, options, agents, signal)
    const { statusCode: status = 0, headers } = response
    const text = await textOf(response, signal)
    return {
      status,
      text,
      ...(headers.location === undefined ? {} : { location: headers.location }),
    }
  } catch (thrown) {
    // What ends a request in the middle of its answer looks like the other side's fault.
    throw timeout.aborted ? timedOut(options.timeoutMs) : thrown
  }
}

function answerTo(
  url: string,
  { headers, reach = {} }: ReaderOptions,
  agents: Agents,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { origin, host, pathname, search } = new URL(url)
  const own = { host: reach.host ?? host, 'user-agent': 'outrider', 'accept-encoding': 'gzip' }
  const settings = {
    path: `${pathname}${search}`,
    headers: { ...own, ...reach.headers, ...headers },
    agent: agents.of(origin),
    signal,
    // Node keeps `signal` from its agent.
    until: signal,
  }
  return new Promise((resolve, reject) => {
    const request = requestHttp(settings)
    request.on('response', resolve)
    request.on('error', (error) => {
      reject(request.reusedSocket ? new StaleConnection(error) : error)
    })
    request.end()
  })
}

/** The server closed a kept connection in the moment in which it was used again. */
class StaleConnection extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause })
  }
}

function isStale(thrown: unknown): boolean {
  return thrown instanceof StaleConnection && codeOf(thrown.cause) === 'ECONNRESET'
}

async function textOf(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const encoding = (response.headers['content-encoding'] ?? 'identity').toLowerCase()
  const chunks: Buffer[] = []
  let size = 0
  const keep = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) {
      size += chunk.length
      if (size > MOST_BYTES) throw tooLarge()
      chunks.push(chunk)
    }
  }
  if (/^(?:x-)?gzip$/.test(encoding)) {
    await pipeline(response, createGunzip(), keep, { signal })
  } else if (encoding === 'identity') {
    await pipeline(response, keep, { signal })
  } else {
    response.destroy()
    const why = `answers in the encoding "${quoted(encoding)}", which was not asked for`
    throw new MeterFault('garbage', why, 'let it answer plainly or with gzip')
  }
  return Buffer.concat(chunks).toString('utf8')
}

function tooLarge(): MeterFault {
  return new MeterFault(
    'garbage',
    `answers with more than ${MOST_BYTES / 1_000_000} MB`,
    'name an address that tells less',
  )
}

function codeOf(thrown: unknown): string {
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined
  return typeof code === 'string' ? code : ''
}

const IN_WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'has a name that cannot be resolved',
  EAI_AGAIN: 'has a name that cannot be resolved',
  EHOSTUNREACH: 'cannot be reached from here',
  ENETUNREACH: 'cannot be reached from here',
  ETIMEDOUT: 'did not answer',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate that is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'has a certificate that is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
}

function timedOut(timeoutMs: number): MeterFault {
  return new MeterFault(
    'unreachable',
    `did not answer within ${timeoutMs / 1000} s`,
    'find out what it waits for, or name another source',
  )
}

function faultOf(thrown: unknown): MeterFault {
  if (thrown instanceof MeterFault) return thrown
  const error = thrown instanceof StaleConnection ? thrown.cause : thrown
  const code = codeOf(error)
  if (/^(?:HPE_|Z_)/.test(code)) {
    const what = code.startsWith('Z_') ? 'with broken gzip' : 'no valid HTTP'
    return new MeterFault('garbage', `answers ${what} (${code})`, 'check the address')
  }
  const words = error instanceof Error ? wordsOf(error) : messageOf(error)
  const mend = error instanceof Error ? mendOf(error) : ''
  return new MeterFault('unreachable', IN_WORDS[code] ?? readsOn(quoted(words)), mend)
}

/** `it refused …` goes on with the sentence that begins with the address. */
function readsOn(words: string): string {
  return words.startsWith('it ') ? words.slice(3) : `cannot be read: ${words}`
}

function messageOf(error: unknown): string {
  return quoted(error instanceof Error ? error.message : String(error))
}

/** @throws MeterFault unless the status is 200 */
export function expectOk(status: number): void {
  if (status === 200) return
  if (status === 401 || status === 403) {
    throw new MeterFault(
      'refused',
      `answers ${status}: it wants credentials`,
      'name a variable in headers_env: { authorization: VARIABLE }',
    )
  }
  const redirect = status >= 300 && status < 400 ? ', and redirects are not followed' : ''
  throw new MeterFault('refused', `answers ${status}${redirect}`, 'check the address')
}

/** For people: without the query, which may hold what nobody should read. */
export function shownAddress(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
