/**
 * Player: one thread's part of a generation. It sends, folds what comes back into counts, and hands
 * them over a few times a second.
 *
 * Samples are written elsewhere, and a disk may be slower than a target. What waits to be written is
 * limited by credit: a player that has too many lines on the way sends nothing new until some are
 * taken, and says so. Otherwise memory would grow as long as the run lasts.
 */

import { compileOntology } from '../../actions/ontology.ts'
import type { Clock } from '../../core/clock.ts'
import { formatSample, type Sample } from '../../core/contract/sample.ts'
import { messageOf } from '../../core/errors.ts'
import type { Exchange } from '../exchange.ts'
import { paceOfShard } from '../schedule.ts'
import { createStrainMeter, type StrainMeter } from '../strain.ts'
import { createTraffic, type Step, type Traffic } from '../traffic.ts'
import type { FromPlayer, PlayerDelta, PlayerInput, ToPlayer } from './messages.ts'
import { Tally } from './tally.ts'

const DELTA_MS = 250
const READING_EVERY = 4
/** Of a timer; one that is asked for more fires at once. */
const LONGEST_MS = 2 ** 31 - 1
/** Deltas that may be on the way; further ones are kept together here. */
const MOST_DELTAS = 8
/** What is in flight when somebody stops the traffic gets this long; at its own end, its timeout. */
const DRAIN_MS = 5_000
/** Characters of samples, here and on the way, that nothing new is sent beyond. */
const MOST_CHARACTERS = 8 * 2 ** 20

export class Player {
  readonly #input: PlayerInput
  readonly #clock: Clock
  readonly #post: (message: FromPlayer) => void
  readonly #tally = new Tally()
  readonly #traffic: Traffic
  readonly #strain: StrainMeter
  #originMs = 0
  #ticks = 0
  #ticking: NodeJS.Timeout | undefined
  #ending: NodeJS.Timeout | undefined
  #lines: string[] = []
  #characters = 0
  #charactersOnTheWay = 0
  #deltasOnTheWay = 0
  #heldFromMs: number | undefined
  #heldMs = 0
  #isStopping = false

  constructor(input: PlayerInput, clock: Clock, post: (message: FromPlayer) => void) {
    const { url, reach, ontology, skipped, timeoutMs, shard } = input
    const { profiles, seed, secrets, maxRps, runId } = input
    this.#input = input
    this.#clock = clock
    this.#post = post
    const locate = (): string => ontology.file
    this.#traffic = createTraffic({
      arms: [{ arm: 'baseline', url, ...reach }],
      ontology: compileOntology(
        ontology.document,
        { value: ontology.document, locate },
        ontology.file,
      ),
      profiles,
      seed,
      secrets,
      maxRps,
      runId,
      clock,
      shard,
      skipped: new Set(skipped),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      watcher: {
        sent: () => undefined,
        ended: (step, exchange) => this.#ended(step, exchange),
        step: () => undefined,
        session: () => this.#tally.sessionEnded(),
        paused: (waitMs) => this.#post({ kind: 'paused', waitMs }),
      },
    })
    this.#strain = createStrainMeter(() => this.#traffic.counts())
  }

  receive(message: ToPlayer): void {
    switch (message.kind) {
      case 'start':
        this.#start(message.atMs)
        return
      case 'taken':
        this.#deltasOnTheWay -= 1
        this.#charactersOnTheWay -= message.characters
        this.#useCredit()
        return
      case 'pause':
        this.#traffic.pause(message.waitMs)
        return
      case 'stop':
        this.#stop(DRAIN_MS)
        return
      case 'abort':
        this.#traffic.abort()
        this.#stop()
        return
    }
  }

  #start(atMs: number): void {
    if (this.#isStopping) return
    const { pace, shard, durationSeconds } = this.#input
    this.#originMs = atMs
    this.#ticking = setInterval(() => this.#tick(), DELTA_MS)
    // By itself, so that nothing is sent too long while nobody listens.
    const endsInMs = atMs - this.#clock.nowMs() + durationSeconds * 1000
    this.#ending = setTimeout(() => this.#stop(), Math.min(endsInMs, LONGEST_MS))
    this.#traffic.start(paceOfShard(pace, shard), atMs)
  }

  #ended(step: Step, exchange: Exchange): void {
    this.#tally.add(step.action, exchange)
    if (!this.#input.wantsSamples) return
    const line = formatSample(sampleOf(step, exchange, this.#originMs))
    this.#lines.push(line)
    this.#characters += line.length + 1
    this.#useCredit()
  }

  #useCredit(): void {
    const waiting = this.#characters + this.#charactersOnTheWay
    const isOver = waiting > (this.#heldFromMs === undefined ? 1 : 0.5) * MOST_CHARACTERS
    if (isOver === (this.#heldFromMs !== undefined)) return
    const nowMs = this.#clock.nowMs()
    this.#heldMs += nowMs - (this.#heldFromMs ?? nowMs)
    this.#heldFromMs = isOver ? nowMs : undefined
    this.#traffic.hold(isOver)
  }

  #tick(): void {
    this.#ticks += 1
    if (this.#deltasOnTheWay >= MOST_DELTAS) return
    const delta = this.#take(this.#ticks % READING_EVERY === 0)
    this.#deltasOnTheWay += 1
    this.#charactersOnTheWay += delta.lines.length
    this.#post({ kind: 'delta', delta })
  }

  #take(isReading: boolean): PlayerDelta {
    const nowMs = this.#clock.nowMs()
    const lines = this.#lines.join('\n')
    this.#lines = []
    this.#characters = 0
    const heldMs = this.#heldMs + nowMs - (this.#heldFromMs ?? nowMs)
    return {
      tally: this.#tally.take(),
      counts: this.#traffic.counts(),
      ...(isReading ? { reading: this.#strain.read((nowMs - this.#originMs) / 1000) } : {}),
      heldSeconds: heldMs / 1000,
      lines,
    }
  }

  #stop(drainMs?: number): void {
    if (this.#isStopping) return
    this.#isStopping = true
    clearTimeout(this.#ending)
    this.#end(drainMs).catch((thrown: unknown) =>
      this.#post({ kind: 'failed', error: messageOf(thrown) }),
    )
  }

  async #end(drainMs: number | undefined): Promise<void> {
    const giveUp =
      drainMs === undefined ? undefined : setTimeout(() => this.#traffic.abort(), drainMs)
    await this.#traffic.stop()
    clearTimeout(giveUp)
    await this.#traffic.close()
    clearInterval(this.#ticking)
    const delta = this.#take(true)
    this.#strain.close()
    this.#post({ kind: 'ended', delta })
  }
}

function sampleOf(step: Step, exchange: Exchange, originMs: number): Sample {
  const { status, arm, outcome, bytes, latencyMs, serviceMs } = exchange
  const label = step.profile.labels[0]
  return {
    at: Math.max(0, (step.intendedMs - originMs) / 1000),
    action: step.action,
    arm,
    session: step.session,
    latencyMs,
    serviceMs,
    ...(status === undefined ? {} : { status }),
    outcome,
    bytes,
    segment: {
      geo: step.profile.geo_location,
      device: step.profile.device_type,
      ...(label === undefined ? {} : { label }),
      ...(step.previous === undefined ? {} : { prev: step.previous }),
    },
  }
}
