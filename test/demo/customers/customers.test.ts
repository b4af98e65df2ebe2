import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCustomers } from '../../../src/demo/customers/customers.ts'
import { lostOf } from '../../../src/demo/customers/traffic.ts'
import { startProgram } from '../../support/processes.ts'

let server: Server
let url: string
let requests = 0
/** Answers wait while it is set. */
let gate: Promise<void> | undefined

beforeAll(async () => {
  server = createServer((_, response) => {
    requests += 1
    void (gate ?? Promise.resolve()).then(() =>
      response.writeHead(200, { 'x-shop-version': '1.4.1' }).end('page'),
    )
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const some = { rate: 100, customers: 5, timeoutMs: 5_000 } as const

describe('startCustomers', () => {
  it('count() after their process ended is an error, not a count', async () => {
    const customers = await startCustomers({ ...some, url })
    await customers.stop()
    await customers.stop()
    await expect(customers.count()).rejects.toMatchObject({ code: 'customers-went' })
    await expect(customers.end()).rejects.toMatchObject({ code: 'customers-went' })
  })
  it('end() counts every request that the server saw, once', async () => {
    requests = 0
    const customers = await startCustomers({ ...some, url })
    await expect
      .poll(async () => (await customers.count()).sent, { timeout: 5_000 })
      .toBeGreaterThan(20)
    const counts = await customers.end()
    expect(counts).toMatchObject({ sent: requests, waiting: 0 })
    expect(counts.versions).toEqual([{ version: '1.4.1', answers: requests, failures: 0 }])
    expect(lostOf(counts)).toBe(0)
    expect(customers.latest()).toEqual(counts)
    await customers.stop()
    expect(requests).toBe(counts.sent)
  })
  it('count() shows who is waiting, and end() waits for them', async () => {
    const held = Promise.withResolvers<void>()
    gate = held.promise
    const customers = await startCustomers({ ...some, url })
    await expect
      .poll(async () => (await customers.count()).waiting, { timeout: 5_000 })
      .toBeGreaterThan(3)
    const ended = customers.end()
    gate = undefined
    held.resolve()
    const counts = await ended
    expect(counts).toMatchObject({ waiting: 0, versions: [{ answers: counts.sent }] })
    await customers.stop()
  })
  it('the customers go when their parent dies', async () => {
    const script = `import { startCustomers } from './src/demo/customers/customers.ts'
      await startCustomers({ url: '${url}', rate: 100, customers: 5, timeoutMs: 5000 })
      console.log('they came')`
    requests = 0
    const parent = startProgram(process.execPath, ['--input-type=module', '-e', script])
    await parent.saw(/they came/)
    await expect.poll(() => requests, { timeout: 5_000 }).toBeGreaterThan(5)
    parent.signal('SIGKILL')
    await parent.ended
    await expect.poll(connectionsOf, { timeout: 5_000 }).toBe(0)
  })
})

function connectionsOf(): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}
