/**
 * What the server remembers of the probes it has seen run: the latest progress, for lists and for a
 * page that opens late, and who asked to stop. Kept as long as the probe itself is.
 */

import { messageOf } from '../src/core/errors.ts'
import type { Outrider, RunningGeneration, RunningProbe } from '../src/outrider.ts'
import type { ProbeEvent } from './events.ts'

type BlockEvent = Extract<ProbeEvent, { kind: 'block' }>
type StateEvent = Extract<ProbeEvent, { kind: 'state' }>
type EndEvent = Extract<ProbeEvent, { kind: 'end' }>

export interface StopRequest {
  readonly at: string
  readonly reason?: string
}

export interface Remembered {
  /** The last event that is reflected here. */
  seq: number
  startedAt: string | undefined
  /** When each phase began, wall time. */
  readonly phases: { readonly phase: StateEvent['phase']; readonly at: string }[]
  progress: BlockEvent['progress'] | undefined
  end: EndEvent | undefined
  stop: StopRequest | undefined
}

export interface ProbeMemory {
  /** Undefined where this process has not run the probe. */
  find(id: string): { probe: RunningProbe; remembered: Remembered } | undefined
  remember(probe: RunningProbe): Remembered
  /** Why a generation failed; undefined while it has not. */
  failureOf(generation: RunningGeneration): string | undefined
}

export function createProbeMemory(outrider: Outrider): ProbeMemory {
  const probes = new WeakMap<RunningProbe, Remembered>()
  const failures = new WeakMap<RunningGeneration, { message?: string }>()

  function remember(probe: RunningProbe): Remembered {
    const known = probes.get(probe)
    if (known !== undefined) return known
    const remembered: Remembered = {
      seq: 0,
      startedAt: undefined,
      phases: [],
      progress: undefined,
      end: undefined,
      stop: undefined,
    }
    probes.set(probe, remembered)
    probe.watch(0, (event) => {
      remembered.seq = event.seq
      remembered.startedAt ??= event.at
      if (event.kind === 'state') remembered.phases.push({ phase: event.phase, at: event.at })
      if (event.kind === 'block') remembered.progress = event.progress
      if (event.kind === 'end') remembered.end = event
    })
    // The failure is told by the `end` event; here it only must not go unhandled.
    probe.done.catch(() => {})
    return remembered
  }

  return {
    remember,
    find(id) {
      const probe = outrider.findProbe(id)
      return probe === undefined ? undefined : { probe, remembered: remember(probe) }
    },
    failureOf(generation) {
      const known = failures.get(generation)
      if (known !== undefined) return known.message
      const failure: { message?: string } = {}
      failures.set(generation, failure)
      generation.done.catch((error: unknown) => {
        failure.message = messageOf(error)
      })
      return undefined
    },
  }
}
