/**
 * What passed through the recorder, in memory only, within limits.
 *
 * Addresses and cookies become pseudonyms before anything is kept, with a key that is gone when the
 * recording ends. Bodies are held as they passed until then, because what is a live id and
 * what is typed shows only when later requests are known; nothing of them is written.
 */

import type { IncomingMessage } from 'node:http'
import { formOf, isIdentifier } from '../../actions/propose/path/form.ts'
import { decodeSegment, pathSegments } from '../../actions/route.ts'
import { createPseudonyms, type Pseudonyms } from '../derive/pseudonyms.ts'
import type { LoggedRequest } from '../derive/read/request.ts'
import { SESSION_GAP_MS } from '../derive/sessionise.ts'
import { Entry, type Who } from './entry.ts'
import { BodyBudget } from './tap.ts'

const MOST_EXCHANGES = 200_000
const MOST_BODY_BYTES_HELD = 128 * 2 ** 20
const MOST_CLIENTS = 100_000
const MOST_SHAPES = 5_000
const MOST_TARGET_CHARS = 8192

export interface TapeCounts {
  readonly requests: number
  readonly failed: number
  readonly clients: number
  /** Addresses, or values of the client cookie: what k counts. */
  readonly people: number
  readonly sessions: number
  /** Paths that differ in more than an identifier, so about as many as there will be actions. */
  readonly actions: number
  /** Passed through unrecorded, because the tape is full. */
  readonly beyondLimit: number
  /** Upgraded connections (WebSocket), which pass through unrecorded. */
  readonly tunnels: number
}

export interface TapeOptions {
  /** Tells clients apart, where many share one address. */
  readonly clientCookie?: string
  /** Headers of requests whose values may be written, beside the usual ones that are looked at. */
  readonly keepHeaders?: readonly string[]
  /** Wall time in milliseconds. */
  readonly wallMs: () => number
}

export class Tape {
  readonly #options: TapeOptions
  readonly #headers: ReadonlySet<string>
  readonly #entries: Entry[] = []
  readonly #over: Entry[] = []
  readonly #budget = new BodyBudget(MOST_BODY_BYTES_HELD)
  readonly #pseudonyms: Pseudonyms = createPseudonyms()
  readonly #people = new Set<string>()
  readonly #lastSeenMs = new Map<string, number>()
  readonly #shapes = new Set<string>()
  #requests = 0
  #failed = 0
  #sessions = 0
  #beyondLimit = 0
  #tunnels = 0

  constructor(options: TapeOptions) {
    this.#options = options
    this.#headers = new Set(options.keepHeaders?.map((name) => name.toLowerCase()))
  }

  /** Undefined where the tape is full. @param target path with query */
  begin(request: IncomingMessage, target: string): Entry | undefined {
    this.#requests += 1
    if (this.#entries.length >= MOST_EXCHANGES || target.length > MOST_TARGET_CHARS) {
      this.#beyondLimit += 1
      return undefined
    }
    const cookie = cookieOf(request.headers.cookie, this.#options.clientCookie)
    const entry = new Entry(request, {
      target,
      timeMs: this.#options.wallMs(),
      who: this.#whoIs(request, cookie),
      budget: this.#budget,
      headers: this.#headers,
    })
    this.#entries.push(entry)
    return entry
  }

  /** The head of the answer is there. A first visit gets its cookie only now. */
  answered(entry: Entry, request: IncomingMessage, answer: IncomingMessage): void {
    const name = this.#options.clientCookie
    if (name !== undefined && cookieOf(request.headers.cookie, name) === undefined) {
      const given = (answer.headers['set-cookie'] ?? [])
        .map((line) => cookieOf(line.split(';', 1)[0], name))
        .find((value) => value !== undefined)
      if (given !== undefined) entry.who = this.#whoIs(request, given)
    }
    entry.answered(answer)
    this.#see(entry)
  }

  failed(entry: Entry | undefined, status: number): void {
    this.#failed += 1
    if (entry === undefined) return
    if (entry.status === 0) this.#see(entry)
    entry.status = status
    entry.responseTap.drop()
    this.over(entry)
  }

  /** Its answer has passed, or will not. */
  over(entry: Entry): void {
    if (entry.isOver) return
    entry.isOver = true
    this.#over.push(entry)
  }

  /** Up to `most` of those that are over and were not given here before; they stay on the tape. */
  passed(most: number): LoggedRequest[] {
    const some = this.#over.splice(0, most)
    return some.filter(({ status }) => status > 0).map((entry) => entry.copy())
  }

  tunnelled(): void {
    this.#tunnels += 1
  }

  counts(): TapeCounts {
    return {
      requests: this.#requests,
      failed: this.#failed,
      clients: this.#lastSeenMs.size,
      people: this.#people.size,
      sessions: this.#sessions,
      actions: this.#shapes.size,
      beyondLimit: this.#beyondLimit,
      tunnels: this.#tunnels,
    }
  }

  /** All that was answered, in the order in which it was asked; empties the tape. */
  requests(): LoggedRequest[] {
    const entries = this.#entries.splice(0)
    this.#over.length = 0
    return entries.filter(({ status }) => status > 0).map((entry) => entry.request())
  }

  #whoIs(request: IncomingMessage, cookie: string | undefined): Who {
    const address = this.#pseudonyms(request.socket.remoteAddress ?? '')
    const userAgent = request.headers['user-agent'] ?? ''
    return { address, user: cookie === undefined ? '' : this.#pseudonyms(cookie), userAgent }
  }

  #see({ who, timeMs, method, target }: Entry): void {
    const client = `${who.user || who.address} ${who.userAgent}`
    const lastMs = this.#lastSeenMs.get(client)
    if (lastMs === undefined || timeMs - lastMs > SESSION_GAP_MS) this.#sessions += 1
    if (lastMs !== undefined || this.#lastSeenMs.size < MOST_CLIENTS) {
      this.#lastSeenMs.set(client, timeMs)
      this.#people.add(who.user || who.address)
    }
    if (this.#shapes.size >= MOST_SHAPES) return
    const segments = pathSegments(target.split('?', 1)[0] ?? '')
    const shape = segments.map((part) => (isIdentifier(formOf(decodeSegment(part))) ? ':' : part))
    this.#shapes.add(`${method} /${shape.join('/')}`)
  }
}

function cookieOf(header: string | undefined, name: string | undefined): string | undefined {
  if (header === undefined || name === undefined) return undefined
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return undefined
}
