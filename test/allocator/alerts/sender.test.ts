import { join } from 'node:path'
import type { ServerResponse } from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import { openDatabase } from '../../../profiles-db/open.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { deliveriesIn, givenAlerts, givenChannel, givenRequest, type Given } from './given.ts'
import { accept, answerWith, startReceiver } from './receiver.ts'

/** What the queue says, once it says it: requests end in their own time. */
async function settled({ database }: Given, expected: object[]): Promise<void> {
  await vi.waitFor(() => expect(deliveriesIn(database)).toMatchObject(expected), {
    timeout: 5000,
    interval: 2,
  })
}

describe('the sender', () => {
  it('leaves a channel without an address to a process that has it', async () => {
    const receiver = await startReceiver()
    const database = openDatabase(':memory:')
    const poor = givenAlerts({ database })
    poor.alerts.start()
    poor.alerts.raise(givenRequest())
    poor.time.pass(60_000)
    expect(deliveriesIn(database)).toMatchObject([{ state: 'waiting', tries: 0 }])
    const rich = givenAlerts({ database, environment: { HOOK_URL: receiver.url } })
    rich.alerts.start()
    rich.time.pass(0)
    await settled(rich, [{ state: 'delivered', tries: 1 }])
  })
  it('gives up after a day what no process has a channel for', () => {
    const { alerts, database, time } = givenAlerts()
    alerts.raise(givenRequest())
    alerts.start()
    time.pass(23 * 3_600_000)
    expect(deliveriesIn(database)).toMatchObject([{ state: 'waiting' }])
    time.pass(2 * 3_600_000)
    expect(deliveriesIn(database)).toMatchObject([
      { state: 'failed', problem: 'no process had this channel for a day' },
    ])
  })
  it('posts the document of the alert with the change and a key to tell doubles by', async () => {
    const receiver = await startReceiver()
    const given = givenAlerts({
      channels: [givenChannel({ severity: 'ticket', runbook: 'https://wiki.test/x' })],
      environment: { HOOK_URL: receiver.url },
    })
    const { alerts, time } = given
    alerts.start()
    const investigation = 'i1'
    alerts.raise(givenRequest({ investigation, detail: 'Holding at 5 %' }))
    time.pass(0)
    await settled(given, [{ state: 'delivered', problem: null }])
    time.pass(60_000)
    alerts.resolve('r1', 'checkout/latency_typical')
    time.pass(0)
    await receiver.got(2)
    const document = {
      id: 'a1',
      key: 'r1/checkout/latency_typical',
      kind: 'regressed',
      severity: 'ticket',
      since: '2026-01-01T00:00:00.000Z',
      rollout: 'r1',
      title: 'checkout is 1.31× slower (1.22–1.41)',
      runbook: 'https://wiki.test/x',
      investigation,
    }
    expect(receiver.received.map(({ body }) => body)).toEqual([
      { ...document, state: 'firing', change: 'firing', detail: 'Holding at 5 %' },
      {
        ...document,
        state: 'resolved',
        change: 'resolved',
        resolvedAt: '2026-01-01T00:01:00.000Z',
      },
    ])
    expect(receiver.received.map(({ headers }) => headers['idempotency-key'])).toEqual([
      'a1/firing/1',
      'a1/resolved/1',
    ])
    expect(receiver.received[0]?.headers['content-type']).toBe('application/json')
  })
  it('posts one line of text to what takes Slack’s webhooks', async () => {
    const receiver = await startReceiver()
    const { alerts, time } = givenAlerts({
      channels: [givenChannel({ kind: 'slack', url_env: 'SLACK_URL' })],
      environment: { SLACK_URL: receiver.url },
    })
    alerts.start()
    alerts.raise(givenRequest({ title: 'checkout answers differ in $.<!channel>' }))
    time.pass(0)
    await receiver.got(1)
    expect(receiver.received[0]?.body).toEqual({
      text: 'Page: checkout answers differ in $.&lt;!channel&gt; (rollout r1).',
    })
  })
  it('tries again after a failure, with the same key, and says so once', async () => {
    const receiver = await startReceiver((response, _, index) =>
      index < 3 ? answerWith(500)(response) : accept(response),
    )
    const given = givenAlerts({ environment: { HOOK_URL: receiver.url } })
    const { alerts, time, lines } = given
    alerts.start()
    alerts.raise(givenRequest())
    for (const [tries, delayMs] of [1000, 2000, 4000].entries()) {
      time.pass(delayMs)
      await settled(given, [{ state: 'waiting', tries: tries + 1, problem: 'HTTP 500' }])
      expect(receiver.received).toHaveLength(tries + 1)
    }
    time.pass(8000)
    await settled(given, [{ state: 'delivered', tries: 4, problem: null }])
    expect(new Set(receiver.received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
    expect(lines).toEqual([
      'Cannot tell webhook:HOOK_URL of an alert: HTTP 500; trying again',
      'webhook:HOOK_URL takes alerts again',
    ])
  })
  it('gives up a refusal at the third try and keeps what is wrong', async () => {
    const receiver = await startReceiver(answerWith(410, {}, 'channel_is_archived'))
    const given = givenAlerts({ environment: { HOOK_URL: receiver.url } })
    given.alerts.start()
    given.alerts.raise(givenRequest())
    for (const tries of [1, 2]) {
      given.time.pass(4000)
      await settled(given, [{ state: 'waiting', tries }])
    }
    given.time.pass(4000)
    const problem = 'HTTP 410 channel_is_archived'
    await settled(given, [{ state: 'failed', tries: 3, problem }])
    expect(given.lines.at(-1)).toBe(
      `Cannot tell webhook:HOOK_URL of alert a1 (firing/1): ${problem}, given up after 3 tries`,
    )
  })
  it('waits as long as the receiver asks', async () => {
    const receiver = await startReceiver((response, _, index) =>
      index === 0 ? answerWith(429, { 'retry-after': '120' })(response) : accept(response),
    )
    const given = givenAlerts({ environment: { HOOK_URL: receiver.url } })
    given.alerts.start()
    given.alerts.raise(givenRequest())
    given.time.pass(0)
    await settled(given, [{ state: 'waiting', tries: 1 }])
    given.time.pass(119_000)
    expect(deliveriesIn(given.database)).toMatchObject([{ state: 'waiting', tries: 1 }])
    given.time.pass(5000)
    await settled(given, [{ state: 'delivered', tries: 2 }])
  })
  it('keeps the address to itself: not in the database, not in the log, whatever goes wrong', async () => {
    const elsewhere = await startReceiver()
    const receiver = await startReceiver((response, { path }, index) => {
      if (index === 0) response.writeHead(302, { location: elsewhere.url }).end()
      else if (index === 1) response.writeHead(403).end(path)
      else if (index === 2) response.writeHead(503).end('top_secret')
      else response.destroy()
    })
    const url = receiver.url.replace('top-secret', 'top_secret')
    const given = givenAlerts({ environment: { HOOK_URL: url } })
    given.alerts.start()
    given.alerts.raise(givenRequest())
    const problems = [
      'HTTP 302, and redirects are not followed',
      'HTTP 403',
      'HTTP 503',
      'the connection was closed',
    ]
    for (const [index, problem] of problems.entries()) {
      given.time.pass(8000)
      await settled(given, [{ tries: index + 1, problem }])
    }
    expect(elsewhere.received).toEqual([])
    const dump = JSON.stringify(given.database.prepare('SELECT * FROM deliveries').all())
    expect(`${dump}${given.lines.join('')}`).not.toMatch(/secret|127\.0\.0\.1|http:/)
  })
  it('ends a try that is not answered within 10 s', async () => {
    const receiver = await startReceiver(() => undefined)
    const given = givenAlerts({ environment: { HOOK_URL: receiver.url } })
    given.alerts.start()
    given.alerts.raise(givenRequest())
    given.time.pass(0)
    await receiver.got(1)
    given.time.pass(9999)
    expect(deliveriesIn(given.database)).toMatchObject([{ state: 'sending' }])
    given.time.pass(1)
    await settled(given, [{ state: 'waiting', problem: 'no answer within 10 s' }])
  })
  it('reads no more of an endless answer than it needs', async () => {
    const receiver = await startReceiver((response) => {
      response.writeHead(500)
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(4096), () => setImmediate(more))
      }
      more()
    })
    const given = givenAlerts({ environment: { HOOK_URL: receiver.url } })
    given.alerts.start()
    given.alerts.raise(givenRequest())
    given.time.pass(0)
    await settled(given, [{ state: 'waiting', problem: 'HTTP 500' }])
  })
  it('sends four at once at most, and channels that do not answer hold up no other', async () => {
    const hanging: ServerResponse[] = []
    const dead = await startReceiver((response) => void hanging.push(response))
    const well = await startReceiver()
    const variables = ['D1', 'D2', 'D3', 'D4', 'D5', 'WELL']
    const given = givenAlerts({
      channels: variables.map((url_env) => givenChannel({ url_env })),
      environment: Object.fromEntries(
        variables.map((name) => [name, name === 'WELL' ? well.url : dead.url]),
      ),
    })
    given.alerts.start()
    for (const subject of ['a', 'b']) given.alerts.raise(givenRequest({ subject }))
    given.time.pass(0)
    await dead.got(4)
    expect(deliveriesIn(given.database).filter(({ state }) => state === 'sending')).toHaveLength(4)
    given.time.pass(10_000)
    await well.got(2)
    given.alerts.raise(givenRequest({ subject: 'c' }))
    given.time.pass(0)
    await well.got(3)
    expect(dead.mostAtOnce()).toBeLessThanOrEqual(4)
  })
  it('two processes on one database never send the same message at the same time', async () => {
    const file = join(temporaryFolder(), 'outrider.db')
    const open = new Set<string>()
    const doubles: string[] = []
    const receiver = await startReceiver((response, { headers }, index) => {
      const key = String(headers['idempotency-key'])
      if (open.has(key)) doubles.push(key)
      open.add(key)
      setImmediate(() => {
        open.delete(key)
        response.writeHead(index % 3 === 0 ? 500 : 200).end()
      })
    })
    const environment = { HOOK_URL: receiver.url }
    const one = givenAlerts({ database: openDatabase(file), environment })
    const other = givenAlerts({ database: openDatabase(file), environment })
    for (let index = 0; index < 20; index += 1) {
      one.alerts.raise(givenRequest({ subject: `s${index}` }))
    }
    one.alerts.start()
    other.alerts.start()
    await vi.waitFor(
      () => {
        one.time.pass(1000)
        other.time.pass(1000)
        const states = deliveriesIn(one.database).map(({ state }) => state)
        expect(new Set(states)).toEqual(new Set(['delivered']))
      },
      { timeout: 10_000, interval: 5 },
    )
    expect(doubles).toEqual([])
    const kept = deliveriesIn(one.database).reduce((sum, { tries }) => sum + Number(tries), 0)
    expect(receiver.received).toHaveLength(kept)
  })
  it('says once that the database fails, goes on, and delivers when it works again', async () => {
    const receiver = await startReceiver()
    const file = join(temporaryFolder(), 'outrider.db')
    const database = openDatabase(file)
    const holder = openDatabase(file)
    const given = givenAlerts({ database, environment: { HOOK_URL: receiver.url } })
    given.alerts.raise(givenRequest())
    database.prepare('PRAGMA busy_timeout = 5').get()
    holder.prepare('BEGIN IMMEDIATE').run()
    given.alerts.start()
    given.time.pass(20_000)
    expect(given.lines).toHaveLength(1)
    expect(given.lines[0]).toContain('is locked by another process')
    expect(receiver.received).toEqual([])
    holder.prepare('ROLLBACK').run()
    given.time.pass(5000)
    await settled(given, [{ state: 'delivered' }])
    holder.close()
  })
  it('gives up a message that cannot be read', () => {
    const given = givenAlerts({ environment: { HOOK_URL: 'http://127.0.0.1:1/' } })
    given.alerts.raise(givenRequest())
    given.database.prepare("UPDATE deliveries SET body = '{'").run()
    given.alerts.start()
    given.time.pass(0)
    expect(deliveriesIn(given.database)).toMatchObject([
      { state: 'failed', problem: 'the stored message is damaged' },
    ])
  })
  it('close() still tells what was raised just before', async () => {
    const receiver = await startReceiver()
    const given = givenAlerts({ environment: { HOOK_URL: receiver.url } })
    given.alerts.start()
    given.alerts.raise(givenRequest())
    given.alerts.resolve('r1', 'checkout/latency_typical')
    await given.alerts.close()
    expect(deliveriesIn(given.database)).toMatchObject([
      { state: 'delivered' },
      { state: 'delivered' },
    ])
    given.alerts.start()
    given.alerts.raise(givenRequest())
    expect(given.time.nextDueMs()).toBeUndefined()
  })
  it('close() leaves after 2 s what has no answer to the next process', async () => {
    const receiver = await startReceiver((response, _, index) => {
      if (index > 0) accept(response)
    })
    const database = openDatabase(':memory:')
    const environment = { HOOK_URL: receiver.url }
    const first = givenAlerts({ database, environment })
    first.alerts.start()
    first.alerts.raise(givenRequest())
    first.time.pass(0)
    await receiver.got(1)
    const closed = first.alerts.close()
    first.time.pass(1999)
    expect(deliveriesIn(database)).toMatchObject([{ state: 'sending' }])
    first.time.pass(1)
    await closed
    expect(deliveriesIn(database)).toMatchObject([
      { state: 'waiting', problem: 'this process ended' },
    ])
    const second = givenAlerts({ database, environment })
    second.alerts.start()
    second.time.pass(2000)
    await settled(second, [{ state: 'delivered', tries: 2 }])
  })
  it('close() without start() sends nothing', async () => {
    const receiver = await startReceiver()
    const given = givenAlerts({ environment: { HOOK_URL: receiver.url } })
    given.alerts.raise(givenRequest())
    await given.alerts.close()
    expect(receiver.received).toEqual([])
    expect(deliveriesIn(given.database)).toMatchObject([{ state: 'waiting' }])
  })
})
