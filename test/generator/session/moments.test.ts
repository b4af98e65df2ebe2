/** One, two and three shards against a real server: what is meant to be sent when, and what arrives. */

import { afterEach, describe, expect, it } from 'vitest'
import { paceOfShard, type Pace } from '../../../src/generator/schedule.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import { ontologyOf, profileOf, recordTraffic, serveHttp } from '../arm-server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

const ONTOLOGY = ontologyOf(`
version: 1
actions:
  first: { request: { path: "/first/{{session.id}}/{{data.n}}" } }
  later: { request: { path: "/later/{{session.id}}" } }
`)
const PROFILES = Array.from({ length: 8 }, (_, n) =>
  profileOf(`u${n}`, ['first', { n }, 0], ['later', {}, 30 + n]),
)
/** No moment of a constant stream: what lies right on it would be in or out by rounding. */
const UNTIL_MS = 405

interface Played {
  /** Of all steps, after the common start; in order. */
  readonly moments: string[]
  /** Of the first step of each session, with what the server was asked. */
  readonly firsts: string[]
}

async function play(pace: Pace, shards: number): Promise<Played> {
  const asked = new Map<string, string>()
  const server = await serveHttp((request, response) => {
    const path = request.url ?? ''
    if (path.startsWith('/first')) asked.set(path.split('/')[2] ?? '', path)
    response.end('ok')
  })
  open.push(server)
  const atMs = systemClock.nowMs() + 20
  const seen: { at: number; session: string; isFirst: boolean }[] = []
  await Promise.all(
    Array.from({ length: shards }, async (_, index) => {
      const shard = { index, count: shards }
      const arms = [{ arm: 'baseline' as const, url: server.url }]
      const given = { arms, ontology: ONTOLOGY, profiles: PROFILES, seed: 5, shard }
      const { traffic, steps } = recordTraffic(given)
      traffic.start(paceOfShard(pace, shard), atMs)
      while (systemClock.nowMs() < atMs + UNTIL_MS + 200) {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      await traffic.stop()
      await traffic.close()
      for (const { step } of steps) {
        const at = step.intendedMs - atMs
        seen.push({ at, session: step.session, isFirst: step.action === 'first' })
      }
    }),
  )
  const early = seen.filter(({ at }) => at <= UNTIL_MS)
  const firsts = early.filter(({ isFirst }) => isFirst)
  return {
    moments: early.toSorted((left, right) => left.at - right.at).map(({ at }) => at.toFixed(3)),
    firsts: firsts.map(({ at, session }) => `${at.toFixed(3)} ${asked.get(session)}`).toSorted(),
  }
}

const spaced = { kind: 'spaced', rate: 60, concurrency: 120 } as const
const users = { concurrency: 12, rampSeconds: 0.3 } as const

const PACES: Record<string, { readonly pace: Pace; readonly told: keyof Played }> = {
  constant: { pace: { ...spaced, spacing: 'constant' }, told: 'moments' },
  'poisson, with a ramp': {
    pace: { ...spaced, spacing: 'poisson', rate: 120, rampSeconds: 0.4 },
    told: 'moments',
  },
  // Their second steps lie behind the end of this test.
  recorded: { pace: { kind: 'recorded', rate: 1_000, timeScale: 1, ...users }, told: 'firsts' },
  'partly-open': {
    pace: { kind: 'partly-open', rate: 120, concurrency: 90, timeScale: 1 },
    told: 'firsts',
  },
}

describe('shards of one traffic', () => {
  for (const [name, { pace, told }] of Object.entries(PACES)) {
    it(`mean to send what one would, and when: ${name}`, async () => {
      const [whole, two, three] = await Promise.all([1, 2, 3].map((count) => play(pace, count)))
      expect(whole?.[told].length).toBeGreaterThan(8)
      expect(two?.[told]).toEqual(whole?.[told])
      expect(three?.[told]).toEqual(whole?.[told])
    })
  }
  it('let closed users join when those of one would, and play the same sessions', async () => {
    // A rate that lets each user send once.
    const pace: Pace = { kind: 'closed', concurrency: 12, rate: 30 }
    const [whole, three] = await Promise.all([play(pace, 1), play(pace, 3)])
    expect(whole.firsts.length).toBeGreaterThan(8)
    expect(three.firsts).toEqual(whole.firsts)
  })
})
