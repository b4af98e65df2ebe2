/**
 * A model of two servers on a machine that other people use: it has slots that fill up gradually,
 * and a speed that wanders (on every scale from half a second to a minute), drifts, and halves now
 * and then. A part of it touches one arm only. Nothing is sent, and only its own clock moves.
 */

import type { Clock } from '../../../src/core/clock.ts'
import { createRandom, type Random } from '../../../src/core/random.ts'
import type { Crew } from '../../../src/generator/capacity/crew.ts'
import type { LevelCounts } from '../../../src/generator/capacity/level.ts'
import { Histogram } from '../../../src/generator/pool/histogram.ts'

export interface NoisyArm {
  readonly slots: number
  readonly serviceMs: number
}

export interface Noise {
  /** Standard deviations of the logarithm of the speed. */
  readonly shared: number
  readonly own: number
  /** Seconds after which a deviation is forgotten to a third. */
  readonly memory: readonly number[]
  /** Share by which the machine is slower after a minute. */
  readonly drift: number
  /** Share of the time in which something else takes half of the speed away, for about 2 s. */
  readonly busy: number
}

export interface NoisyWorld {
  readonly crew: Crew
  readonly clock: Clock
}

const STEP_SECONDS = 0.1
/** How round the knee is: a server is at 89 % of its rate with as many users as slots. */
const ROUNDNESS = 6
const QUANTILES = 40
const CHANGE_SECONDS = 0.08

export function createNoisyWorld(
  arms: Readonly<Record<'baseline' | 'canary', NoisyArm>>,
  noise: Noise,
  seed: number,
): NoisyWorld {
  const random = createRandom(seed, 'noisy')
  const shared = createWander(noise.shared, noise.memory, random.fork('shared'))
  const own = {
    baseline: createWander(noise.own, noise.memory, random.fork('baseline')),
    canary: createWander(noise.own, noise.memory, random.fork('canary')),
  }
  const bursts = createBursts(noise.busy, random.fork('bursts'))
  const latency = random.fork('latency')
  let nowSeconds = 0
  let actions = 1
  /** The speed of an arm over the next stretch; every part of the world moves on, seen or not. */
  const speeds = (arm: 'baseline' | 'canary', seconds: number): number[] =>
    Array.from({ length: Math.max(1, Math.round(seconds / STEP_SECONDS)) }, () => {
      nowSeconds += STEP_SECONDS
      const moved = { baseline: own.baseline(), canary: own.canary() }
      const drift = Math.log1p(-noise.drift) * (nowSeconds / 60)
      return Math.exp(shared() + moved[arm] + drift) * (bursts() ? 0.5 : 1)
    })
  const measure = (
    arm: 'baseline' | 'canary',
    { connections, warmSeconds, seconds }: Parameters<Crew['measure']>[1],
  ): LevelCounts => {
    const { slots, serviceMs } = arms[arm]
    speeds(arm, warmSeconds + CHANGE_SECONDS)
    const seen = speeds(arm, seconds)
    const part = ((slots / connections) ** ROUNDNESS + 1) ** (-1 / ROUNDNESS)
    const histogram = new Histogram()
    let rate = 0
    for (const speed of seen) {
      const now = (slots / serviceMs) * 1000 * part * speed
      rate += now / seen.length
      // As many values a step as it has answers, in proportion.
      const values = Math.max(1, Math.round((QUANTILES / seen.length) * speed))
      for (let index = 0; index < values; index += 1) {
        histogram.record((connections / now) * 1000 * Math.exp(0.15 * latency.normal()))
      }
    }
    const edge = Math.sqrt(connections) * latency.normal() * 0.5
    const answers = Math.max(0, Math.round((rate * seconds + edge) / actions))
    const latencies = histogram.take()
    return {
      end: 'time',
      seconds,
      actions: Array.from({ length: actions }, () => ({ answers, failures: 0, latencies })),
      cpu: 0.2,
      busy: 0.3,
    }
  }
  return {
    clock: { nowMs: () => nowSeconds * 1000, wallMs: () => 0 },
    crew: {
      aim: (target) => {
        actions = target.statuses.length
      },
      measure: async (arm, task) => {
        if (arm === 'control') throw new RangeError('there is no control')
        return measure(arm, task)
      },
      close: async () => {},
    },
  }
}

/** A sum of Ornstein–Uhlenbeck processes, one for each memory; each call is a step. */
function createWander(deviation: number, memory: readonly number[], random: Random): () => number {
  const each = deviation / Math.sqrt(memory.length)
  const parts = memory.map((seconds) => {
    const keep = Math.exp(-STEP_SECONDS / seconds)
    return { keep, fresh: each * Math.sqrt(1 - keep * keep), value: each * random.normal() }
  })
  return () => {
    let sum = 0
    for (const part of parts) {
      part.value = part.keep * part.value + part.fresh * random.normal()
      sum += part.value
    }
    return sum
  }
}

function createBursts(share: number, random: Random): () => boolean {
  const meanSeconds = 2
  let isOn = false
  let leftSeconds = 0
  return () => {
    leftSeconds -= STEP_SECONDS
    if (leftSeconds <= 0 && share > 0) {
      isOn = !isOn
      const mean = isOn ? meanSeconds : (meanSeconds * (1 - share)) / share
      leftSeconds = mean * random.exponential()
    }
    return isOn
  }
}
