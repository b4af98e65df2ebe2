import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createCrew,
  mergeCounts,
  sharesOf,
  type Crew,
} from '../../../src/generator/capacity/crew.ts'
import { pinned } from '../../../src/generator/capacity/pin.ts'
import { isSendable } from '../../../src/generator/capacity/target.ts'
import { serve, slotted, targetOf } from './servers.ts'

const task = {
  connections: 3,
  warmSeconds: 0.05,
  seconds: 0.3,
  enoughAnswers: 0,
  timeoutMs: 1000,
  lateMs: [],
}

function crewOf(threads: number): Crew {
  const crew = createCrew(threads)
  onTestFinished(() => crew.close())
  return crew
}

describe('createCrew()', () => {
  it('rejects where it was not told where to send', async () => {
    const { signal } = new AbortController()
    await expect(crewOf(1).measure('canary', task, signal)).rejects.toThrow('no target')
  })

  it('sends from several threads with exactly as many connections as asked', async () => {
    const connections = new Set<unknown>()
    const work = slotted(3, 5)
    const origin = await serve((request, response) => {
      connections.add(request.socket)
      work(request, response)
    })
    const crew = crewOf(2)
    crew.aim(targetOf(origin))
    const counts = await crew.measure('baseline', task, new AbortController().signal)
    expect(connections.size).toBe(3)
    expect(counts.end).toBe('time')
    expect(counts.actions[0]?.answers).toBeGreaterThan(10)
    expect(counts.actions[0]?.answers).toBeLessThan(200)
  })

  it('stops at once when it is told to', async () => {
    const crew = crewOf(2)
    crew.aim(targetOf(await serve(() => {})))
    const stopping = new AbortController()
    const measured = crew.measure('baseline', { ...task, seconds: 60 }, stopping.signal)
    stopping.abort()
    expect((await measured).end).toBe('stopped')
  })
})

describe('sharesOf()', () => {
  it('shares out every connection', () => {
    expect(sharesOf(1, 4)).toEqual([{ connections: 1, firstConnection: 0 }])
    expect(sharesOf(7, 3)).toEqual([
      { connections: 3, firstConnection: 0 },
      { connections: 2, firstConnection: 3 },
      { connections: 2, firstConnection: 5 },
    ])
  })
})

describe('mergeCounts()', () => {
  it('tells why a level ended before its time, whichever thread knows it', () => {
    const part = { seconds: 1, actions: [], cpu: 0.1, busy: 0.2 }
    const merged = mergeCounts([
      { ...part, end: 'stopped', busy: 0.9 },
      { ...part, end: 'asked', pause: '5' },
    ])
    expect(merged).toMatchObject({ end: 'asked', pause: '5', busy: 0.9, seconds: 1 })
  })
})

describe('pinned()', () => {
  it('rejects a name where nothing listens', async () => {
    await expect(pinned(targetOf('http://localhost:9'))).rejects.toThrow('nothing listens')
  })

  it('keeps the address of a name, with the name in Host', async () => {
    const origin = await serve((_, response) => void response.end())
    const { port } = new URL(origin)
    const target = await pinned(targetOf(`http://localhost:${port}`))
    expect(target.origin).toBe(origin)
    expect(target.requests[0]?.headers['host']).toBe(`localhost:${port}`)
    expect(await pinned(targetOf(origin))).toEqual(targetOf(origin))
  })
})

describe('isSendable()', () => {
  it.each([
    [{ path: '/a b', headers: {} }],
    [{ path: '/a\r\nx: y', headers: {} }],
    [{ path: 'http://other/', headers: {} }],
    [{ path: '/', headers: { 'a b': 'c' } }],
    [{ path: '/', headers: { a: 'b\r\nc: d' } }],
  ])('refuses %j', (request) => {
    expect(isSendable(request)).toBe(false)
  })

  it('takes what a request line and its headers can hold', () => {
    const headers = { 'x-name': 'é, "quoted"', 'x-empty': '' }
    expect(isSendable({ path: '/a?q=%20&b[]=1', headers })).toBe(true)
  })
})
