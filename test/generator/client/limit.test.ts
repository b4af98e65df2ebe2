import { execFile } from 'node:child_process'
import type { ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createHttp1Client } from '../../../src/generator/client/h1.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import { serveHttp, serveTcp, type ArmServer } from '../arm-server.ts'
import { ask, kept, opened } from './asking.ts'

const run = promisify(execFile)

function clientOfFew(url: string, most: number) {
  return kept(createHttp1Client({ arm: 'canary', url }, systemClock, most))
}

/** Holds every request until it is told to go on. */
async function stalled(): Promise<ArmServer & { readonly held: ServerResponse[]; go(): void }> {
  const held: ServerResponse[] = []
  let isStalled = true
  const server = await opened(
    serveHttp((request, response) => {
      response.setHeader('x-path', request.url ?? '')
      if (isStalled) held.push(response)
      else response.end('ok')
    }),
  )
  const go = (): void => {
    isStalled = false
    for (const response of held.splice(0)) response.end('ok')
  }
  return { ...server, held, go }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe('a client at its limit of connections', () => {
  it('ends what waited in vain at its deadline, and says that it waited', async () => {
    const server = await stalled()
    const client = clientOfFew(server.url, 1)
    const first = ask(client, { timeoutMs: 2_000 })
    const waited = await ask(client, { timeoutMs: 60 })
    expect(waited).toMatchObject({ end: 'unserved', status: undefined, waitedFor: 'connections' })
    expect(waited.reason).toBe(
      'it was never sent: it waited for a connection, all of them were busy',
    )
    expect(waited.endedMs - waited.startedMs).toBeCloseTo(60, 3)
    server.go()
    const answered = await first
    expect(answered).toMatchObject({ end: 'answered' })
    expect(answered.waitedFor).toBeUndefined()
  })
  it('sends what waits in its order, and tells when it really went out', async () => {
    const server = await stalled()
    const client = clientOfFew(server.url, 2)
    const askedMs = systemClock.nowMs()
    const order: number[] = []
    const asked = Array.from({ length: 8 }, async (_, index) => {
      const answer = await ask(client, { path: `/${index}` })
      order.push(index)
      return answer
    })
    await until(() => server.held.length === 2)
    expect(client.load()).toEqual({ connections: 2, inFlight: 2, waiting: 6, everWaited: 6 })
    const goneMs = systemClock.nowMs()
    server.go()
    const answers = await Promise.all(asked)
    expect(new Set(order).size).toBe(8)
    expect(order.indexOf(7)).toBeGreaterThan(order.indexOf(4))
    for (const [index, answer] of answers.entries()) {
      expect(answer).toMatchObject({ end: 'answered', headers: { 'x-path': `/${index}` } })
      expect(answer.waitedFor).toBe(index < 2 ? undefined : 'connections')
      expect(answer.startedMs).toBeGreaterThanOrEqual(index < 2 ? askedMs : goneMs)
    }
    expect(server.accepted()).toBe(2)
    expect(client.load()).toMatchObject({ connections: 2, waiting: 0, everWaited: 6 })
  })
  it('takes new connections where the old ones broke', async () => {
    const server = await opened(
      serveTcp((socket) => socket.on('data', () => socket.resetAndDestroy())),
    )
    const client = clientOfFew(server.url, 1)
    const answers = await Promise.all([ask(client), ask(client), ask(client)])
    for (const answer of answers) expect(answer).toMatchObject({ end: 'unanswered', repeats: 0 })
    expect(server.accepted()).toBe(3)
  })
  it('ends what waits at an abort, and sends none of it', async () => {
    const server = await stalled()
    const client = clientOfFew(server.url, 1)
    const asked = [ask(client), ask(client), ask(client)]
    await until(() => server.held.length === 1)
    client.abort()
    for (const answer of await Promise.all(asked)) expect(answer.end).toBe('aborted')
    expect(server.accepted()).toBe(1)
    server.go()
    expect(await ask(client)).toMatchObject({ end: 'answered' })
  })
  it('waits for its own connections where this machine has no room for more', async () => {
    const server = await opened(
      serveHttp((_, response) => {
        setTimeout(() => response.end('ok'), 50)
      }),
    )
    const script = fileURLToPath(new URL('few-files.ts', import.meta.url))
    const command = 'ulimit -n 60 && exec "$0" "$@"'
    const { stdout } = await run('sh', ['-c', command, process.execPath, script, server.url])
    const told = z.object({
      ends: z.array(z.string()),
      waits: z.array(z.string()),
      load: z.record(z.string(), z.number()),
    })
    const { ends, waits, load } = told.parse(JSON.parse(stdout))
    expect(ends).toEqual(['answered '])
    expect(load['everWaited']).toBeGreaterThan(20)
    expect(waits).toEqual(['files', 'none'])
    expect(server.accepted()).toBeLessThan(60)
  })
})
