/**
 * Whose think times are told apart: all alike, by action, by state, by transition. A finer model
 * stands only where enough people made it and the data ask for it (Schwarz's criterion, 1978, for
 * two more parameters); else it takes the coarser one.
 */

import { fitLogNormal, fitThink, logLikelihood, type LogNormal, type ThinkModel } from './think.ts'
import { eachSliced, within, type Sliced } from '../slices.ts'
import type { FitSession } from './session.ts'

export interface Think {
  readonly model: ThinkModel
  readonly law: LogNormal
}

export interface ThinkModels {
  /** Seconds before the next step, after this action. */
  ofAction(action: string): Think
  /** `own` if these times ask for it, else the coarser one. */
  finer(coarser: Think, seconds: readonly number[], people: number): Think
}

const FEWEST_SAMPLES = 30
/** The share of the work that counting is. */
const COUNTED = 0.3
/** Where nobody ever made a second step nothing is known; it is not used either. */
const UNKNOWN: Think = { model: { think: '10s' }, law: { mean: Math.log(10), deviation: 1 } }

export function* createThinkModels(
  sessions: readonly FitSession[],
  k: number,
): Sliced<ThinkModels> {
  const byAction = new Map<string, { seconds: number[]; people: Set<string> }>()
  const all: number[] = []
  const people = new Set<string>()
  const count = eachSliced(sessions, ({ person, steps }) => {
    for (const { action, thinkSeconds } of steps.slice(0, -1)) {
      const own = byAction.get(action) ?? { seconds: [], people: new Set() }
      byAction.set(action, own)
      own.seconds.push(thinkSeconds)
      own.people.add(person)
      all.push(thinkSeconds)
      people.add(person)
    }
  })
  yield* within(0, COUNTED, count)
  const resolution = all.reduce((least, time) => (time > 0 && time < least ? time : least), 1)
  const thinkOf = (seconds: readonly number[]): Think => ({
    model: fitThink(seconds, resolution, k),
    law: fitLogNormal(raised(seconds, resolution)),
  })
  const finer: ThinkModels['finer'] = (coarser, seconds, count) => {
    if (seconds.length < FEWEST_SAMPLES || count < k) return coarser
    const times = raised(seconds, resolution)
    const law = fitLogNormal(times)
    const gain = logLikelihood(times, law) - logLikelihood(times, coarser.law)
    return gain > Math.log(times.length) ? thinkOf(seconds) : coarser
  }
  const overall = people.size >= k ? thinkOf(all) : UNKNOWN
  const known = new Map<string, Think>()
  for (const [action, own] of byAction) {
    yield COUNTED + ((1 - COUNTED) * (known.size + 1)) / (byAction.size + 1)
    known.set(action, finer(overall, own.seconds, own.people.size))
  }
  return { ofAction: (action) => known.get(action) ?? overall, finer }
}

/** A log-normal law knows no zero: below the resolution of the source is half of it. */
function raised(seconds: readonly number[], resolution: number): number[] {
  return seconds.map((value) => Math.max(value, resolution / 2))
}
