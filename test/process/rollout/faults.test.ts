import Sqlite from 'better-sqlite3'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { skipReason } from '../../support/parts.ts'
import { journalProblems } from './support-journal.ts'
import { startSampler } from './support-sampler.ts'
import { mustFind, openWorld, pause, QUICK, requestOf, type World } from './support-world.ts'

const reason = skipReason('haproxy')
/** Small steps, so that the way up is long enough. */
const SLOW = { ...QUICK, upBp: 500 }

describe.skipIf(reason !== undefined)(`a rollout in trouble ${reason ?? ''}`, () => {
  const closing: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
  })

  async function open(): Promise<World> {
    const world = await openWorld()
    closing.push(() => world.close())
    return world
  }

  it('does not climb while the socket of HAProxy is gone, says so, and goes on after', async () => {
    const world = await open()
    world.startController(requestOf('socket', SLOW))
    await reaches(world, 1000)
    world.hideSocket()
    const heldBp = await steadyWeight(world)
    const alert = await mustFind('an alert', () => alertOf(world, 'router_unreachable', 'firing'))
    expect(alert.title).toContain('there is no such socket')
    await pause(1500)
    expect(await world.weightBp()).toBe(heldBp)
    expect(world.document()).toMatchObject({
      state: 'holding',
      intendedBp: expect.toSatisfy((bp: number) => bp <= heldBp + 500),
      reason: { code: 'router-unreachable' },
    })
    world.showSocket()
    await mustFind('a raise', async () =>
      ((await world.weightBp()) ?? 0) > heldBp ? true : undefined,
    )
    await mustFind('the end of the alert', () => alertOf(world, 'router_unreachable', 'resolved'))
    expect(world.live.counts().lost).toEqual([])
  })

  it('keeps trying to step down while the socket is gone, and is at 0 when it is back', async () => {
    const world = await open()
    const controller = world.startController(requestOf('way down', SLOW))
    await reaches(world, 1000)
    world.hideSocket()
    world.canary.mood = 'fails'
    await mustFind('the decision', () =>
      world.document().state === 'rolling_back' ? true : undefined,
    )
    await pause(2500)
    expect(await world.weightBp()).toBeGreaterThan(0)
    expect(world.document()).toMatchObject({ state: 'rolling_back', intendedBp: 0 })
    world.showSocket()
    await controller.saw(/^settled \S+ rolled_back/m, 20_000)
    expect(await world.weightBp()).toBe(0)
    expect(journalProblems(world, world.document().id)).toEqual([])
  })

  it('climbs on after another process held the database for 3 s', async () => {
    const world = await open()
    world.startController(requestOf('locked', SLOW))
    await reaches(world, 1000)
    const release = lock(world)
    const held = await steadyWeight(world)
    await pause(3000)
    // What cannot be written down is not done.
    expect(await world.weightBp()).toBe(held)
    release()
    await reaches(world, held + 500)
    expect(world.live.counts().lost).toEqual([])
  })

  it('goes to 0 within 5 s though the database is held, and writes it down afterwards', async () => {
    const world = await open()
    const controller = world.startController(requestOf('locked and ill', SLOW))
    await reaches(world, 1500)
    const release = lock(world)
    world.canary.mood = 'fails'
    const fromMs = performance.now()
    await mustFind('0 %', async () => ((await world.weightBp()) === 0 ? true : undefined), 10_000)
    const seconds = (performance.now() - fromMs) / 1000
    process.stdout.write(`database held: 0 % on HAProxy after ${seconds.toFixed(1)} s\n`)
    expect(world.document().state).not.toBe('rolled_back')
    await pause(1000)
    release()
    await controller.saw(/^settled \S+ rolled_back/m)
    expect(seconds).toBeLessThanOrEqual(5)
    const { id, weightBp } = world.document()
    expect(weightBp).toBe(0)
    expect(journalProblems(world, id)).toEqual([])
    const applied = world.journal(id).filter(({ kind }) => kind === 'applied')
    expect(applied.at(-1)?.document).toMatchObject({ toBp: 0, reason: { code: 'critical' } })
  })

  it('pauses when somebody else moves the weight, and does not fight', async () => {
    const world = await open()
    const controller = world.startController(requestOf('drift', SLOW))
    await reaches(world, 1000)
    const sampler = startSampler(world)
    closing.push(() => sampler.stop())
    await world.setWeightBp(3500)
    await mustFind('the pause', () => (world.document().state === 'paused' ? true : undefined))
    expect(world.document()).toMatchObject({
      state: 'paused',
      reason: { code: 'weight-moved', message: expect.stringContaining('35') },
    })
    expect(await mustFind('an alert', () => alertOf(world, 'drift', 'firing'))).toBeDefined()
    await pause(2000)
    expect(await world.weightBp()).toBe(3500)
    // The sampler of these tests sees a weight that the journal does not have.
    expect(sampler.sampled().violations.length).toBeGreaterThan(0)
    const { id } = world.document()
    await world.observer.rollouts.tell(id, { act: 'abort', by: 'a person' })
    await controller.saw(/^settled \S+ aborted/m)
    expect(await world.weightBp()).toBe(0)
    expect(journalProblems(world, id)).toEqual([])
  })

  it('is not taken from a controller that lives, and one that lost it moves nothing', async () => {
    const world = await open()
    const controller = world.startController(requestOf('fence', { ...SLOW, upBp: 200 }))
    await reaches(world, 700)
    const { id } = world.document()
    await expect(world.observer.rollouts.resume(id)).rejects.toMatchObject({
      code: 'rollout-held',
      mend: expect.stringContaining('words'),
    })
    const database = new Sqlite(join(world.folder, world.config.db))
    closing.push(() => void database.close())
    database
      .prepare("UPDATE rollouts SET epoch = epoch + 1, holder = 'elsewhere:1:2', heartbeat_ms = ?")
      .run(Date.now())
    // One that was written down just before may still be on its way to HAProxy.
    await pause(100)
    const [lines, weightBp] = [world.journal(id).length, await world.weightBp()]
    await controller.saw(/^settled /m)
    await pause(2500)
    expect(world.journal(id)).toHaveLength(lines)
    expect(await world.weightBp()).toBe(weightBp)
    expect((await controller.ended).stderr).toContain('another controller took it over')
    await expect(world.observer.rollouts.resume(id)).rejects.toMatchObject({ code: 'rollout-held' })
  })
})

/** Resolves once HAProxy reads at least this. */
async function reaches(world: World, weightBp: number): Promise<void> {
  await mustFind(`${weightBp} bp`, async () =>
    ((await world.weightBp()) ?? 0) >= weightBp ? true : undefined,
  )
}

/** What was under way when the fault began has arrived. */
async function steadyWeight(world: World): Promise<number> {
  await pause(500)
  return (await world.weightBp()) ?? 0
}

function alertOf(
  world: World,
  kind: string,
  state: 'firing' | 'resolved',
): { readonly title: string } | undefined {
  const { alerts } = world.observer.rollouts.alerts({ limit: 50 })
  return alerts.find((alert) => alert.kind === kind && alert.state === state)
}

/** Another process could do the same: nothing can be written until it lets go. */
function lock(world: World): () => void {
  const other = new Sqlite(join(world.folder, world.config.db))
  other.exec('BEGIN EXCLUSIVE')
  return () => {
    other.exec('COMMIT')
    other.close()
  }
}
