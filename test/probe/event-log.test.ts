import { describe, expect, it } from 'vitest'
import { createEventLog } from '../../src/probe/event-log.ts'
import type { ProbeEvent } from '../../src/probe/events.ts'

describe('createEventLog', () => {
  it('tells late watchers what is kept, then each new event, in order', () => {
    const log = createEventLog('p1', () => '2026-01-01T00:00:00.000Z')
    log.add({ kind: 'state', phase: 'warm-up', message: 'one' })
    log.add({ kind: 'state', phase: 'quiet', message: 'two' })
    const heard: ProbeEvent[] = []
    const unwatch = log.watch(1, (event) => heard.push(event))
    log.add({ kind: 'state', phase: 'load', message: 'three' })
    unwatch()
    log.add({ kind: 'end', status: 'failed', problem: { code: 'x', message: 'y' } })
    expect(heard.map((event) => event.seq)).toEqual([2, 3])
    expect(heard[0]).toMatchObject({ probe: 'p1', at: '2026-01-01T00:00:00.000Z' })
  })

  it('forgets the oldest and says so', () => {
    const log = createEventLog('p1', () => '')
    expect(log.oldestSeq()).toBe(1)
    for (let count = 0; count < 1000; count += 1) {
      log.add({ kind: 'state', phase: 'load', message: '' })
    }
    expect(log.oldestSeq()).toBeGreaterThan(500)
    const heard: number[] = []
    log.watch(0, (event) => heard.push(event.seq))
    expect(heard[0]).toBe(log.oldestSeq())
    expect(heard.at(-1)).toBe(1000)
  })
})
