/** The headers by which a target's owner tells our requests apart and finds them in traces. */

import { ARMS, type Arm } from '../core/arm.ts'
import { hash53 } from '../core/random.ts'

/** Says to the target, in every request, that no person sent it. */
export const SYNTHETIC_HEADER = ['x-synthetic', 'outrider'] as const

/** Makes the W3C `traceparent` of one request; the arms of a pair share a trace, sampled. */
export type TraceParent = (pair: string, arm: Arm) => string

/** The trace id is fixed by run, seed and pair: a sample can be found in the target's traces. */
export function createTraceParent(runId: string, seed: number): TraceParent {
  // The first digit is never 0, because an id of zeros is invalid.
  const run = `a${hex(hash53(seed, `trace:${runId}`), 15)}`
  // The arms of a pair ask one after the other.
  let lastPair = ''
  let own = ''
  return (pair, arm) => {
    if (pair !== lastPair) {
      own = hex(hash53(seed, `trace:${pair}`), 14)
      lastPair = pair
    }
    return `00-${run}00${own}-${ARMS.indexOf(arm) + 1}0${own}-01`
  }
}

/** In two parts, because whole numbers beyond 32 bits are slow to write in hex: 0.4 for 0.9 µs. */
function hex(value: number, digits: number): string {
  const high = Math.floor(value / 2 ** 32)
  const low = value >>> 0
  return high.toString(16).padStart(digits - 8, '0') + low.toString(16).padStart(8, '0')
}

/**
 * Adds what Outrider puts into every request: the headers of the arm (Host among them), how the
 * profile shows, that it is synthetic, and its trace. What the action says itself wins, then what
 * was configured for the arm.
 */
export function stampHeaders(
  headers: string[],
  traceParent: string,
  armHeaders: readonly string[],
  identity: readonly string[],
): void {
  addMissing(headers, armHeaders)
  addMissing(headers, identity)
  addMissing(headers, ACCEPT_ENCODING)
  headers.push(...SYNTHETIC_HEADER, 'traceparent', traceParent)
}

/**
 * What browsers accept. A target that compresses for its users is to compress here too: that costs
 * it time, and goes wrong in ways of its own. Checks and captures read all four.
 */
const ACCEPT_ENCODING = ['accept-encoding', 'gzip, deflate, br, zstd']

function addMissing(headers: string[], more: readonly string[]): void {
  const there = headers.length
  for (let index = 0; index < more.length; index += 2) {
    const name = more[index] ?? ''
    if (!names(headers, there, name)) headers.push(name, more[index + 1] ?? '')
  }
}

function names(headers: readonly string[], length: number, name: string): boolean {
  for (let index = 0; index < length; index += 2) if (headers[index] === name) return true
  return false
}
