/**
 * Example exchanges of one action: a few pairs worth seeing, copied out of what the generator hands
 * over, within a budget of bytes. Bodies are kept as they came over the wire; what may be shown of
 * them is decided where they are shown.
 */

import { isFailure, type Outcome } from '../../core/contract/sample.ts'
import type { Exchange, Remembered } from '../../generator/traffic.ts'

/** Kept of a body; more of it is counted only. */
export const KEPT_BODY_BYTES = 4096
export const KEPT_PATH_CHARS = 4096
const KEPT_HEADERS = 60
const KEPT_NAME_CHARS = 100
export const KEPT_VALUE_CHARS = 1000
const KEPT_REASON_CHARS = 500

/** A body as far as it was kept. */
export interface KeptBody {
  /** Left out for what is no text. */
  readonly kept?: Uint8Array
  /** Length of the whole body. */
  readonly bytes: number
}

export interface ExampleSide {
  readonly outcome: Outcome
  readonly status?: number
  readonly reason?: string
  readonly latencyMs: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: KeptBody
}

export interface Example {
  /** The canary failed and the baseline did not; the canary was slower; or nothing of the kind. */
  readonly kind: 'failed' | 'slow' | 'ordinary'
  readonly action: string
  readonly pair: string
  /** Seconds from the start of the run. */
  readonly at: number
  /** Canary ÷ baseline of the latencies. */
  readonly ratio: number
  /** What the canary was asked. */
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers: readonly (readonly [name: string, value: string])[]
    readonly body?: KeptBody
    /** Path or headers were too long to be kept as they were. */
    readonly cut: boolean
  }
  readonly baseline: ExampleSide
  readonly canary: ExampleSide
}

/** How many of a kind are kept of an action: five together. */
const KEPT: Readonly<Record<Example['kind'], number>> = { failed: 2, slow: 2, ordinary: 1 }
/** After this time a failure or an ordinary pair gives way, and a slow one counts half. */
const STALE_SECONDS = 30

/** Bytes that all examples of a worker may still take. */
export interface Budget {
  left: number
}

export interface Offer {
  readonly action: string
  readonly pair: string
  readonly at: number
  readonly baseline: Exchange
  readonly canary: Exchange
}

export class Examples {
  readonly #budget: Budget
  readonly #kept: { readonly example: Example; readonly bytes: number }[] = []

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Takes the pair if both arms remember it and it is worth more than what is kept. */
  offer(offer: Offer): void {
    const { baseline, canary } = offer
    if (baseline.remembered === undefined || canary.remembered === undefined) return
    const ratio = canary.latencyMs / Math.max(baseline.latencyMs, 0.01)
    for (const kind of kindsOf(baseline, canary, ratio)) {
      const replaced = this.#placeFor(kind, ratio, offer.at)
      if (replaced === 'none') continue
      const example = exampleOf(kind, ratio, offer, baseline.remembered, canary.remembered)
      if (this.#keep(example, replaced)) return
    }
  }

  all(): Example[] {
    return this.#kept.map(({ example }) => example)
  }

  clear(): void {
    for (const { bytes } of this.#kept.splice(0)) this.#budget.left += bytes
  }

  /** Which example gives way: none has to, one at this index, or the offer itself (`none`). */
  #placeFor(kind: Example['kind'], ratio: number, at: number): number | undefined | 'none' {
    const own = this.#kept.flatMap(({ example }, index) =>
      example.kind === kind ? [{ index, example }] : [],
    )
    if (own.length < KEPT[kind]) return undefined
    const worth = ({ example }: (typeof own)[number]): number =>
      kind === 'slow' ? slownessOf(example.ratio, at - example.at) : example.at
    const least = own.reduce((left, right) => (worth(right) < worth(left) ? right : left))
    const isWorthMore =
      kind === 'slow' ? slownessOf(ratio, 0) > worth(least) : at - worth(least) > STALE_SECONDS
    return isWorthMore ? least.index : 'none'
  }

  #keep(example: Example, replaced: number | undefined): boolean {
    const bytes = bytesOf(example)
    const freed = replaced === undefined ? 0 : (this.#kept[replaced]?.bytes ?? 0)
    if (this.#budget.left + freed < bytes) return false
    this.#budget.left += freed - bytes
    if (replaced !== undefined) this.#kept.splice(replaced, 1)
    this.#kept.push({ example, bytes })
    return true
  }
}

/** The logarithm of how much slower, halved with each half minute of age. */
function slownessOf(ratio: number, ageSeconds: number): number {
  return Math.log(ratio) * 0.5 ** (ageSeconds / STALE_SECONDS)
}

/** What a pair could be kept as, the most telling first; nothing where only the baseline failed. */
function kindsOf(baseline: Exchange, canary: Exchange, ratio: number): Example['kind'][] {
  if (isFailure(canary.outcome)) return isFailure(baseline.outcome) ? [] : ['failed']
  if (isFailure(baseline.outcome)) return []
  return ratio > 1 ? ['slow', 'ordinary'] : ['ordinary']
}

function exampleOf(
  kind: Example['kind'],
  ratio: number,
  { action, pair, at, baseline, canary }: Offer,
  baselineSaid: Remembered,
  canarySaid: Remembered,
): Example {
  const { request } = canarySaid
  const named: [string, string][] = []
  for (let index = 0; index < request.headers.length; index += 2) {
    named.push([request.headers[index] ?? '', request.headers[index + 1] ?? ''])
  }
  const headers = keptHeaders(named)
  const wasKept = ([name, value]: readonly [string, string], index: number): boolean =>
    headers[index]?.[0] === name && headers[index]?.[1] === value
  return {
    kind,
    action,
    pair,
    at,
    ratio,
    request: {
      method: request.method,
      path: request.path.slice(0, KEPT_PATH_CHARS),
      headers,
      ...(request.body === undefined ? {} : { body: requestBody(request.body, named) }),
      cut: request.path.length > KEPT_PATH_CHARS || !named.every(wasKept),
    },
    baseline: sideOf(baseline, baselineSaid),
    canary: sideOf(canary, canarySaid),
  }
}

function sideOf({ outcome, status, reason, latencyMs }: Exchange, said: Remembered): ExampleSide {
  const headers = keptHeaders(
    Object.entries(said.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value].flat().join(', ')]],
    ),
  )
  return {
    outcome,
    ...(status === undefined ? {} : { status }),
    ...(reason === undefined ? {} : { reason: reason.slice(0, KEPT_REASON_CHARS) }),
    latencyMs,
    headers,
    body: keptBody(said.chunks, said.bodyBytes, valueOf(headers, 'content-type')),
  }
}

function requestBody(body: string | Buffer, headers: readonly [string, string][]): KeptBody {
  // Four bytes a character at most: the beginning of a long text is enough to cut from.
  const start = typeof body === 'string' ? Buffer.from(body.slice(0, KEPT_BODY_BYTES)) : body
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  return keptBody([start], bytes, valueOf(headers, 'content-type'))
}

/** Never a view: a part of a chunk would keep the whole chunk alive. */
function keptBody(
  chunks: readonly Buffer[],
  bytes: number,
  contentType: string | undefined,
): KeptBody {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  const kept = new Uint8Array(Math.min(length, KEPT_BODY_BYTES))
  let filled = 0
  for (const chunk of chunks) {
    const part = chunk.subarray(0, kept.length - filled)
    kept.set(part, filled)
    filled += part.length
  }
  return isText(contentType, kept) ? { kept, bytes } : { bytes }
}

const TEXT_TYPES = /^text\/|\bjson\b|\bxml\b|javascript|x-www-form-urlencoded|graphql/i

function isText(contentType: string | undefined, body: Uint8Array): boolean {
  return contentType === undefined ? !body.includes(0) : TEXT_TYPES.test(contentType)
}

function keptHeaders(
  headers: readonly (readonly string[])[],
): (readonly [name: string, value: string])[] {
  return headers
    .slice(0, KEPT_HEADERS)
    .map(
      ([name = '', value = '']) =>
        [name.slice(0, KEPT_NAME_CHARS), value.slice(0, KEPT_VALUE_CHARS)] as const,
    )
}

function valueOf(headers: readonly (readonly string[])[], wanted: string): string | undefined {
  return headers.find(([name]) => name?.toLowerCase() === wanted)?.[1]
}

/** Two bytes a character, which is what a string takes at most. */
function bytesOf({ request, baseline, canary, pair }: Example): number {
  const side = ({ headers, body, reason = '' }: ExampleSide): number =>
    2 * (charsOf(headers) + reason.length) + (body.kept?.length ?? 0)
  const asked = 2 * (request.path.length + charsOf(request.headers) + pair.length)
  return asked + (request.body?.kept?.length ?? 0) + side(baseline) + side(canary)
}

function charsOf(headers: ExampleSide['headers']): number {
  return headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
}
