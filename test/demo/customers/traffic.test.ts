import { createServer, type RequestListener, type Server } from 'node:http'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import {
  LOSSES,
  countsBetween,
  lostOf,
  startTraffic,
  type CustomerCounts,
  type Traffic,
} from '../../../src/demo/customers/traffic.ts'
import { findFreePort } from '../../support/ports.ts'

const open: Server[] = []

afterEach(() => {
  for (const server of open.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  open.push(server)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`
}

function knockAt(url: string): Traffic {
  return startTraffic({ url, rate: 200, customers: 5, timeoutMs: 300, seed: 1 })
}

/** Counts once at least so many requests have ended, and nobody waits any more. */
async function countOf(traffic: Traffic, ended = 10): Promise<CustomerCounts> {
  await expect
    .poll(() => traffic.counts().sent - traffic.counts().waiting, { timeout: 5_000, interval: 10 })
    .toBeGreaterThanOrEqual(ended)
  return await traffic.end()
}

function expectAll(counts: CustomerCounts, loss: (typeof LOSSES)[number]): void {
  expect(counts.sent).toBeGreaterThanOrEqual(10)
  expect(counts).toMatchObject({ waiting: 0, versions: [], lost: { [loss]: counts.sent } })
  expect(lostOf(counts)).toBe(counts.sent)
}

describe('startTraffic', () => {
  it('counts as lost where nobody listens', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`
    expectAll(await countOf(knockAt(url)), 'no connection')
  })
  it('counts as lost where the connection is reset before an answer', async () => {
    const url = await serve((request) => request.socket.resetAndDestroy())
    expectAll(await countOf(knockAt(url)), 'connection broken')
  })
  it('counts as lost where the answer breaks off', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'x-shop-version': '1.4.1', 'content-length': 100 })
      response.write('half', () => request.socket.destroy())
    })
    expectAll(await countOf(knockAt(url)), 'connection broken')
  })
  it('counts as lost where no answer comes in time', async () => {
    const url = await serve(() => undefined)
    expectAll(await countOf(knockAt(url)), 'no answer')
  })
  it('counts as lost what a proxy says in place of the shop, whatever the status', async () => {
    let count = 0
    const url = await serve((_, response) => {
      count += 1
      response.writeHead(count % 2 === 0 ? 502 : 200).end()
    })
    expectAll(await countOf(knockAt(url)), 'answered by no shop')
  })
  it('an error with a version is the failure of that version, and not lost', async () => {
    let count = 0
    const url = await serve((_, response) => {
      count += 1
      const isNew = count % 2 === 0
      const isBad = isNew && count % 4 === 0
      response.writeHead(isBad ? 500 : 200, { 'x-shop-version': isNew ? '2' : '1' }).end()
    })
    const counts = await countOf(knockAt(url), 40)
    expect(lostOf(counts)).toBe(0)
    const [one, two] = ['1', '2'].map((name) =>
      counts.versions.find(({ version }) => version === name),
    )
    expect(one).toMatchObject({ failures: 0 })
    expect((one?.answers ?? 0) + (two?.answers ?? 0)).toBe(counts.sent)
    expect(two?.failures).toBe(Math.floor((two?.answers ?? 0) / 2))
  })
  it('sends as customers who are signed in, on connections that are kept', async () => {
    const cookies = new Set<string>()
    const sockets = new Set<unknown>()
    const url = await serve((request, response) => {
      cookies.add(request.headers.cookie ?? '')
      sockets.add(request.socket)
      response.writeHead(200, { 'x-shop-version': '1' }).end()
    })
    const counts = await countOf(knockAt(url), 60)
    expect([...cookies].toSorted()).toEqual(
      [0, 1, 2, 3, 4].map((number) => `uid=c${number}; user=c${number}%40customers.test`),
    )
    expect(sockets.size).toBeLessThan(counts.sent / 2)
  })
  it('remembers a bounded number of versions', async () => {
    let count = 0
    const url = await serve((_, response) => {
      count += 1
      response.writeHead(200, { 'x-shop-version': `${count}` }).end()
    })
    const counts = await countOf(knockAt(url), 30)
    expect(counts.versions).toHaveLength(21)
    expect(counts.versions.at(-1)).toMatchObject({ version: 'others', answers: counts.sent - 20 })
  })
})

describe('countsBetween', () => {
  it('countsBetween() two counts, added to the first, gives the second', () => {
    const lost = fc.record({
      'no connection': fc.nat(9),
      'connection broken': fc.nat(9),
      'no answer': fc.nat(9),
      'answered by no shop': fc.nat(9),
    })
    const counted = fc.record({ answers: fc.nat(9), failures: fc.nat(9), lost, sent: fc.nat(99) })
    fc.assert(
      fc.property(counted, counted, (first, more) => {
        const counts = (parts: readonly (typeof first)[]): CustomerCounts => {
          const sum = (of: (part: typeof first) => number): number =>
            parts.reduce((total, part) => total + of(part), 0)
          return {
            sent: sum((part) => part.sent),
            waiting: 0,
            versions: [
              { version: '1', answers: sum((p) => p.answers), failures: sum((p) => p.failures) },
            ],
            lost: {
              'no connection': sum((part) => part.lost['no connection']),
              'connection broken': sum((part) => part.lost['connection broken']),
              'no answer': sum((part) => part.lost['no answer']),
              'answered by no shop': sum((part) => part.lost['answered by no shop']),
            },
          }
        }
        const between = countsBetween(counts([first]), counts([first, more]))
        const expected = counts([more])
        expect(between).toEqual({
          ...expected,
          versions: expected.versions.filter(({ answers }) => answers > 0),
        })
      }),
    )
  })
})
