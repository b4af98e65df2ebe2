/** Flight: a step on its way through the arms. */

import type { Arrival, Exchange, RunningExchange } from '../exchange.ts'
import type { NextStep, Session } from '../session.ts'
import type { MutableStep } from '../step.ts'
import type { LoadLevel } from './load-level.ts'

export interface Flight {
  readonly user: number
  readonly session: Session
  readonly step: MutableStep
  readonly mutates: boolean
  /** How long the answer may be expected to take, if the ontology says it. */
  readonly expectedMs: number | undefined
  sent: readonly RunningExchange[]
  readonly exchanges: Exchange[]
  readonly repeats: Exchange[]
}

export interface Arrived {
  readonly flight: Flight
  readonly arrival: Arrival
  /** Of the second request of its arm. */
  readonly isRepeat: boolean
}

export function createFlight(
  user: number,
  session: Session,
  next: NextStep,
  intendedMs: number,
  load: LoadLevel,
): Flight {
  const { action, number, previous } = next
  const step: MutableStep = {
    pair: `${session.id}.${number}`,
    session: session.id,
    action: action.name,
    profile: session.profile,
    previous,
    intendedMs,
    load,
    sentMs: Number.NaN,
  }
  const { slo, expect } = action.document
  const expectedMs = slo?.p95_ms ?? expect?.max_ms
  const { mutates } = action
  return { user, session, step, mutates, expectedMs, sent: [], exchanges: [], repeats: [] }
}

/** The last moment at which anything of the step ended. */
export function endOf({ step, exchanges, repeats }: Flight): number {
  let endMs = step.intendedMs
  for (const { endedMs } of exchanges) endMs = Math.max(endMs, endedMs)
  for (const { endedMs } of repeats) endMs = Math.max(endMs, endedMs)
  return endMs
}
