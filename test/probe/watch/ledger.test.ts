import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLedger } from '../../../src/probe/watch/ledger.ts'
import type { Said, Usage } from '../../../src/probe/watch/meter.ts'

function said(usage: Partial<Usage>, mayRepeat = false): Said {
  return { usages: [{ instance: 'a', ...usage }], mayRepeat, countsRequests: false, remarks: [] }
}

describe('createLedger()', () => {
  it('goes on under another name when a counter falls', () => {
    const ledger = createLedger()
    const names = [5, 6, 1, 2, 0].map((cpuSeconds) => ledger.admit(said({ cpuSeconds }))[0])
    expect(names.map((entry) => entry?.usage.instance)).toEqual(['a', 'a', 'a#2', 'a#2', 'a#3'])
    expect(names.map((entry) => entry?.isRestart)).toEqual([false, false, true, false, true])
  })
  it('takes fallen requests, a later start and other members for another process too', () => {
    const changes: [Partial<Usage>, Partial<Usage>][] = [
      [{ requests: 5 }, { requests: 4 }],
      [{ startedAt: 100 }, { startedAt: 103 }],
      [{ members: 'x' }, { members: 'x,y' }],
    ]
    for (const [before, after] of changes) {
      const ledger = createLedger()
      ledger.admit(said({ cpuSeconds: 1, ...before }))
      expect(ledger.admit(said({ cpuSeconds: 2, ...after }))[0]?.isRestart).toBe(true)
    }
  })
  it('bears a start time that wanders, less memory, and a counter that is missing for once', () => {
    const ledger = createLedger()
    ledger.admit(said({ cpuSeconds: 1, rssBytes: 9, startedAt: 100, members: 'x' }))
    expect(ledger.admit(said({ rssBytes: 5, startedAt: 101 }))[0]?.isRestart).toBe(false)
    const [last] = ledger.admit(said({ cpuSeconds: 0.5, rssBytes: 5, members: 'x' }))
    expect(last?.isRestart).toBe(true)
  })
  it('leaves out what was only said again', () => {
    const ledger = createLedger()
    const counts = [1, 1, 1, 2, 2].map(
      (cpuSeconds) => ledger.admit(said({ cpuSeconds, rssBytes: 7 }, true)).length,
    )
    expect(counts).toEqual([1, 0, 0, 1, 0])
    expect(createLedger().admit(said({ cpuSeconds: 1 }))).toHaveLength(1)
  })
  it('keeps equal answers of the process itself: an idle second is a measurement', () => {
    const ledger = createLedger()
    expect([1, 1].map((cpuSeconds) => ledger.admit(said({ cpuSeconds })).length)).toEqual([1, 1])
  })
  it('takes requests that were never counted for 0, and leaves out an answer that lost them', () => {
    const ledger = createLedger()
    const usages = [{ cpuSeconds: 1 }, { cpuSeconds: 2, requests: 7 }, { cpuSeconds: 3 }]
    const entries = [...usages, { cpuSeconds: 4, requests: 9 }, { cpuSeconds: 1 }].map(
      (usage) => ledger.admit({ ...said(usage), countsRequests: true })[0],
    )
    expect(entries.map((entry) => entry?.usage.requests)).toEqual([0, 7, undefined, 9, 0])
    expect(entries.map((entry) => entry?.isRestart)).toEqual([false, false, undefined, false, true])
  })
  it('never tells counters that fall under one name', () => {
    const usage = fc.record({
      instance: fc.constantFrom('a', 'b'),
      cpuSeconds: fc.nat(5),
      requests: fc.nat(5),
    })
    fc.assert(
      fc.property(fc.array(fc.array(usage, { maxLength: 3 }), { maxLength: 30 }), (rounds) => {
        const ledger = createLedger()
        const last = new Map<string, { cpuSeconds: number; requests: number }>()
        for (const usages of rounds) {
          for (const { usage: told } of ledger.admit({ ...said({}), usages })) {
            const before = last.get(told.instance)
            const { cpuSeconds = -1, requests = -1 } = told
            expect(cpuSeconds).toBeGreaterThanOrEqual(before?.cpuSeconds ?? 0)
            expect(requests).toBeGreaterThanOrEqual(before?.requests ?? 0)
            last.set(told.instance, { cpuSeconds, requests })
          }
        }
      }),
    )
  })
})
