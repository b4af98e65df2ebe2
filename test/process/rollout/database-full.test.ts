import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openDatabase, type Database } from '../../../profiles-db/open.ts'
import { createAlerts } from '../../../src/allocator/alerts/alerts.ts'
import { createRollouts } from '../../../src/allocator/controller/service.ts'
import { createRouters } from '../../../src/allocator/routers/open.ts'
import type { Rollouts } from '../../../src/allocator/rollouts.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import { createTwinMaker } from '../../../src/probe/rollout/maker.ts'
import { createProfileStore } from '../../../src/profiles/store.ts'
import { skipReason } from '../../support/parts.ts'
import { journalProblems } from './support-journal.ts'
import {
  mustFind,
  openWorld,
  OVERRIDES,
  pause,
  QUICK,
  requestOf,
  type World,
} from './support-world.ts'

const reason = skipReason('haproxy')

describe.skipIf(reason !== undefined)(`a rollout whose database is full ${reason ?? ''}`, () => {
  const closing: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
  })

  it('does not climb, goes on when there is room, and goes to 0 all the same', async () => {
    const world = await openWorld()
    closing.push(() => world.close())
    const { rollouts, books, told } = controlHere(world, closing)
    const { id } = await rollouts.start(requestOf('full', { ...QUICK, upBp: 500 }), 'test')
    await reaches(world, 1000)

    fill(books)
    await mustFind('the log line', () => (told().includes('disk that is full') ? true : undefined))
    const heldBp = (await world.weightBp()) ?? -1
    await pause(3000)
    expect(await world.weightBp()).toBe(heldBp)
    expect(rollouts.find(id)).toMatchObject({ state: expect.stringMatching(/ramping|holding/) })

    makeRoom(books)
    await reaches(world, heldBp + 500)

    fill(books)
    world.canary.mood = 'fails'
    const fromMs = performance.now()
    await mustFind('0 %', async () => ((await world.weightBp()) === 0 ? true : undefined))
    const seconds = (performance.now() - fromMs) / 1000
    process.stdout.write(`database full: 0 % on HAProxy after ${seconds.toFixed(1)} s\n`)
    expect(seconds).toBeLessThanOrEqual(5)

    // A few lines may still have fitted into the last page; the others are kept now.
    makeRoom(books)
    const { state, weightBp } = await rollouts.settled(id)
    expect({ state, weightBp }).toEqual({ state: 'rolled_back', weightBp: 0 })
    expect(isKept(world, id)).toBe(true)
    expect(journalProblems(world, id)).toEqual([])
    expect(world.live.counts().lost).toEqual([])
  })
})

/** A limit of pages holds for one connection only, so this controller's own is made here. */
function controlHere(
  world: World,
  closing: (() => Promise<void> | void)[],
): { readonly rollouts: Rollouts; readonly books: Database; readonly told: () => string } {
  const { config, folder: baseFolder } = world
  const books = openDatabase(join(baseFolder, config.db), { busyMs: 150, isDurable: true })
  const clock = systemClock
  const lines: string[] = []
  const log = (line: string): void => void lines.push(line)
  const shared = { config, baseFolder, environment: {}, clock, database: books }
  const routers = createRouters(shared)
  const store = createProfileStore(books)
  const rollouts = createRollouts({
    ...shared,
    openRouter: (name) => routers.open(name),
    twins: createTwinMaker({ ...shared, store, overrides: OVERRIDES }),
    alerts: createAlerts({ ...shared, channels: [], log }),
    describe: ({ action }) => action,
    log,
  })
  closing.push(
    () => books.close(),
    () => routers.close(),
    () => rollouts.close(),
  )
  return { rollouts, books, told: () => lines.join('\n') }
}

/** Leaves nothing but what fits into the pages that are in use. */
function fill(books: Database): void {
  books.prepare('CREATE TABLE IF NOT EXISTS ballast (content BLOB)').run()
  const pages = Number(books.prepare('PRAGMA page_count').pluck().get())
  books.prepare(`PRAGMA max_page_count = ${pages}`).get()
  const load = books.prepare('INSERT INTO ballast VALUES (zeroblob(4096))')
  // Pages that nothing uses any more are room, too.
  expect(() => {
    for (;;) load.run()
  }).toThrow(/full/)
}

function makeRoom(books: Database): void {
  books.prepare('PRAGMA max_page_count = 1000000').get()
}

function isKept(world: World, id: string): boolean {
  return world.journal(id).some(({ kind }) => kind === 'end')
}

async function reaches(world: World, weightBp: number): Promise<void> {
  await mustFind(`${weightBp} bp`, async () =>
    ((await world.weightBp()) ?? 0) >= weightBp ? true : undefined,
  )
}
