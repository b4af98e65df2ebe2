import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { join } from 'node:path'
import {
  addAlert,
  findAlert,
  firingKeys,
  listAlerts,
  resolveAlert,
  type AlertDraft,
} from '../../profiles-db/alerts.ts'
import {
  abandonDeliveries,
  addDeliveries,
  claimDelivery,
  nextDelivery,
  settleDelivery,
  type Delivery,
  type NewDelivery,
} from '../../profiles-db/deliveries.ts'
import { openDatabase, type Database } from '../../profiles-db/open.ts'
import { temporaryFolder } from '../support/folders.ts'
import { caught } from './caught.ts'

function draft(subject: string, more: Partial<AlertDraft> = {}): AlertDraft {
  return {
    key: `r1/${subject}`,
    kind: 'regressed',
    state: 'firing',
    severity: 'page',
    since: '2026-01-01T00:00:00.000Z',
    rollout: 'r1',
    title: 'checkout is 1.31× slower',
    ...more,
  }
}

function message(alert: string, more: Partial<NewDelivery> = {}): NewDelivery {
  return { alert, change: 'firing/1', channel: 'c', body: '{}', nextAtMs: 0, ...more }
}

function due(db: Database, nowMs: number, channels = ['c']): Delivery | undefined {
  const next = nextDelivery(db, channels, nowMs)
  return next?.dueInMs === 0 ? next.delivery : undefined
}

function mustClaim(db: Database, nowMs: number, channels = ['c']): Delivery {
  const next = due(db, nowMs, channels)
  const claimed = next === undefined ? undefined : claimDelivery(db, next, nowMs + 30_000)
  if (claimed === undefined) throw new TypeError('Nothing could be claimed')
  return claimed
}

function statesOf(db: Database): string[] {
  return db.prepare('SELECT state FROM deliveries ORDER BY number').pluck().all().map(String)
}

describe('alerts', () => {
  it('listAlerts() refuses a limit and a cursor that make no sense', () => {
    const db = openDatabase(':memory:')
    expect(caught(() => listAlerts(db, { limit: 0 })).code).toBe('bad-limit')
    expect(caught(() => listAlerts(db, { limit: 2, cursor: 'x' })).code).toBe('bad-cursor')
    db.close()
  })
  it('findAlert() names a damaged alert', () => {
    const db = openDatabase(':memory:')
    addAlert(db, draft('a'))
    db.prepare("UPDATE alerts SET kind = 'odd'").run()
    expect(caught(() => findAlert(db, 'a1')).code).toBe('damaged-alert')
    db.close()
  })
  it('addAlert() says a key once while it fires, and again once it was resolved', () => {
    const db = openDatabase(':memory:')
    expect(addAlert(db, draft('a'))).toMatchObject({ alert: { id: 'a1' }, firings: 1 })
    expect(addAlert(db, draft('a'))).toBeUndefined()
    expect(resolveAlert(db, 'r1/a', '2026-01-01T00:01:00.000Z')).toMatchObject({
      alert: { state: 'resolved', resolvedAt: '2026-01-01T00:01:00.000Z' },
      firings: 1,
    })
    expect(resolveAlert(db, 'r1/a', '2026-01-01T00:02:00.000Z')).toBeUndefined()
    const again = addAlert(db, draft('a', { since: '2026-01-01T00:03:00.000Z' }))
    expect(again).toMatchObject({ alert: { id: 'a1', state: 'firing' }, firings: 2 })
    expect(findAlert(db, 'a1')).toEqual(again?.alert)
    expect(findAlert(db, 'a1')).not.toHaveProperty('resolvedAt')
    db.close()
  })
  it('addAlert() says a fact once for all', () => {
    const db = openDatabase(':memory:')
    const at = '2026-01-01T00:00:00.000Z'
    const fact = draft('promoted', { kind: 'promoted', state: 'resolved', resolvedAt: at })
    expect(addAlert(db, fact)?.alert.state).toBe('resolved')
    expect(addAlert(db, fact)).toBeUndefined()
    expect(resolveAlert(db, 'r1/promoted', at)).toBeUndefined()
    expect(firingKeys(db, 'r1')).toEqual([])
    db.close()
  })
  it('listAlerts() goes through all in pages, what fired last first', () => {
    const db = openDatabase(':memory:')
    for (const subject of ['a', 'b', 'c', 'd', 'e']) addAlert(db, draft(subject))
    resolveAlert(db, 'r1/a', '2026-01-01T00:01:00.000Z')
    addAlert(db, draft('a'))
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = listAlerts(db, cursor === undefined ? { limit: 2 } : { limit: 2, cursor })
      seen.push(...page.alerts.map(({ key }) => key))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(seen).toEqual(['r1/a', 'r1/e', 'r1/d', 'r1/c', 'r1/b'])
    db.close()
  })
  it('keeps 5000 alerts, those that fire longest, and never gives an id twice', () => {
    const db = openDatabase(':memory:')
    db.transaction(() => {
      for (let index = 0; index < 5000; index += 1) addAlert(db, draft(`s${index}`))
    })
    resolveAlert(db, 'r1/s1000', '2026-01-01T00:01:00.000Z')
    addAlert(db, draft('s1000'))
    resolveAlert(db, 'r1/s2000', '2026-01-01T00:01:00.000Z')
    addAlert(db, draft('new'))
    expect(findAlert(db, 'a2001')).toBeUndefined()
    addAlert(db, draft('newer'))
    expect(findAlert(db, 'a1')).toBeUndefined()
    expect(addAlert(db, draft('s0'))).toMatchObject({ alert: { id: 'a5003' }, firings: 1 })
    const count = db.prepare('SELECT count(*) FROM alerts').pluck().get()
    expect(count).toBe(5000)
    resolveAlert(db, 'r1/s1000', '2026-01-01T00:05:00.000Z')
    addAlert(db, draft('newest'))
    expect(db.prepare("SELECT name FROM counters WHERE name LIKE 'ref%'").all()).toEqual([])
    db.close()
  })
})

describe('deliveries', () => {
  it('claimDelivery() gives one message to one of two processes', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    const first = openDatabase(file)
    const second = openDatabase(file)
    addDeliveries(first, [message('a1')])
    const seenByOne = due(first, 0)
    const seenByOther = due(second, 0)
    if (seenByOne === undefined || seenByOther === undefined) throw new TypeError('Nothing is due')
    expect(claimDelivery(first, seenByOne, 30_000)).toMatchObject({ state: 'sending', tries: 1 })
    expect(claimDelivery(second, seenByOther, 30_000)).toBeUndefined()
    expect(nextDelivery(second, ['c'], 10_000)?.dueInMs).toBe(20_000)
    first.close()
    second.close()
  })
  it('a lease that ran out is claimed by another; the first may only say that it arrived', () => {
    const db = openDatabase(':memory:')
    addDeliveries(db, [message('a1')])
    const dead = mustClaim(db, 0)
    const heir = mustClaim(db, 30_000)
    expect(heir.tries).toBe(2)
    settleDelivery(db, dead, { kind: 'failed', problem: 'late' })
    expect(statesOf(db)).toEqual(['sending'])
    settleDelivery(db, dead, { kind: 'delivered' })
    settleDelivery(db, heir, { kind: 'waiting', nextAtMs: 99_000, problem: 'HTTP 500' })
    expect(statesOf(db)).toEqual(['delivered'])
    db.close()
  })
  it('nextDelivery() keeps the order of one alert, and lets others pass', () => {
    const db = openDatabase(':memory:')
    addDeliveries(db, [
      message('a1'),
      message('a1', { change: 'resolved/1' }),
      message('a2', { nextAtMs: 1 }),
    ])
    const firing = mustClaim(db, 1)
    expect(due(db, 1)?.alert).toBe('a2')
    settleDelivery(db, firing, { kind: 'waiting', nextAtMs: 500, problem: 'HTTP 500' })
    settleDelivery(db, mustClaim(db, 1), { kind: 'delivered' })
    expect(due(db, 499)).toBeUndefined()
    settleDelivery(db, mustClaim(db, 500), { kind: 'failed', problem: 'HTTP 404' })
    expect(due(db, 500)?.change).toBe('resolved/1')
    db.close()
  })
  it('nextDelivery() leaves other channels alone, and is not put off by a clock that ran ahead', () => {
    const db = openDatabase(':memory:')
    addDeliveries(db, [message('a1', { channel: 'other' }), message('a2', { nextAtMs: 9e9 })])
    expect(nextDelivery(db, [], 0)).toBeUndefined()
    expect(due(db, 0)?.alert).toBe('a2')
    db.close()
  })
  it('addDeliveries() puts a message into a channel once', () => {
    const db = openDatabase(':memory:')
    addDeliveries(db, [message('a1'), message('a1', { body: '[]' })])
    expect(statesOf(db)).toEqual(['waiting'])
    expect(due(db, 0)?.body).toBe('{}')
    db.close()
  })
  it('keeps 20000 messages: what was delivered goes first, then what failed', () => {
    const db = openDatabase(':memory:')
    addDeliveries(
      db,
      Array.from({ length: 20_000 }, (_, index) => message(`a${index}`, { nextAtMs: index })),
    )
    settleDelivery(db, mustClaim(db, 0), { kind: 'failed', problem: 'x' })
    settleDelivery(db, mustClaim(db, 1), { kind: 'delivered' })
    const left = (): unknown[] =>
      db.prepare('SELECT alert FROM deliveries ORDER BY number LIMIT 2').pluck().all()
    addDeliveries(db, [message('n1')])
    expect(left()).toEqual(['a0', 'a2'])
    addDeliveries(db, [message('n2')])
    expect(left()).toEqual(['a2', 'a3'])
    addDeliveries(db, [message('n3')])
    expect(left()).toEqual(['a3', 'a4'])
    expect(db.prepare('SELECT count(*) FROM deliveries').pluck().get()).toBe(20_000)
    db.close()
  })
  it('abandonDeliveries() gives up what nobody has tried for long', () => {
    const db = openDatabase(':memory:')
    addDeliveries(db, [
      message('a1', { channel: 'gone' }),
      message('a2', { channel: 'gone', nextAtMs: 200 }),
      message('a3'),
    ])
    abandonDeliveries(db, ['c'], 100, 'nobody has it')
    expect(statesOf(db)).toEqual(['failed', 'waiting', 'waiting'])
    db.close()
  })
  it('whatever happens, a message is with one holder at a time and is not told after it arrived', () => {
    const step = fc.record({
      passMs: fc.integer({ min: 0, max: 40_000 }),
      act: fc.constantFrom('claim', 'deliver', 'retry', 'die'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const db = openDatabase(':memory:')
        addDeliveries(db, [message('a1'), message('a1', { change: 'resolved/1' }), message('a2')])
        const held: { delivery: Delivery; untilMs: number }[] = []
        const arrived = new Set<number>()
        let nowMs = 0
        for (const { passMs, act } of steps) {
          nowMs += passMs
          const holder = held[0]
          if (act === 'claim') {
            const next = due(db, nowMs)
            if (next === undefined) continue
            expect(arrived.has(next.number)).toBe(false)
            const rivals = held.filter(({ delivery }) => delivery.number === next.number)
            expect(rivals.every(({ untilMs }) => untilMs <= nowMs)).toBe(true)
            held.unshift({ delivery: mustClaim(db, nowMs), untilMs: nowMs + 30_000 })
          } else if (holder !== undefined) {
            held.shift()
            if (act === 'deliver') arrived.add(holder.delivery.number)
            if (act === 'deliver') settleDelivery(db, holder.delivery, { kind: 'delivered' })
            if (act === 'retry') {
              const nextAtMs = nowMs + 1000
              settleDelivery(db, holder.delivery, { kind: 'waiting', nextAtMs, problem: 'x' })
            }
          }
        }
        db.close()
      }),
      { numRuns: 60 },
    )
  })
})
