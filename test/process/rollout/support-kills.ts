/**
 * Kills controllers with SIGKILL at chosen and at random instants of rollouts over a real HAProxy
 * with live users, and HAProxy itself at some, and keeps account of what came of it. The test does
 * it 25 times, the soak as often as it is told.
 *
 * An instant is a state of the journal, seen from outside, and then a random delay, so that kills hit
 * before, between and after what is written, asked and read back. The seed gives the same plan; what
 * the processes do in the meantime is their own.
 */

import { createRandom, type Random } from '../../../src/core/random.ts'
import type { Program } from '../../support/processes.ts'
import { journalProblems } from './support-journal.ts'
import { startSampler, type Sampled, type Sampler } from './support-sampler.ts'
import { findSoon, mustFind, openWorld, pause, requestOf, type World } from './support-world.ts'

/** Where a kill is aimed at. */
type Instant =
  | 'start'
  | 'random'
  /** Written down, and not read back yet. */
  | 'intent'
  | 'holding'
  /** While HAProxy cannot be asked, so it lasts. */
  | 'rolling_back'
  /** The few milliseconds that it takes otherwise. */
  | 'taking_back'
  | 'promoting'
  /** The way to 0 after the promotion is written down, and not read back yet. */
  | 'finalising'

export interface KillOptions {
  readonly kills: number
  readonly seed: number
  readonly log?: (line: string) => void
}

export interface KillSummary {
  readonly kills: number
  readonly haproxyKills: number
  /** How often each instant was hit as it was aimed at. */
  readonly hits: Readonly<Record<Instant, number>>
  readonly ends: Readonly<Record<string, number>>
  readonly sampled: Sampled
  readonly problems: readonly string[]
  readonly live: ReturnType<World['live']['counts']>
  readonly seconds: number
}

/** A good canary is promoted, a bad one is taken back; each meets these kills on its way. */
const GOOD: readonly Instant[] = [
  'start',
  'intent',
  'random',
  'intent',
  'holding',
  'intent',
  'random',
  'promoting',
  'finalising',
]
const BAD: readonly Instant[] = ['random', 'intent', 'rolling_back', 'rolling_back']
const QUICKLY_BAD: readonly Instant[] = ['holding', 'intent', 'taking_back']
const COURSES = [GOOD, BAD, GOOD, QUICKLY_BAD] as const
/** Each so many kills HAProxy dies as well. */
const HAPROXY_EVERY = 5
/** An instant that does not come is not waited for longer. */
const INSTANT_LIMIT_MS = 8_000
const END_LIMIT_MS = 60_000

export async function killControllers(options: KillOptions): Promise<KillSummary> {
  // Long enough to be killed while the pipeline is told.
  const config = { policy: { on_promoted: { exec: ['sleep', '0.5'] } } }
  const world = await openWorld({ config })
  const sampler = startSampler(world)
  try {
    const run = new Killing(world, sampler, options)
    return await run.all()
  } finally {
    await sampler.stop()
    await world.close()
  }
}

class Killing {
  readonly #world: World
  readonly #sampler: Sampler
  readonly #options: KillOptions
  readonly #random: Random
  readonly #hits: Record<Instant, number> = {
    start: 0,
    random: 0,
    intent: 0,
    holding: 0,
    rolling_back: 0,
    taking_back: 0,
    promoting: 0,
    finalising: 0,
  }
  readonly #ends: Record<string, number> = {}
  readonly #problems: string[] = []
  readonly #words: Promise<void>[] = []
  #kills = 0
  #haproxyKills = 0
  #rollouts = 0

  constructor(world: World, sampler: Sampler, options: KillOptions) {
    this.#world = world
    this.#sampler = sampler
    this.#options = options
    this.#random = createRandom(options.seed)
  }

  async all(): Promise<KillSummary> {
    const startedMs = performance.now()
    while (this.#kills < this.#options.kills) {
      await this.#rollout(COURSES[this.#rollouts % COURSES.length] ?? GOOD)
    }
    await Promise.all(this.#words)
    return {
      kills: this.#kills,
      haproxyKills: this.#haproxyKills,
      hits: this.#hits,
      ends: this.#ends,
      sampled: this.#sampler.sampled(),
      problems: this.#problems,
      live: this.#world.live.counts(),
      seconds: (performance.now() - startedMs) / 1000,
    }
  }

  /** One rollout from its start to its end, through the kills that are meant for it. */
  async #rollout(instants: readonly Instant[]): Promise<void> {
    const world = this.#world
    const isBad = instants !== GOOD
    this.#rollouts += 1
    const request = requestOf(`version ${this.#rollouts}`)
    let controller = world.startController(request)
    for (const instant of instants) {
      if (this.#kills >= this.#options.kills) break
      const isHit = await this.#reach(instant, controller)
      await this.#kill(instant, isHit, controller)
      // A kill can come so late that all was done.
      if (this.#isOver()) return this.#account(isBad, await world.weightBp())
      controller = world.startController(request)
    }
    await this.#finish(controller, isBad)
  }

  /** Waits until the rollout is where the kill is aimed at. */
  async #reach(instant: Instant, controller: Program): Promise<boolean> {
    const world = this.#world
    if (instant === 'start') {
      await pause(this.#between(0, 1500))
      return true
    }
    await controller.saw(/^controls /m)
    this.#sampler.setHeld(true)
    if (instant === 'random') {
      await pause(this.#between(0, 3000))
      return true
    }
    if (instant === 'rolling_back') this.#fallIll()
    if (instant === 'taking_back') {
      await this.#someWeight()
      world.canary.mood = 'fails'
    }
    if (instant === 'promoting') this.#words.push(this.#promote())
    const found = await findSoon(
      () => (this.#isAt(instant) ? true : undefined),
      INSTANT_LIMIT_MS,
      1,
    )
    const isRace = ['intent', 'taking_back', 'finalising'].includes(instant)
    await pause(this.#between(0, isRace ? 10 : 300))
    return found === true
  }

  #isAt(instant: Instant): boolean {
    const state = this.#state()
    if (instant === 'taking_back') return state === 'rolling_back'
    if (instant === 'finalising' && state !== 'promoting') return false
    if (instant !== 'intent' && instant !== 'finalising') return state === instant
    const kind = this.#world.books
      .prepare(
        `SELECT kind FROM journal WHERE rollout = (SELECT id FROM rollouts ORDER BY number DESC
           LIMIT 1) AND kind IN ('intent', 'applied') ORDER BY seq DESC LIMIT 1`,
      )
      .pluck()
      .get()
    return kind === 'intent'
  }

  /** HAProxy cannot be asked meanwhile, or the way back would be over in a few milliseconds. */
  #fallIll(): void {
    const { canary } = this.#world
    if (!this.#world.isSocketHidden()) this.#world.hideSocket()
    canary.mood = 'fails'
  }

  async #kill(instant: Instant, isHit: boolean, controller: Program): Promise<void> {
    const world = this.#world
    const state = `${this.#state()}, ${this.#reason()}`
    controller.signal('SIGKILL')
    this.#sampler.setHeld(false)
    await controller.ended
    this.#kills += 1
    if (isHit) this.#hits[instant] += 1
    const withHaproxy = this.#kills % HAPROXY_EVERY === 0 && !world.isSocketHidden()
    if (withHaproxy) {
      this.#haproxyKills += 1
      await world.live.duringOutage(async () => {
        await world.killHaproxy()
        await world.haproxy.restart()
      })
    }
    const too = withHaproxy ? ', HAProxy too' : ''
    this.#options.log?.(`${this.#kills} ${instant}${isHit ? '' : ' (missed)'}: ${state}${too}`)
  }

  /** Lets the rollout come to its end, then looks at everything it left. */
  async #finish(controller: Program, isBad: boolean): Promise<void> {
    const world = this.#world
    await controller.saw(/^controls /m)
    this.#sampler.setHeld(true)
    // The second restart of a rollback finds HAProxy silent; now it speaks again.
    if (isBad && this.#state() !== 'rolling_back') {
      await this.#someWeight()
      world.canary.mood = 'fails'
    }
    if (world.isSocketHidden()) world.showSocket()
    if (!isBad) this.#words.push(this.#promote())
    const id = world.openRollout()
    await controller.saw(/^settled /m, END_LIMIT_MS).catch((error: unknown) => {
      this.#problems.push(`${id} did not end: ${String(error).slice(0, 1000)}`)
    })
    await controller.stop()
    this.#sampler.setHeld(false)
    this.#account(isBad, await world.weightBp())
  }

  #account(isBad: boolean, weightBp: number | undefined): void {
    const { observer, canary } = this.#world
    canary.mood = 'well'
    const [last] = observer.rollouts.list({ limit: 1 }).rollouts
    const state = last?.state ?? 'none'
    this.#ends[state] = (this.#ends[state] ?? 0) + 1
    const expected = isBad ? 'rolled_back' : 'promoted'
    if (state !== expected) {
      this.#problems.push(`${last?.id} ended ${state}, not ${expected}: ${last?.sentence}`)
    }
    if (weightBp !== 0) this.#problems.push(`${last?.id} is over, HAProxy reads ${weightBp}`)
    if (last !== undefined) this.#problems.push(...journalProblems(this.#world, last.id))
    this.#options.log?.(`${last?.id} ${last?.sentence}`)
  }

  /** A person says promote as soon as that may be said. */
  async #promote(): Promise<void> {
    const { rollouts } = this.#world.observer
    await findSoon(async () => {
      const [last] = rollouts.list({ limit: 1 }).rollouts
      if (last === undefined || !['ramping', 'holding'].includes(last.state)) {
        return last?.endedAt === undefined && last?.state !== 'promoting' ? undefined : true
      }
      await rollouts.tell(last.id, { act: 'promote', by: 'a person' }).catch(() => undefined)
      return true
    }, INSTANT_LIMIT_MS)
  }

  #isOver(): boolean {
    const { rollouts } = this.#world.observer.rollouts.list({ limit: 1000 })
    return rollouts.length === this.#rollouts && rollouts[0]?.endedAt !== undefined
  }

  #reason(): string | undefined {
    const id = this.#world.openRollout()
    return id === undefined ? undefined : this.#world.observer.rollouts.find(id)?.reason.code
  }

  #state(): string | undefined {
    return this.#world.observer.rollouts.list({ limit: 1 }).rollouts[0]?.state
  }

  async #someWeight(): Promise<void> {
    const weightBp = (): number =>
      this.#world.observer.rollouts.list({ limit: 1 }).rollouts[0]?.weightBp ?? 0
    await mustFind('a weight', () => (weightBp() > 0 ? true : undefined))
  }

  #between(low: number, high: number): number {
    return low + (high - low) * this.#random.next()
  }
}
