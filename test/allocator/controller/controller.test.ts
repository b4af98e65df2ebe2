import Sqlite from 'better-sqlite3'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readJournal } from '../../../profiles-db/journal.ts'
import { decide } from '../../../src/allocator/decide.ts'
import type { Observation } from '../../../src/allocator/observation.ts'
import type { RolloutState } from '../../../src/allocator/state.ts'
import {
  rolloutEventSchema,
  rolloutListSchema,
  rolloutSchema,
  type RolloutBody,
  type RolloutEvent,
} from '../../../src/core/contract/rollout.ts'
import { policyDocumentSchema } from '../../../src/core/contract/policy.ts'
import { finding, ratio } from '../../report/example-report.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { createWorld, fakeRouter, until, type World } from './world.ts'

const FAST = {
  kind: 'linear',
  startBp: 2500,
  upBp: 2500,
  downBp: 2500,
  intervalSeconds: 1,
  holdTicks: 1,
  clearTicks: 1,
  gate: { need: 'none' },
} as const

function bodyOf(policy: RolloutBody['policy'] = FAST): RolloutBody {
  return { name: 'shop 1.4.2', version: '1.4.2', target: 'shop', router: 'edge', policy }
}

function world(given: Parameters<typeof createWorld>[1] = {}): World & { readonly file: string } {
  const file = join(temporaryFolder(), 'outrider.db')
  const created = createWorld(file, given)
  onTestFinished(async () => await created.close())
  return { ...created, file }
}

function eventsOf(of: World, id: string, after = 0): RolloutEvent[] {
  const events: RolloutEvent[] = []
  of.rollouts.watch(id, after, (event) => events.push(event))()
  return events
}

describe('a controlled rollout', () => {
  it('goes through the gate and up to the promotion, and ends with the weight at 0', async () => {
    const here = world()
    const policy = { ...FAST, gate: { need: 'healthy' } } as const
    const { id, course } = await here.rollouts.start(bodyOf(policy), 'ana')
    expect(course).toContain('100\u202F% at the earliest 3\u202Fs later')
    await until(here, id, ({ state }) => state === 'promoting')
    expect(here.router.history).toEqual([2500, 5000, 7500, 10_000])
    expect(here.twins.calls.slice(0, 2)).toEqual(['start', 'ramp'])
    await here.rollouts.tell(id, { act: 'finalize', by: 'ana' })
    const ended = await here.rollouts.settled(id)
    expect(rolloutSchema.parse(ended)).toMatchObject({ state: 'promoted', weightBp: 0, run: 'p1' })
    expect(here.router.weightBp).toBe(0)
    expect(here.twins.calls.at(-1)).toBe('stop')
    expect(rolloutListSchema.parse(here.rollouts.list({ limit: 5 })).rollouts).toHaveLength(1)
  })

  it('stays at weight 0 when the gate finds a regression', async () => {
    const here = world()
    here.twins.gate = 'regressed'
    const { id } = await here.rollouts.start(bodyOf({ ...FAST, gate: { need: 'healthy' } }), 'ana')
    const ended = await here.rollouts.settled(id)
    await until(here, id, ({ controlled }) => !controlled)
    expect(ended).toMatchObject({ state: 'rolled_back', verdict: 'regressed' })
    expect(ended.sentence).toBe('Rolled back: checkout is 1.31× slower (1.22–1.41)')
    expect(here.router.history).toEqual([])
    const { alerts } = here.rollouts.alerts({ limit: 10 })
    expect(alerts.map(({ kind }) => kind).toSorted()).toEqual([
      'regressed',
      'rolled_back',
      'started',
    ])
    expect(alerts.every(({ state }) => state === 'resolved')).toBe(true)
  })

  it('notes at the gate that the baseline is busy with live users and has no control', async () => {
    const here = world()
    here.twins.gate = 'running'
    const { id } = await here.rollouts.start(bodyOf({ ...FAST, gate: { need: 'healthy' } }), 'ana')
    await until(here, id, ({ state }) => state === 'probing')
    here.router.requests = { ...here.router.requests, baseline: 500 }
    const noted = await until(here, id, ({ history }) =>
      history.some(({ reason }) => reason.code === 'live-baseline'),
    )
    expect(noted.state).toBe('probing')
  })

  it('reduces at an alarm, begins an episode, and rolls back at the third', async () => {
    const here = world()
    const { id } = await here.rollouts.start(
      bodyOf({ ...FAST, startBp: 5000, maxReversals: 1 }),
      'a',
    )
    await until(here, id, ({ weightBp }) => weightBp === 5000)
    here.twins.judgement = { alarm: true, finding: 'checkout is 1.31× slower' }
    const reduced = await until(here, id, ({ weightBp }) => weightBp === 2500)
    expect(reduced).toMatchObject({ state: 'holding', episode: 1, verdict: 'regressed' })
    expect(here.twins.calls).toContain('episode 1')
    await here.rollouts.tell(id, { act: 'abort', by: 'ana', reason: 'enough' })
    const ended = await here.rollouts.settled(id)
    expect(ended.sentence).toBe('Aborted: aborted by ana: "enough"')
  })

  it('goes to 0 at a critical finding without waiting for a tick', async () => {
    const here = world()
    const { id } = await here.rollouts.start(bodyOf({ ...FAST, intervalSeconds: 60 }), 'a')
    await until(here, id, ({ weightBp }) => weightBp === 2500)
    const from = performance.now()
    here.twins.judgement = { critical: true, finding: '18 of the last 20 pairs failed' }
    const ended = await here.rollouts.settled(id)
    expect(performance.now() - from).toBeLessThan(2000)
    expect(ended.state).toBe('rolled_back')
    expect(ended.sentence).toContain('critical: 18 of the last 20 pairs failed')
  })

  it('is stopped by the live guard on the counts of the router alone', async () => {
    const here = world()
    const { id } = await here.rollouts.start(bodyOf({ ...FAST, intervalSeconds: 60 }), 'a')
    await until(here, id, ({ weightBp }) => weightBp === 2500)
    here.router.requests = { baseline: 1000, canary: 300, canaryErrors: 290 }
    expect((await here.rollouts.settled(id)).reason.code).toBe('critical')
  })

  it('pauses when someone else moves the weight, and goes on with the lower one', async () => {
    const here = world()
    const { id } = await here.rollouts.start(bodyOf({ ...FAST, intervalSeconds: 60 }), 'a')
    await until(here, id, ({ weightBp }) => weightBp === 2500)
    here.router.weightBp = 9000
    const paused = await until(here, id, ({ state }) => state === 'paused')
    expect(paused.reason.code).toBe('weight-moved')
    expect(here.router.weightBp).toBe(9000)
    expect(here.rollouts.alerts({ limit: 1 }).alerts[0]).toMatchObject({ kind: 'drift' })
    await here.rollouts.tell(id, { act: 'resume', by: 'ana' })
    await until(here, id, ({ state }) => state === 'ramping')
    await until(here, id, () => here.router.weightBp === 2500)
    expect(here.rollouts.alerts({ limit: 1 }).alerts[0]).toMatchObject({ state: 'resolved' })
  })

  it('sets the weight again when the router was restarted and forgot it', async () => {
    const here = world()
    const { id } = await here.rollouts.start(bodyOf({ ...FAST, intervalSeconds: 60 }), 'a')
    await until(here, id, ({ weightBp }) => weightBp === 2500)
    Object.assign(here.router, { weightBp: 0, incarnation: 'two' })
    await until(here, id, () => here.router.weightBp === 2500)
    const codes = here.rollouts.find(id)?.history.map(({ reason }) => reason.code)
    expect(codes).toContain('router-restarted')
  })

  it('does not climb while the router is silent, and lowers as soon as it answers', async () => {
    const here = world()
    const { id } = await here.rollouts.start(bodyOf(), 'a')
    await until(here, id, ({ weightBp }) => weightBp === 2500)
    here.router.mood = 'silent'
    await until(here, id, ({ reason }) => reason.code === 'router-unreachable')
    here.twins.judgement = { critical: true }
    await until(here, id, ({ state }) => state === 'rolling_back')
    expect(here.router.history).toEqual([2500])
    here.router.mood = 'well'
    expect((await here.rollouts.settled(id)).state).toBe('rolled_back')
    expect(here.router.weightBp).toBe(0)
  })

  it('never believes a router that says yes and does nothing', async () => {
    const here = world()
    here.router.mood = 'deaf'
    const { id } = await here.rollouts.start(bodyOf(), 'a')
    const held = await until(here, id, ({ reason }) => reason.code === 'not-read-back')
    expect(held.weightBp).toBe(0)
    expect(held.state).toBe('holding')
  })
})

describe('the journal', () => {
  it('has each intent before its weight, and every decision can be made again from it', async () => {
    const here = world()
    const { id, policy } = await here.rollouts.start(bodyOf(), 'a')
    here.twins.find(finding('checkout', ratio(1.3, 1.2, 1.4)))
    await until(here, id, ({ state }) => state === 'promoting')
    const lines = readJournal(here.database, id, 0, 1000)
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1))
    for (const { document, kind, seq } of lines) {
      if (kind !== 'applied') continue
      const intent = lines.find((line) => line.seq === document['intent'])
      expect(intent?.kind).toBe('intent')
      expect(intent?.seq).toBeLessThan(seq)
      expect(intent?.document['toBp']).toBe(document['toBp'])
    }
    const parsed = policyDocumentSchema.parse(policy)
    const moments = lines.filter(({ document }) => 'moment' in document)
    expect(moments.length).toBeGreaterThan(4)
    for (const { document } of moments) {
      const { before, observation } = document['moment'] as {
        before: RolloutState
        observation: Observation
      }
      const again = decide(parsed, before, observation)
      expect(again.state.state).toBe(document['state'])
      expect(again.reason).toEqual(document['reason'])
    }
  })

  it('is the event stream: each event once, from any point on', async () => {
    const here = world()
    const { id } = await here.rollouts.start(bodyOf(), 'a')
    await until(here, id, ({ state }) => state === 'promoting')
    await here.rollouts.tell(id, { act: 'abort', by: 'ana' })
    await here.rollouts.settled(id)
    const all = eventsOf(here, id).map((event) => rolloutEventSchema.parse(event))
    const seqs = all.flatMap((event) => ('seq' in event ? [event.seq] : []))
    expect(new Set(seqs).size).toBe(seqs.length)
    expect(all.at(-1)).toMatchObject({ kind: 'end', state: 'aborted' })
    const middle = seqs[Math.floor(seqs.length / 2)] ?? 0
    const later = eventsOf(here, id, middle).flatMap((event) => ('seq' in event ? [event.seq] : []))
    expect(later).toEqual(seqs.filter((seq) => seq > middle))
  })
})

describe('a rollout whose controller went away', () => {
  it('is taken over with a higher epoch and never with more weight than is certain', async () => {
    const here = world()
    const { id } = await here.rollouts.start(bodyOf({ ...FAST, intervalSeconds: 60 }), 'a')
    await until(here, id, ({ weightBp }) => weightBp === 2500)
    await here.rollouts.release(id)
    expect(here.rollouts.find(id)?.controlled).toBe(false)
    here.router.weightBp = 8000
    const there = here.again()
    onTestFinished(async () => await there.close())
    expect(await there.rollouts.resumeAll()).toEqual([id])
    await until(there, id, () => there.router.weightBp === 2500)
    expect(there.twins.options[0]?.snapshot).toBe('{"episode":0}')
    const epochs = readJournal(there.database, id, 0, 1000).map(({ epoch }) => epoch)
    expect(epochs).toEqual(epochs.toSorted((left, right) => left - right))
    expect(epochs.at(-1)).toBe(2)
  })

  it('is fenced off: it writes nothing and moves nothing any more', async () => {
    const here = world()
    const { id } = await here.rollouts.start(bodyOf(), 'a')
    await until(here, id, ({ weightBp }) => weightBp === 2500)
    here.database.prepare('UPDATE rollouts SET epoch = epoch + 1 WHERE id = ?').run(id)
    await here.rollouts.settled(id)
    const [lines, weights] = [readJournal(here.database, id, 0, 1000), [...here.router.history]]
    expect(lines.every(({ epoch }) => epoch === 1)).toBe(true)
    expect(weights.length).toBeLessThanOrEqual(2)
    expect(here.logged.join('\n')).toContain('another controller took it over')
  })

  it('is held while its controller lives, and hears words through the database', async () => {
    const here = world()
    const { id } = await here.rollouts.start(bodyOf({ ...FAST, intervalSeconds: 60 }), 'a')
    await until(here, id, ({ weightBp }) => weightBp === 2500)
    const there = here.again()
    onTestFinished(async () => await there.close())
    await expect(there.rollouts.resume(id)).rejects.toMatchObject({ code: 'rollout-held' })
    await there.rollouts.tell(id, { act: 'pause', by: 'ben', reason: 'freeze' })
    const paused = await until(here, id, ({ state }) => state === 'paused')
    expect(paused.sentence).toBe('Paused at 25\u202F%: paused by ben: "freeze"')
    await expect(there.rollouts.tell(id, { act: 'promote', by: 'ben' })).rejects.toMatchObject({
      code: 'act-refused',
    })
  })
})

describe('a database that cannot be written', () => {
  it('stops every raise; a reduction happens all the same and is written down afterwards', async () => {
    const here = world()
    const { id } = await here.rollouts.start(bodyOf({ ...FAST, upBp: 1000 }), 'a')
    await until(here, id, ({ weightBp }) => weightBp >= 2500)
    const other = new Sqlite(here.file)
    other.exec('BEGIN IMMEDIATE')
    const heldBp = here.router.weightBp
    // A tick is long due, so a raise was decided and could not be written down.
    await until(
      here,
      id,
      ({ nextDecisionAt = '' }) => Date.now() - Date.parse(nextDecisionAt) > 1000,
    )
    expect(here.router.weightBp).toBe(heldBp)
    here.twins.judgement = { critical: true }
    await until(here, id, () => here.router.weightBp === 0)
    expect(here.logged.join('\n')).toContain('is locked by another process')
    other.exec('COMMIT')
    other.close()
    expect((await here.rollouts.settled(id)).state).toBe('rolled_back')
    const kinds = readJournal(here.database, id, 0, 1000).map(({ kind }) => kind)
    expect(kinds.slice(-3)).toContain('end')
  })
})

describe('starting a rollout', () => {
  it.each([
    { body: { ...bodyOf(), target: 'shpo' }, code: 'unknown-target' },
    { body: bodyOf({ ...FAST, giveUpAfterSeconds: 2 }), code: 'bad-policy' },
    { body: bodyOf({ kind: 'linear', startBp: 500, maxBp: 100 }), code: 'bad-policy' },
  ])('refuses $code before anything is written', async ({ body, code }) => {
    const here = world()
    await expect(here.rollouts.start(body, 'a')).rejects.toMatchObject({ code })
    expect(here.rollouts.list({ limit: 1 }).rollouts).toEqual([])
  })

  it('refuses a router that does not read 0, and a second rollout on the same router', async () => {
    const router = fakeRouter()
    router.weightBp = 500
    const here = world({ router })
    await expect(here.rollouts.start(bodyOf(), 'a')).rejects.toMatchObject({
      code: 'router-not-at-zero',
    })
    router.weightBp = 0
    const { id } = await here.rollouts.start(bodyOf({ ...FAST, intervalSeconds: 60 }), 'a')
    await until(here, id, ({ weightBp }) => weightBp === 2500)
    router.weightBp = 0
    await expect(here.rollouts.start(bodyOf(), 'a')).rejects.toMatchObject({
      code: 'rollout-open',
    })
    expect(here.rollouts.openOn('edge')?.id).toBe(id)
  })
})
