import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createAlerts } from '../../../src/allocator/alerts/alerts.ts'
import { openDatabase } from '../../../profiles-db/open.ts'
import { caught } from '../../profiles-db/caught.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { deliveriesIn, givenAlerts, givenChannel, givenRequest } from './given.ts'
import { createManualTime } from './manual-time.ts'

describe('alerts', () => {
  it('raise() says that the database is locked, and leaves nothing behind', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    const holder = openDatabase(file)
    const database = openDatabase(file)
    database.prepare('PRAGMA busy_timeout = 20').get()
    const { alerts } = givenAlerts({ database })
    holder.prepare('BEGIN IMMEDIATE').run()
    expect(caught(() => alerts.raise(givenRequest()))).toMatchObject({
      name: 'StoreError',
      code: 'database-busy',
    })
    holder.prepare('ROLLBACK').run()
    expect(alerts.list({ limit: 10 }).alerts).toEqual([])
    expect(alerts.raise(givenRequest())?.id).toBe('a1')
    holder.close()
  })
  it('raise() joins the transaction of its caller: both are there, or neither', () => {
    const { alerts, database } = givenAlerts()
    expect(() =>
      database.transaction(() => {
        expect(alerts.raise(givenRequest())?.id).toBe('a1')
        throw new RangeError('the journal is full')
      }),
    ).toThrow('the journal is full')
    expect(alerts.find('a1')).toBeUndefined()
    expect(deliveriesIn(database)).toEqual([])
    database.transaction(() => alerts.raise(givenRequest()))
    expect(alerts.find('a1')?.state).toBe('firing')
    expect(deliveriesIn(database)).toHaveLength(1)
  })
  it('raise() makes one delivery for each channel that wants the kind', () => {
    const { alerts, database } = givenAlerts({
      channels: [
        givenChannel(),
        givenChannel({ kind: 'slack', url_env: 'SLACK_URL', on: ['promoted'] }),
        givenChannel({ kind: 'slack', url_env: 'SLACK_OPS', on: ['regressed', 'drift'] }),
        givenChannel({ kind: 'slack', url_env: 'SLACK_OPS', on: ['regressed'], severity: 'info' }),
      ],
    })
    alerts.raise(givenRequest())
    expect(deliveriesIn(database).map(({ channel }) => channel)).toEqual([
      'webhook:HOOK_URL',
      'slack:SLACK_OPS',
    ])
  })
  it('raise() and resolve() tell only changes of state', () => {
    const { alerts, database } = givenAlerts()
    expect(alerts.resolve('r1', 'router')).toBeUndefined()
    const router = givenRequest({ kind: 'router_unreachable', subject: 'router' })
    expect(alerts.raise(router)).toMatchObject({ key: 'r1/router', state: 'firing' })
    expect(alerts.raise({ ...router, title: 'said in other words' })).toBeUndefined()
    expect(alerts.resolve('r1', 'router')).toMatchObject({ state: 'resolved' })
    expect(alerts.resolve('r1', 'router')).toBeUndefined()
    expect(alerts.raise(router)).toMatchObject({ id: 'a1', state: 'firing' })
    expect(deliveriesIn(database).map(({ change }) => change)).toEqual([
      'firing/1',
      'resolved/1',
      'firing/2',
    ])
  })
  it('raise() tells a finished fact once, and it does not fire', () => {
    const { alerts, database } = givenAlerts()
    const fact = givenRequest({ kind: 'promoted', subject: 'promoted', isFact: true })
    expect(alerts.raise(fact)).toMatchObject({ state: 'resolved' })
    expect(alerts.raise(fact)).toBeUndefined()
    expect(alerts.resolveAll('r1')).toEqual([])
    expect(deliveriesIn(database).map(({ change }) => change)).toEqual(['told/1'])
  })
  it('resolveAll() ends what fires for one rollout, and nothing else', () => {
    const { alerts } = givenAlerts()
    for (const subject of ['a', 'b', 'c']) alerts.raise(givenRequest({ subject }))
    alerts.raise(givenRequest({ rollout: 'r10', subject: 'a' }))
    alerts.resolve('r1', 'b')
    expect(alerts.resolveAll('r1').map(({ key }) => key)).toEqual(['r1/a', 'r1/c'])
    expect(alerts.find('a4')?.state).toBe('firing')
  })
  it('severity and runbook are those of the gravest channel, and of the kind without one', () => {
    const { alerts } = givenAlerts({
      channels: [
        givenChannel({ url_env: 'A', severity: 'info' }),
        givenChannel({ url_env: 'B', severity: 'ticket', runbook: 'https://wiki.test/x' }),
        givenChannel({ url_env: 'C', severity: 'page', on: ['drift'] }),
      ],
    })
    expect(alerts.raise(givenRequest())).toMatchObject({
      severity: 'ticket',
      runbook: 'https://wiki.test/x',
    })
    const { alerts: silent } = givenAlerts({ channels: [] })
    expect(silent.raise(givenRequest())?.severity).toBe('page')
    expect(silent.raise(givenRequest({ kind: 'started', subject: 's' }))?.severity).toBe('info')
  })
  it('what a target said becomes one bounded line', () => {
    const { alerts } = givenAlerts()
    const title = `a\u001B[31m\nb\u202Ec\uD800 ${'\u{1F600}'.repeat(400)}`
    const kept = alerts.raise(givenRequest({ title }))?.title ?? ''
    expect(kept.startsWith('a [31m bc\uFFFD ')).toBe(true)
    expect(kept.length).toBeLessThanOrEqual(600)
    expect(kept.endsWith('\u{1F600}…')).toBe(true)
    expect(alerts.find('a1')?.title).toBe(kept)
  })
  it('list() and find() read what another process wrote', () => {
    const file = join(temporaryFolder(), 'outrider.db')
    const { alerts } = givenAlerts({ database: openDatabase(file) })
    const raised = alerts.raise(givenRequest({ investigation: 'i1' }))
    const { clock } = createManualTime()
    const reader = openDatabase(file)
    const other = createAlerts({ database: reader, channels: [], environment: {}, clock })
    expect(other.list({ limit: 10 })).toEqual({ alerts: [raised] })
    expect(other.find('a1')).toEqual(raised)
    expect(other.find('a2')).toBeUndefined()
    reader.close()
  })
})
