import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openDatabase, type Database } from '../../profiles-db/open.ts'
import { findRun } from '../../profiles-db/runs.ts'
import { configSchema } from '../../src/core/contract/config.ts'
import type { Finding } from '../../src/core/contract/report.ts'
import type { TwinMaker, Twins, TwinsOptions } from '../../src/core/twins.ts'
import { systemClock } from '../../src/generator/system-clock.ts'
import { createTwinMaker, type TwinMakerParts } from '../../src/probe/rollout/maker.ts'
import { createProfileStore } from '../../src/profiles/store.ts'
import { profileOf, serveHttp, type ArmServer, type Listener } from '../generator/arm-server.ts'
import { temporaryFolder } from '../support/folders.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const ONTOLOGY = `
version: 1
actions:
  home: { kind: navigate, request: { method: GET, path: / } }
  list: { kind: view, request: { method: GET, path: /list } }
`
const fine: Listener = (_request, response) => setTimeout(() => response.end('fine'), 3)
/** So slow that a busy machine is not mistaken for it. */
const slow: Listener = (_request, response) => setTimeout(() => response.end('fine'), 170)

interface Stage {
  readonly maker: TwinMaker
  readonly database: Database
  readonly baseline: ArmServer
  readonly canary: ArmServer
}

interface Staging {
  readonly baseline?: Listener
  readonly canary?: Listener
  readonly probe?: object
  readonly without?: 'ontology' | 'profiles'
}

async function stage(given: Staging = {}): Promise<Stage> {
  const baseline = await serveHttp(given.baseline ?? fine)
  const canary = await serveHttp(given.canary ?? fine)
  closing.push(() => baseline.close())
  closing.push(() => canary.close())
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'actions.yaml'), ONTOLOGY)
  const config = configSchema.parse({
    version: 1,
    ...(given.without === 'ontology' ? {} : { ontology: 'actions.yaml' }),
    targets: {
      shop: { baseline: baseline.url, canary: canary.url },
      gone: { baseline: baseline.url, canary: 'http://127.0.0.1:1' },
    },
    probe: { rate: 60, warmup: '1s', min_duration: '6s', ...given.probe },
    analysis: {
      margins: { latency_typical: 0.5, latency_tail: 1 },
      healthy_margins: { latency_typical: 1, latency_tail_share: 0.3, errors: 0.1 },
    },
  })
  const database = openDatabase(':memory:')
  closing.push(() => database.close())
  const profiles = [profileOf('u1', ['home'], ['list'], ['home'])]
  const parts: TwinMakerParts = {
    config,
    baseFolder: folder,
    environment: {},
    database,
    store: createProfileStore(database),
    clock: systemClock,
    ...(given.without === 'profiles' ? {} : { profiles: { kind: 'given', profiles } }),
    restartAfterMs: 1000,
  }
  return { maker: createTwinMaker(parts), database, baseline, canary }
}

const climb: TwinsOptions = {
  target: 'shop',
  name: 'shop 1.4',
  alphas: { quiet: 0.0016, load: 0.0016, later: [0.0033, 0.0033] },
  episode: 0,
  rate: 20,
  maxSeconds: 3600,
  critical: { failures: 0.5, windowSeconds: 3, minPairs: 20 },
}

async function start({ maker }: Stage, options: TwinsOptions): Promise<Twins> {
  const twins = await maker.start(options)
  closing.push(() => twins.stop())
  return twins
}

/** Resolves at the first block, or a tenth of a second, after which the condition holds. */
async function until(condition: () => boolean, what: string, seconds = 40): Promise<void> {
  const endMs = performance.now() + seconds * 1000
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`${what} did not come in ${seconds} s`)
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}

const hasPairs = (twins: Twins, count: number) => (): boolean => twins.progress().pairs >= count

describe('check()', () => {
  it('refuses what start() would refuse, and leaves no claim', async () => {
    const { maker } = await stage()
    await expect(maker.check('shopp')).rejects.toMatchObject({ code: 'unknown-target' })
    await expect(maker.check('gone')).rejects.toMatchObject({ code: 'target-unreachable' })
    const noActions = await stage({ without: 'ontology' })
    await expect(noActions.maker.check('shop')).rejects.toMatchObject({ code: 'no-ontology' })
    const noUsers = await stage({ without: 'profiles' })
    await expect(noUsers.maker.check('shop')).rejects.toMatchObject({ code: 'no-profiles' })
    await maker.check('shop')
    await maker.check('shop')
  })
})

describe('twins beside a rollout', () => {
  it('pass the gate, then go on at the rate of the climb with the same evidence', async () => {
    const on = await stage({ baseline: slow, canary: slow, probe: { phases: ['load'] } })
    const twins = await start(on, { ...climb, gate: { run: 1, maxSeconds: 60 } })
    expect(twins.gate()).toEqual({ run: 1, verdict: 'running' })
    await expect(on.maker.start(climb)).rejects.toMatchObject({ code: 'target-busy' })
    await until(() => twins.gate()?.verdict !== 'running', 'the end of the gate')
    expect(twins.gate()).toEqual({ run: 1, verdict: 'healthy' })
    const before = twins.progress()
    expect(before).toMatchObject({ phase: 'load', plannedRate: 60 })
    twins.ramp()
    await until(hasPairs(twins, before.pairs + 60), 'the climb')
    const { deliveredShare, requiredPairs } = twins.takeFacts()
    expect(deliveredShare).toBe(1)
    expect(requiredPairs['home']).toBeGreaterThan(5)
    expect(twins.progress()).toMatchObject({ phase: 'load', plannedRate: 20, unequalLoad: false })
    expect(twins.judgement()).toMatchObject({ episode: 0, critical: false })
    const points = twins.series('home', 'latency_typical')?.points ?? []
    expect(points.at(-1)?.pairs).toBeGreaterThan(points.at(-8)?.pairs ?? Infinity)
    const report = await twins.stop()
    expect(report.phases).toHaveLength(1)
    expect(findRun(on.database, twins.runId)).toMatchObject({
      status: 'done',
      name: 'shop 1.4',
      report: { run: twins.runId, pairs: report.pairs },
    })
  })

  it('leave the gate in the middle, and take a new episode with the next block', async () => {
    const twins = await start(await stage(), { ...climb, gate: { run: 1, maxSeconds: 60 } })
    await until(hasPairs(twins, 1), 'the quiet phase')
    expect(twins.progress().phase).toBe('quiet')
    twins.ramp()
    await until(() => twins.progress().phase === 'load', 'the load')
    twins.beginEpisode(1)
    expect(twins.judgement()).toBeUndefined()
    twins.compareLatencies(false)
    await until(() => twins.judgement()?.episode === 1, 'a block of the episode')
    expect(twins.takeFacts()).toMatchObject({ unequalLoad: true })
  })

  it('call a canary critical that begins to refuse connections, and try it again', async () => {
    const on = await stage()
    const twins = await start(on, climb)
    const found: Finding[] = []
    twins.onFinding((finding) => found.push(finding))
    await until(hasPairs(twins, 30), 'the climb')
    const closedMs = performance.now()
    await on.canary.close()
    await until(() => twins.judgement()?.critical === true, 'critical', 10)
    expect(performance.now() - closedMs).toBeLessThan(5000)
    expect(twins.judgement()?.finding).toMatch(/^\d+ of the last \d+ pairs failed on the canary/)
    await until(() => twins.progress().phase === 'down', 'the breaker', 10)
    expect(twins.progress().message).toMatch(/^the canary failed half .+ starts again in \d s$/)
    expect(twins.takeFacts().deliveredShare).toBe(0)
    expect(found[0]).toMatchObject({ action: '*', rule: 'critical' })
    expect(found[0] && (await twins.inquire(found[0])).exchanges.length).toBeGreaterThan(0)
    const { pairs } = twins.progress()
    await until(() => twins.progress().phase === 'warm-up', 'the next leg', 10)
    await until(hasPairs(twins, pairs + 1), 'its first block', 15)
    expect((await twins.stop()).verdict).toBe('regressed')
  })

  it('go on from a snapshot with the same run and evidence, or begin anew', async () => {
    const on = await stage()
    const first = await on.maker.start(climb)
    await until(hasPairs(first, 1), 'the climb')
    const snapshot = first.snapshot()
    const { lnRun, pairs } = first.progress()
    await first.stop()
    const second = await on.maker.start({ ...climb, snapshot })
    expect(second.runId).toBe(first.runId)
    expect(second.progress()).toMatchObject({ pairs, lnRun, phase: 'warm-up' })
    await until(hasPairs(second, pairs + 1), 'a block')
    expect(second.progress().message).toBeUndefined()
    await second.stop()
    const third = await start(on, { ...climb, maxSeconds: 1800, snapshot, episode: 1 })
    expect(third.runId).not.toBe(first.runId)
    expect(third.progress()).toMatchObject({ pairs: 0 })
    expect(third.progress().message).toMatch(/^evidence begins anew: /)
  })
})
