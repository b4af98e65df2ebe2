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

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

/**
 * Adds what Outrider puts into every request: that it is synthetic, its trace, the Host to ask
 * for and how the profile shows. What the action says itself wins.
 */
export function stampHeaders(
  headers: string[],
  traceParent: string,
  host: string | undefined,
  identity: readonly string[],
): void {
  const own = headers.length
  for (let index = 0; index < identity.length; index += 2) {
    const name = identity[index] ?? ''
    if (!names(headers, own, name)) headers.push(name, identity[index + 1] ?? '')
  }
  if (host !== undefined && !names(headers, own, 'host')) headers.push('host', host)
  headers.push(...SYNTHETIC_HEADER, 'traceparent', traceParent)
}

function names(headers: readonly string[], length: number, name: string): boolean {
  for (let index = 0; index < length; index += 2) if (headers[index] === name) return true
  return false
}
