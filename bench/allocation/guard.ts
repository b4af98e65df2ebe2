/**
 * The live guard against the test that is looked at every second (Fisher's exact p < 10⁻⁶ over the
 * window, with the same tolerated excess and least number of requests): false alarms in two hours
 * of equal arms, and seconds to an alarm for failures that begin in minute 10. Seeded.
 *
 *   node bench/allocation/guard.ts [runs of each]
 */

import { figuresOf } from '../../src/allocator/live-guard.ts'
import { policySchema } from '../../src/core/contract/policy.ts'
import { lnChoose } from '../../src/core/maths/logs.ts'
import { createRandom, type Random } from '../../src/core/random.ts'
import { createLiveGuard } from './live-window.ts'

interface Case {
  readonly name: string
  readonly seconds: number
  readonly perSecond: number
  readonly weight: number
  readonly errors: number
  /** More failures on the canary from `onset` on. */
  readonly extra?: number
  /** Users who fail this many requests in a row, and the share of requests that are theirs. */
  readonly cluster?: { readonly size: number; readonly share: number }
  /** A pod fails everything for some seconds (exponential), each once in `every` seconds. */
  readonly stall?: { readonly pods: number; readonly every: number; readonly seconds: number }
}

const ONSET = 600
const equal = { seconds: 7200, perSecond: 100, weight: 0.2, errors: 0.001 }
const late = { seconds: 1200, perSecond: 100, weight: 0.4, errors: 0.001 }
const CASES: readonly Case[] = [
  { name: 'equal arms, 0.1 % errors', ...equal },
  { name: 'equal arms, 1 % errors', ...equal, errors: 0.01 },
  { name: 'equal arms, users fail 3 times', ...equal, cluster: { size: 3, share: 0.001 } },
  { name: 'equal arms, users fail 5 times', ...equal, cluster: { size: 5, share: 0.001 } },
  { name: 'pods stall 0.3 s', ...equal, stall: { pods: 20, every: 1800, seconds: 0.3 } },
  { name: 'pods stall 1 s', ...equal, stall: { pods: 20, every: 1800, seconds: 1 } },
  { name: '+0.5 pp, within the tolerance', ...late, seconds: 4200, extra: 0.005 },
  { name: '+2 pp', ...late, extra: 0.02 },
  { name: '+2 pp at 10 %', ...late, weight: 0.1, extra: 0.02 },
  { name: '+5 pp', ...late, extra: 0.05 },
  { name: '+15 pp', ...late, extra: 0.15 },
  { name: 'half fail', ...late, extra: 0.5 },
  { name: 'all fail', ...late, extra: 1 },
]

const policy = policySchema.parse({})
const runs = Number(process.argv[2] ?? 40)
const startedAt = performance.now()
console.log(`${runs} runs of each: alarms, and median seconds from the onset`)
for (const given of CASES) {
  const courses = Array.from({ length: runs }, (_, seed) => course(given, seed))
  const [guard, looked] = [courses.map((one) => one.guard), courses.map((one) => one.looked)]
  console.log(
    `${given.name.padEnd(32)} guard ${line(guard, given)}   windowed test ${line(looked, given)}`,
  )
}
console.log(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`)

interface Course {
  readonly guard: number | undefined
  readonly looked: number | undefined
}

/** One course: the second of the first alarm of each rule. */
function course(given: Case, seed: number): Course {
  const random = createRandom(seed, given.name)
  const guard = createLiveGuard(policy)
  const failing = createFailures(given, random)
  const canary = Math.round(given.perSecond * given.weight)
  const baseline = given.perSecond - canary
  let [guardAt, lookedAt]: (number | undefined)[] = []
  for (let second = 0; second < given.seconds; second += 1) {
    const failed = failing(second, canary, baseline)
    guard.add(second, given.weight, { canary, baseline, ...failed })
    if (guard.look().kind === 'anomalous') guardAt ??= second
    if (lookedAt === undefined && isUnlikely(guard.figures())) lookedAt = second
  }
  return { guard: guardAt, looked: lookedAt }
}

type Failing = (
  second: number,
  canary: number,
  baseline: number,
) => { readonly canaryFailed: number; readonly baselineFailed: number }

function createFailures(given: Case, random: Random): Failing {
  const { errors, extra = 0, weight, perSecond, cluster, stall } = given
  const stalls = createStalls(given, random)
  return (second, canary, baseline) => {
    let canaryFailed = binomial(random, canary, errors + (second >= ONSET ? extra : 0))
    let baselineFailed = binomial(random, baseline, errors)
    if (cluster !== undefined) {
      const users = binomial(random, perSecond, cluster.share / cluster.size)
      for (let user = 0; user < users; user += 1) {
        if (random.next() < weight) canaryFailed += cluster.size
        else baselineFailed += cluster.size
      }
    }
    for (const [pod, lost] of stalls(second).entries()) {
      if (pod < weight * (stall?.pods ?? 0)) canaryFailed += lost
      else baselineFailed += lost
    }
    return {
      canaryFailed: Math.min(canary, canaryFailed),
      baselineFailed: Math.min(baseline, baselineFailed),
    }
  }
}

/** What each pod fails of its share in a second. */
function createStalls({ stall, perSecond }: Case, random: Random): (second: number) => number[] {
  if (stall === undefined) return () => []
  const stalledUntil = Array.from({ length: stall.pods }, () => 0)
  return (second) =>
    stalledUntil.map((until, pod) => {
      const begins = random.next() < 1 / stall.every
      const end = begins ? second + stall.seconds * random.exponential() : until
      stalledUntil[pod] = end
      return Math.round((Math.max(0, Math.min(1, end - second)) * perSecond) / stall.pods)
    })
}

function isUnlikely(figures: ReturnType<typeof figuresOf>): boolean {
  if (figures === undefined) return false
  const { requests: canary, serverErrors: failed } = figures.canary
  const { requests: baseline, serverErrors: baselineFailed } = figures.baseline
  const { errors, minRequests } = policy.liveGuard
  if (canary < minRequests || failed / canary - baselineFailed / baseline <= errors) return false
  const all = failed + baselineFailed
  const lnAll = lnChoose(canary + baseline, all)
  let p = 0
  for (let k = failed; k <= Math.min(all, canary); k += 1) {
    p += Math.exp(lnChoose(canary, k) + lnChoose(baseline, all - k) - lnAll)
  }
  return p < 1e-6
}

function line(alarms: readonly (number | undefined)[], { extra }: Case): string {
  const at = alarms.filter((second) => second !== undefined).toSorted((one, other) => one - other)
  const median = at[Math.floor((at.length - 1) / 2)]
  const after = extra === undefined || median === undefined ? '' : `, ${median - ONSET + 1} s`
  return `${`${at.length}/${alarms.length}`.padStart(5)}${after}`.padEnd(14)
}

function binomial(random: Random, count: number, share: number): number {
  let hits = 0
  for (let index = 0; index < count; index += 1) hits += Number(random.next() < share)
  return hits
}
