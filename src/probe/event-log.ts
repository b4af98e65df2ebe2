/** The events of one run: numbered, kept for those who come late, bounded. */

import type { ProbeEvent } from './events.ts'

const KEPT_EVENTS = 400

type Untold<Event> = Event extends ProbeEvent ? Omit<Event, 'seq' | 'at' | 'probe'> : never

export interface EventLog {
  add(event: Untold<ProbeEvent>): void
  /** Kept events after `afterSeq`, then each new one, until the returned function is called. */
  watch(afterSeq: number, listener: (event: ProbeEvent) => void): () => void
  oldestSeq(): number
}

export function createEventLog(probe: string, now: () => string): EventLog {
  const kept: ProbeEvent[] = []
  const listeners = new Set<(event: ProbeEvent) => void>()
  let seq = 0
  return {
    add(untold) {
      seq += 1
      const event = { ...untold, seq, at: now(), probe } as ProbeEvent
      kept.push(event)
      if (kept.length > KEPT_EVENTS) kept.shift()
      for (const listener of listeners) listener(event)
    },
    watch(afterSeq, listener) {
      for (const event of kept) if (event.seq > afterSeq) listener(event)
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    oldestSeq: () => kept[0]?.seq ?? seq + 1,
  }
}
