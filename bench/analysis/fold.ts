/**
 * How fast pairs fold into sums, and sums become evidence, on one core: `node bench/analysis/fold.ts`.
 * CPU time, not wall time, so that a busy machine says the same; each figure is the best of a few.
 */

import { foldPairs, type PairRecord } from '../../src/analysis/fold.ts'
import { createJudge } from '../../src/analysis/judge.ts'
import { freezePlan, type PlanSettings } from '../../src/analysis/plan.ts'
import { defaultConfig } from '../../src/core/contract/config.ts'
import type { Plan } from '../../src/core/contract/plan.ts'
import { createRandom } from '../../src/core/random.ts'

const PAIRS = 200_000
const ROUNDS = 5
const BLOCK_SIZES = [25, 250, 2500, PAIRS]

const { probe, analysis } = defaultConfig
const settings: PlanSettings = {
  rate: probe.rate,
  concurrency: probe.concurrency,
  alpha: analysis.alpha,
  alphaHealthy: analysis.alpha_healthy,
  block: analysis.block,
  maxStallSeconds: analysis.max_stall,
  floorMs: analysis.floor_ms,
  timeoutMs: 10_000,
  duration: 3600,
  minDurationSeconds: 60,
  maxDurationSeconds: 3600,
  warmup: 10,
  phases: ['load'],
  margins: {},
  healthyMargins: {},
}

function planOf(actions: number): Plan {
  const share = 1 / actions
  return freezePlan(
    settings,
    Array.from({ length: actions }, (_, index) => ({ action: `a${index}`, share })),
  )
}

function pairsOf(plan: Plan, count: number): PairRecord[] {
  const random = createRandom(1, 'fold')
  return Array.from({ length: count }, (_, index) => {
    const shared = 0.3 * random.normal()
    const action = random.int(plan.actions.length)
    const latency = (): number => (10 + 5 * action) * Math.exp(shared + 0.45 * random.normal())
    const failed = random.next() < 0.001
    return {
      pair: `s${Math.floor(index / 5)}.${index % 5}`,
      action,
      baselineMs: latency(),
      canaryMs: latency(),
      baseline: 'ok',
      canary: failed ? 'http_error' : 'ok',
      at: index / plan.rate,
    }
  })
}

/** Samples (two a pair) for each second of CPU. */
function rateOf(work: () => void): number {
  let best = Infinity
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 1e6)
  }
  return (2 * PAIRS) / best
}

function millions(rate: number): string {
  return `${(rate / 1e6).toFixed(2)} M/s`
}

const plan = planOf(10)
const pairs = pairsOf(plan, PAIRS)
const judge = createJudge(plan, 1)
judge.warmedUp(foldPairs(plan, 1, judge.initialParameters(), pairs.slice(0, 3000)), 10)
const parameters = judge.parametersFor(1) ?? judge.initialParameters()

console.log('| pairs a block | samples/s of one core | without intervals |')
console.log('|---|---|---|')
for (const size of BLOCK_SIZES) {
  const [whole, lean] = [true, false].map((intervals) =>
    rateOf(() => {
      for (let first = 0; first < PAIRS; first += size) {
        foldPairs(plan, 1, parameters, pairs.slice(first, first + size), { intervals })
      }
    }),
  )
  console.log(`| ${size} | ${millions(whole ?? 0)} | ${millions(lean ?? 0)} |`)
}

console.log('\n| actions | one block of 25 pairs judged | with the memory of |')
console.log('|---|---|---|')
for (const actions of [3, 10, 50]) {
  const own = planOf(actions)
  const some = pairsOf(own, 2500)
  const ours = createJudge(own, 1)
  const folded = Array.from({ length: 100 }, (_, index) =>
    foldPairs(own, 1, ours.initialParameters(), some.slice(25 * index, 25 * (index + 1))),
  )
  const before = process.cpuUsage()
  for (const [index, sums] of folded.entries()) {
    const [startSeconds, endSeconds] = [index / 2, (index + 1) / 2]
    const block = { phase: 'load', startSeconds, endSeconds, capped: [], sums } as const
    ours.add({ ...block, index: index + 1 })
  }
  const { user, system } = process.cpuUsage(before)
  const kilobytes = JSON.stringify(ours.snapshot()).length / 1024
  const ms = (user + system) / 1000 / folded.length
  console.log(`| ${actions} | ${ms.toFixed(1)} ms of CPU | ${kilobytes.toFixed(0)} KB as JSON |`)
}
