/**
 * A server whose delay is known: each answer says in `x-delay-ms` how long the request really stayed
 * here, from the moment its head was read. `GET /begin?mode=…` starts a run: `fixed` (5 ms), `tail`
 * (2 ms, every 100th 100 ms) or `stall` (2 ms, and no answers in the last tenth of each `period` ms);
 * `GET /truth` says what was given since then. It wakes at the earliest a little too soon and waits
 * the rest, so that its own timer does not blur the truth.
 */

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Truth } from '../clients/results.ts'

type Mode = 'fixed' | 'tail' | 'stall'

const FIXED_MS = 5
const SHORT_MS = 2
const TAIL_MS = 100
const SLOT_MS = 10

let mode: Mode = 'fixed'
let periodMs = 5000
let begunMs = performance.now()
let given: number[] = []
const slots = new Map<number, number>()

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const arrivedMs = performance.now()
  request.resume()
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname === '/begin') {
    mode = modeOf(searchParams.get('mode'))
    periodMs = Number(searchParams.get('period') ?? 5000)
    begunMs = performance.now()
    given = []
    slots.clear()
    response.end()
  } else if (pathname === '/truth') {
    response.end(JSON.stringify(truth()))
  } else {
    const slot = Math.floor((arrivedMs - begunMs) / SLOT_MS)
    slots.set(slot, (slots.get(slot) ?? 0) + 1)
    answerAt(arrivedMs, arrivedMs + delayMs(arrivedMs), response)
  }
})

let count = 0

function delayMs(nowMs: number): number {
  count += 1
  if (mode === 'fixed') return FIXED_MS
  if (mode === 'tail') return count % 100 === 0 ? TAIL_MS : SHORT_MS
  const inPeriodMs = (nowMs - begunMs) % periodMs
  const stallFromMs = periodMs * 0.9
  return Math.max(SHORT_MS, inPeriodMs >= stallFromMs - SHORT_MS ? periodMs - inPeriodMs : 0)
}

function answerAt(arrivedMs: number, atMs: number, response: ServerResponse): void {
  const leftMs = atMs - performance.now()
  if (leftMs > 0.05) {
    setTimeout(() => answerAt(arrivedMs, atMs, response), Math.max(0, leftMs - 0.5))
    return
  }
  const wasMs = performance.now() - arrivedMs
  given.push(wasMs)
  response.writeHead(200, { 'x-delay-ms': wasMs.toFixed(3) }).end('{}')
}

/** Arrivals per 10 ms: their variance over their mean is 1 for Poisson, 0 where they come evenly. */
function truth(): Truth {
  const sorted = Float64Array.from(given).toSorted()
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  const last = Math.max(1, ...slots.keys())
  const mean = given.length / last
  let squares = 0
  for (let slot = 0; slot < last; slot += 1) squares += ((slots.get(slot) ?? 0) - mean) ** 2
  return {
    count: given.length,
    meanMs: given.reduce((sum, ms) => sum + ms, 0) / Math.max(1, given.length),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    bursts: mean === 0 ? 0 : squares / last / mean,
  }
}

function modeOf(text: string | null): Mode {
  return text === 'tail' || text === 'stall' ? text : 'fixed'
}

server.listen(0, '127.0.0.1', 4096, () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ url: `http://127.0.0.1:${port}` })
})
