import { describe, expect, it } from 'vitest'
import {
  createOurs,
  judgeTrace,
  nameOf,
  SETTINGS,
} from '../../../bench/detection/simulation/contenders.ts'
import {
  createEngine,
  planOf,
  WARM_UP_SECONDS,
} from '../../../bench/detection/simulation/engine.ts'
import { createWorld, REGIMES, TEN_ACTIONS } from '../../../bench/detection/simulation/world.ts'
import type { Change } from '../../../bench/detection/simulation/world.ts'

const SECONDS = 120
const study = { actions: TEN_ACTIONS, rate: 50, seconds: SECONDS }

function worldOf(change?: Change): ReturnType<typeof createWorld> {
  return createWorld({
    seed: 3,
    rate: 50,
    actions: TEN_ACTIONS,
    regime: REGIMES.std,
    ...(change === undefined ? {} : { change }),
  })
}

describe('planOf()', () => {
  it('declares the 33 streams of the study at the margin that is asked for', () => {
    const plan = planOf({ ...study, blockSeconds: 1, alpha: 0.01, margin: 0 })
    const engine = createEngine(plan, 1, () => undefined)
    const world = worldOf()
    for (let pair = world.next(); engine.phase() === undefined; pair = world.next()) {
      engine.pair(pair)
    }
    expect(engine.phase()?.alarms).toHaveLength(33)
    expect(plan.service.margin.latencyTypical).toBe(0)
    expect(plan.horizonBlocks.load).toBe(SECONDS)
  })
  it('leaves the margins of the product where they are', () => {
    const plan = planOf({ ...study, blockSeconds: 0.5, alpha: 0.05, margin: 'default' })
    expect(plan.service.margin.latencyTypical).toBe(0.05)
    expect(plan.floorMs).toBe(0.5)
  })
})

describe('createEngine()', () => {
  it('closes a block a second, none before the warm-up has ended', () => {
    const plan = planOf({ ...study, blockSeconds: 1, alpha: 0.01, margin: 0 })
    const ends: number[] = []
    const engine = createEngine(plan, 1, (_, seconds) => ends.push(seconds))
    const world = worldOf()
    for (let pair = world.next(); pair.at < WARM_UP_SECONDS + SECONDS; pair = world.next()) {
      engine.pair(pair)
    }
    expect(ends[0]).toBeGreaterThanOrEqual(1)
    expect(ends.length).toBeGreaterThan(0.9 * SECONDS)
    expect(ends.length).toBeLessThanOrEqual(SECONDS)
  })
})

describe('createOurs()', () => {
  it('finds and names the one slow action, sooner at the weaker level', () => {
    const ours = createOurs(study, SETTINGS[0], 1)
    const said = judgeTrace(worldOf({ actions: [1], factor: 2 }), [ours], SECONDS)
    const strict = said[nameOf(SETTINGS[0].name, 0.01)]
    const weak = said[nameOf(SETTINGS[0].name, 0.05)]
    expect(strict?.actions).toEqual(['a2'])
    expect(strict?.at).toBeLessThan(40)
    expect(weak?.at).toBeLessThanOrEqual(strict?.at ?? 0)
  })
  it('says nothing of equal arms', () => {
    const ours = createOurs(study, SETTINGS[0], 1)
    const said = judgeTrace(worldOf(), [ours], SECONDS)
    expect(Object.values(said).map(({ at }) => at)).toEqual([undefined, undefined])
  })
})
