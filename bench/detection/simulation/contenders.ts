/** Who judges the traces: our engine in a few settings, and the rules of other tools. */

import type { PairRecord } from '../../../src/analysis/fold.ts'
import { BLOCKS_TO_NAME } from '../../../src/analysis/judging/decide.ts'
import type { PhaseState } from '../../../src/analysis/judging/phase-state.ts'
import { createEngine, planOf, WARM_UP_SECONDS, type StudyPlan } from './engine.ts'
import { createOtherRules } from './other-rules.ts'
import { createReplay, type SaidBy } from './rules.ts'
import type { World, WorldAction } from './world.ts'

export interface Contender {
  /** In order of the send. */
  pair(pair: PairRecord): void
  /** Whether nothing that comes can change what it says. */
  isDone(): boolean
  end(seconds: number): SaidBy
}

/** The levels that are read off one run of the evidence: it does not depend on them. */
const LEVELS = [0.01, 0.05] as const

/** The settings of our engine that are shown side by side. */
export const SETTINGS = [
  { name: 'ours, 1 s blocks', blockSeconds: 1, margin: 0 },
  { name: 'ours, 0.5 s blocks', blockSeconds: 0.5, margin: 0 },
  { name: 'ours, 1 s, margin 5 %', blockSeconds: 1, margin: 0.05 },
  // As a probe does it: with the fixed rule for a canary that hardly answers.
  { name: 'ours, as a probe', blockSeconds: 0.5, margin: 'default' },
] as const

/** The name under which a level of a setting stands in the tables. */
export function nameOf(setting: string, alpha: number): string {
  return `${setting}, α ${alpha}`
}

/** How many streams of a run ever had so much evidence. */
export interface StreamCounts {
  readonly streams: number
  readonly above20: number
  readonly above100: number
}

export interface Ours extends Contender {
  streamCounts(): StreamCounts
  /** Blocks that a cap closed, of all. */
  blocks(): { readonly all: number; readonly capped: number }
}

export function createOurs(
  study: Omit<StudyPlan, 'blockSeconds' | 'margin' | 'alpha'>,
  setting: (typeof SETTINGS)[number],
  seed: number,
): Ours {
  const plan = planOf({ ...study, ...setting, alpha: LEVELS[0] })
  const alarms = new Map<number, number>()
  let named: readonly string[] = []

  let blocksToName = BLOCKS_TO_NAME

  function watch(phase: PhaseState, seconds: number): void {
    if (alarms.size === LEVELS.length) blocksToName -= 1
    for (const alpha of LEVELS) {
      if (phase.lnRun >= -Math.log(alpha) && !alarms.has(alpha)) alarms.set(alpha, seconds)
    }
    if (named.length > 0 || phase.alarm === undefined) return
    named = phase.alarms.flatMap(({ scope, named: found }) =>
      found !== undefined && scope.kind === 'action'
        ? (plan.actions[scope.index]?.action ?? [])
        : [],
    )
  }
  function stopAtOnce(seconds: number): void {
    for (const alpha of LEVELS) if (!alarms.has(alpha)) alarms.set(alpha, seconds)
  }
  const engine = createEngine(
    plan,
    seed,
    watch,
    setting.margin === 'default' ? { onCritical: stopAtOnce } : {},
  )
  const suprema = (): readonly number[] =>
    engine.phase()?.alarms.map(({ lnSupremum }) => lnSupremum) ?? []
  const above = (evidence: number): number =>
    suprema().filter((ln) => ln >= Math.log(evidence)).length

  return {
    pair: (pair) => engine.pair(pair),
    isDone: () => alarms.size === LEVELS.length && (named.length > 0 || blocksToName < 0),
    end: () =>
      Object.fromEntries(
        LEVELS.map((alpha) => {
          const at = alarms.get(alpha)
          const blames =
            alpha === LEVELS[0] && named.length > 0 ? { actions: [...new Set(named)] } : {}
          return [nameOf(setting.name, alpha), at === undefined ? {} : { at, ...blames }]
        }),
      ),
    streamCounts: () => ({ streams: suprema().length, above20: above(20), above100: above(100) }),
    blocks: () => {
      const phase = engine.phase()
      return { all: phase?.blocks ?? 0, capped: phase?.cappedBlocks ?? 0 }
    },
  }
}

/** All rules on one trace; samples reach them in the order in which they ended. */
export function createOthers(actions: readonly WorldAction[], seed: number): Contender {
  const replay = createReplay(createOtherRules(seed, actions), actions)
  return {
    pair: (pair) => {
      const at = pair.at - WARM_UP_SECONDS
      if (at >= 0) replay.pair({ ...pair, at })
    },
    isDone: () => replay.isDone(),
    end: (seconds) => replay.end(seconds),
  }
}

/** Runs all contenders over one trace, until its end or until all have spoken. */
export function judgeTrace(
  world: World,
  contenders: readonly Contender[],
  seconds: number,
): SaidBy {
  const end = WARM_UP_SECONDS + seconds
  let pair = world.next()
  let checkedAt = 0
  let going = contenders
  while (pair.at < end && going.length > 0) {
    for (const contender of going) contender.pair(pair)
    if (pair.at - checkedAt > 1) {
      checkedAt = pair.at
      going = going.filter((contender) => !contender.isDone())
    }
    pair = world.next()
  }
  return Object.assign({}, ...contenders.map((contender) => contender.end(seconds)))
}
