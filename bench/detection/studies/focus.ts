/**
 * Focus: half of the sessions tilt towards required actions that are still undecided, by the draw of
 * the product and by closed blocks alone. Time to the verdict against natural traffic, and whether
 * the false alarms stay where they were.
 */

import type { PhaseState } from '../../../src/analysis/judging/phase-state.ts'
import type { Plan } from '../../../src/core/contract/plan.ts'
import { createRandom } from '../../../src/core/random.ts'
import { createDraw } from '../../../src/generator/session/draw.ts'
import { createEngine, planOf, WARM_UP_SECONDS } from '../simulation/engine.ts'
import { chooser, createWorld, REGIMES, TEN_ACTIONS, type Change } from '../simulation/world.ts'
import { formatShare, formatTimes, quantileOf, shareOf } from './figures.ts'
import { defineStudy, jobsOf, partOf, type Outcome, type Table } from './study.ts'

const NAME = 'focus'
const RATE = 50
const SECONDS = 1800
const ALPHA = 0.05
/** 34.7, 7.6, 3.1 and 1 of 50 pairs a second. */
const REQUIRED = ['a1', 'a2', 'a3', 'a5'] as const
const PROFILES = 1000
const OPEN_SESSIONS = 50
/** Share of the steps of a session that are of the action it is most about. */
const FAVOURITE = 0.4
const STEPS = { least: 4, most: 9 }

const CASES: Readonly<Record<string, { readonly change: Change; readonly guilty?: string }>> = {
  'equal arms': { change: {} },
  'a5 (1/s) +50 %': { change: { actions: [4], factor: 1.5 }, guilty: 'a5' },
  'a5 (1/s) errors 5 %': { change: { actions: [4], errors: 0.05 }, guilty: 'a5' },
  'a3 (3/s) +30 %': { change: { actions: [2], factor: 1.3 }, guilty: 'a3' },
}
const PARTS = { 'equal arms': 0.2, other: 0.06 }
const TRAFFICS = ['natural', 'focused'] as const
type Traffic = (typeof TRAFFICS)[number]

interface FocusRun {
  /** Seconds after the warm-up; left out = never. */
  readonly proven?: number
  readonly alarm?: number
  readonly named?: Readonly<Record<string, number>>
}

export const focus = defineStudy<FocusRun>({
  name: NAME,
  jobs: (runs) =>
    Object.keys(CASES).flatMap((name) =>
      TRAFFICS.flatMap((traffic) =>
        jobsOf(
          NAME,
          `${name}, ${traffic}`,
          partOf(runs, name === 'equal arms' ? PARTS[name] : PARTS.other),
        ),
      ),
    ),
  run: ({ case: name, seed }) => {
    const traffic = TRAFFICS.find((one) => name.endsWith(`, ${one}`)) ?? 'natural'
    const { change } = CASES[name.slice(0, -`, ${traffic}`.length)] ?? { change: {} }
    return runFocused(change, traffic, 500_000 + seed)
  },
  summarise: (outcomes) => ({
    title: 'What focus saves',
    text:
      `Ten actions at ${RATE} pairs/s, required: ${REQUIRED.join(', ')}; default margins, 0.5 s ` +
      `blocks, α ${ALPHA}, stalls std. Half of the sessions are natural at all times.`,
    tables: [timeTable(outcomes), alarmTable(outcomes)],
    charts: [
      {
        kind: 'curves',
        title: 'Healthy by then, equal arms',
        endSeconds: SECONDS,
        curves: TRAFFICS.map((traffic) => ({
          name: traffic,
          seconds: runsOf(outcomes, 'equal arms', traffic).map(({ proven = Infinity }) => proven),
        })),
      },
    ],
  }),
})

function runFocused(change: Change, traffic: Traffic, seed: number): FocusRun {
  const plan = planOf({
    actions: TEN_ACTIONS,
    rate: RATE,
    seconds: SECONDS,
    blockSeconds: 0.5,
    alpha: ALPHA,
    margin: 'default',
    healthyMargins: {},
    require: REQUIRED,
  })
  const sessions = createSessions(seed)
  const named = new Map<string, number>()
  let proven: number | undefined
  let alarm: number | undefined
  const engine = createEngine(plan, seed, (phase, at) => {
    if (phase.alarm !== undefined) alarm ??= at
    for (const { scope, named: found } of phase.alarms) {
      if (found === undefined || scope.kind !== 'action') continue
      const action = plan.actions[scope.index]?.action ?? ''
      if (!named.has(action)) named.set(action, at)
    }
    const undecided = undecidedOf(plan, phase)
    if (undecided.length === 0 && isProven(plan, phase) && alarm === undefined) proven ??= at
    if (traffic === 'focused') sessions.focus(undecided)
  })
  const world = createWorld({
    seed,
    rate: RATE,
    actions: TEN_ACTIONS,
    regime: REGIMES.std,
    change,
    choose: (uniform) => sessions.next(uniform),
  })
  for (let pair = world.next(); pair.at <= WARM_UP_SECONDS + SECONDS; pair = world.next()) {
    engine.pair(pair)
    if (named.size > 0 && change.actions !== undefined) break
  }
  return {
    ...(proven === undefined ? {} : { proven }),
    ...(alarm === undefined ? {} : { alarm }),
    named: Object.fromEntries(named),
  }
}

/** Required actions with a claim that is neither proven now nor refuted by name. */
function undecidedOf(plan: Plan, phase: PhaseState): string[] {
  const lnThreshold = -Math.log(plan.alphaHealthy)
  return plan.actions.flatMap(({ action, required }, index) => {
    if (!required) return []
    const isNamed = phase.alarms.some(
      ({ scope, named }) => scope.kind === 'action' && scope.index === index && named !== undefined,
    )
    const isOpen = phase.proofs.some(
      ({ scope, evidence }) =>
        scope.kind === 'action' && scope.index === index && evidence.lnDown < lnThreshold,
    )
    return isOpen && !isNamed ? [action] : []
  })
}

function isProven(plan: Plan, { proofs }: PhaseState): boolean {
  return proofs.every(({ evidence }) => evidence.lnDown >= -Math.log(plan.alphaHealthy))
}

/** Open sessions of which one takes its next step with each pair. */
function createSessions(seed: number): {
  next(uniform: number): number
  focus(actions: readonly string[]): void
} {
  const profiles = drawProfiles(seed)
  const draw = createDraw(
    seed,
    profiles.map((steps) => steps.map((action) => TEN_ACTIONS[action]?.action ?? '')),
  )
  let opened = 0
  const open = (): { steps: readonly number[]; done: number } => {
    opened += 1
    return { steps: profiles[draw.profile(opened)] ?? [], done: 0 }
  }
  const sessions = Array.from({ length: OPEN_SESSIONS }, open)
  return {
    next(uniform) {
      const place = Math.min(OPEN_SESSIONS - 1, Math.floor(uniform * OPEN_SESSIONS))
      let session = sessions[place] ?? open()
      if (session.done >= session.steps.length) {
        session = open()
        sessions[place] = session
      }
      const action = session.steps[session.done] ?? 0
      session.done += 1
      return action
    },
    focus: (actions) => draw.focus(actions),
  }
}

/** Users who are each most about one action; all together the steps have the natural shares. */
function drawProfiles(seed: number): number[][] {
  const random = createRandom(seed, 'profiles')
  const natural = chooser(TEN_ACTIONS)
  return Array.from({ length: PROFILES }, () => {
    const favourite = natural(random.next())
    const length = STEPS.least + random.int(STEPS.most - STEPS.least + 1)
    return Array.from({ length }, () =>
      random.next() < FAVOURITE ? favourite : natural(random.next()),
    )
  })
}

function timeTable(outcomes: readonly Outcome<FocusRun>[]): Table {
  return {
    caption: 'Median seconds after the warm-up: to healthy, or until the guilty action is named',
    columns: ['', ...TRAFFICS, 'natural ÷ focused'],
    rows: Object.entries(CASES).map(([name, { guilty }]) => {
      const times = TRAFFICS.map((traffic) =>
        runsOf(outcomes, name, traffic).map(
          ({ proven, named }) => (guilty === undefined ? proven : named?.[guilty]) ?? Infinity,
        ),
      )
      const [natural = Infinity, focused = Infinity] = times.map((all) => quantileOf(all, 0.5))
      const ratio = natural / focused
      return [name, ...times.map(formatTimes), Number.isFinite(ratio) ? ratio.toFixed(1) : '–']
    }),
  }
}

function alarmTable(outcomes: readonly Outcome<FocusRun>[]): Table {
  return {
    caption: `False alarms of equal arms in ${SECONDS / 60} min, and runs that named an innocent action`,
    columns: ['', ...TRAFFICS],
    rows: Object.entries(CASES).map(([name, { guilty }]) => [
      name,
      ...TRAFFICS.map((traffic) => {
        const runs = runsOf(outcomes, name, traffic)
        const wrong = runs.filter(({ alarm, named }) =>
          guilty === undefined
            ? alarm !== undefined
            : Object.keys(named ?? {}).some((action) => action !== guilty),
        )
        return formatShare(shareOf(wrong.length, runs.length))
      }),
    ]),
  }
}

function runsOf(
  outcomes: readonly Outcome<FocusRun>[],
  name: string,
  traffic: Traffic,
): readonly FocusRun[] {
  return outcomes
    .filter(({ job }) => job.case === `${name}, ${traffic}`)
    .map(({ result }) => result)
}
