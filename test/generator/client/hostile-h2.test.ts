import { describe, expect, it } from 'vitest'
import { ask, clientOf, opened } from './asking.ts'
import {
  answersTwice,
  hostileFrames,
  serveFrames,
  streamsOfZero,
  windowOfZero,
} from '../../support/hostile/frames.ts'

describe('a client of HTTP/2 of a hostile target', () => {
  for (const [name, { answer, hello }] of Object.entries(hostileFrames)) {
    it(`ends with a reason, and without a whole answer, at ${name}`, async () => {
      const server = await opened(serveFrames(answer, hello))
      const client = clientOf({ url: server.url, http2: true })
      const told = await ask(client, { timeoutMs: 250 })
      expect(['unanswered', 'broken', 'timeout']).toContain(told.end)
      expect(told.reason).toMatch(/./)
      expect(told.endedMs - told.startedMs).toBeLessThan(251)
      expect(client.load().inFlight).toBe(0)
    })
  }
  it('ends a body for which there is no window at the timeout', async () => {
    const server = await opened(serveFrames(() => undefined, windowOfZero))
    const client = clientOf({ url: server.url, http2: true })
    const told = await ask(client, { method: 'POST', body: 'x'.repeat(100), timeoutMs: 100 })
    expect(told).toMatchObject({ end: 'timeout' })
  })
  it('says where a target takes no request at all', async () => {
    const server = await opened(serveFrames(() => undefined, streamsOfZero))
    const client = clientOf({ url: server.url, http2: true })
    const told = await ask(client, { timeoutMs: 200 })
    // It counts as a failure of the target, and not as a limit of ours.
    expect([told.end, told.waitedFor]).toEqual(['timeout', undefined])
    expect(told.reason).toContain('it takes no request at all')
  })
  it('says what is wrong in words', async () => {
    const words: Record<string, RegExp> = {
      'a flood of settings': /^it breaks the rules of HTTP\/2: Flooding/,
      'data before any header': /^it breaks the rules of HTTP\/2: Protocol error/,
      'thousands of small headers': /its headers are too many or too long/,
      'random bytes': /^it does not speak HTTP\/2/,
      'streams that are always refused': /REFUSED_STREAM/,
      'less data than it said': /PROTOCOL_ERROR/,
    }
    for (const [name, expected] of Object.entries(words)) {
      const { answer, hello } = hostileFrames[name] ?? { answer: () => undefined }
      const client = clientOf({ url: (await opened(serveFrames(answer, hello))).url, http2: true })
      expect((await ask(client, { timeoutMs: 2_000 })).reason).toMatch(expected)
    }
  })
  it('takes the first of two answers', async () => {
    const server = await opened(serveFrames(answersTwice))
    const client = clientOf({ url: server.url, http2: true })
    for (let count = 0; count < 3; count += 1) {
      expect(await ask(client)).toMatchObject({ end: 'answered', status: 200, text: 'ok' })
    }
  })
})
