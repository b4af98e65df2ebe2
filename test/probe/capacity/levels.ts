/** Levels as a target of so many slots gives them, without sending anything. */

import type { Crew } from '../../../src/generator/capacity/crew.ts'
import type { LevelCounts, LevelEnd } from '../../../src/generator/capacity/level.ts'
import { Histogram } from '../../../src/generator/pool/histogram.ts'
import type { Level } from '../../../src/probe/capacity/limits.ts'

export function levelOf(
  connections: number,
  requestsPerSecond: number,
  more: Partial<Level> = {},
): Level {
  const strain = more.broke === undefined ? -0.5 : 0.5
  return {
    connections,
    requestsPerSecond,
    p95Ms: 10,
    errorShare: 0,
    isStrained: false,
    strain,
    ...more,
  }
}

export interface Given {
  readonly answers?: readonly number[]
  readonly failures?: readonly number[]
  readonly latencyMs?: number
  readonly seconds?: number
  readonly end?: LevelEnd
  readonly busy?: number
}

export function countsOf(given: Given): LevelCounts {
  const { answers = [1000], failures = [], latencyMs = 10, end = 'time', busy = 0.1 } = given
  return {
    end,
    seconds: given.seconds ?? 1,
    actions: answers.map((count, action) => {
      const latencies = new Histogram()
      for (let index = 0; index < count; index += 1) latencies.record(latencyMs)
      for (let index = 0; index < (failures[action] ?? 0); index += 1) latencies.record(1000)
      return { answers: count, failures: failures[action] ?? 0, latencies: latencies.take() }
    }),
    cpu: 0.1,
    busy,
  }
}

export interface Modelled {
  readonly slots: number
  readonly serviceMs: number
  /** Changes the counts of a level; `level` counts from 1. */
  readonly change?: (counts: LevelCounts, connections: number, level: number) => LevelCounts
}

/** A crew that sends nothing: each arm is a queue before so many slots. */
export function modelCrew(arms: Readonly<Record<'baseline' | 'canary', Modelled>>): Crew & {
  readonly asked: readonly string[]
} {
  const asked: string[] = []
  const levels = { baseline: 0, canary: 0 }
  let actions = 1
  return {
    asked,
    aim: (target) => {
      actions = target.statuses.length
    },
    measure: async (arm, task) => {
      if (arm === 'control') throw new RangeError('there is no control')
      const { slots, serviceMs, change } = arms[arm]
      levels[arm] += 1
      asked.push(`${arm} ${task.connections}`)
      const rate = (Math.min(task.connections, slots) / serviceMs) * 1000
      const latencyMs = Math.max(1, task.connections / slots) * serviceMs
      const answers = Array.from({ length: actions }, () => Math.round(rate / actions))
      const counts = countsOf({ answers, latencyMs })
      return change?.(counts, task.connections, levels[arm]) ?? counts
    },
    close: async () => {},
  }
}
