/**
 * Kayenta, as its standalone service judges: a point a minute of p50, p95 and error rate of each arm,
 * everything so far judged again every five minutes, and once more at the end. A score of 75 or less
 * at any look fails; at the end 95 or more are needed.
 */

import type { Metric } from '../../core/verdict.ts'
import { createRandom } from '../../core/random.ts'
import { createLooks } from './figures/looks.ts'
import { Requests, joinSlices } from './figures/requests.ts'
import { counted, msWords, shareWords } from './figures/words.ts'
import { METRIC_DEFAULTS, classifyMetric, type MetricResult } from './kayenta/judge.ts'
import { scoreOf } from './kayenta/score.ts'
import type { Rule, RuleVerdict } from './rule.ts'

const POINT_SECONDS = 60
const LOOK_POINTS = 5
const PASS = 95
const MARGINAL = 75
/** Its task ends after twelve hours. */
const MOST_POINTS = 720
/** Its documents ask for so many of each metric. */
const ADVISED_POINTS = 50

const SERIES: readonly { readonly name: string; readonly metric: Metric }[] = [
  { name: 'p50', metric: 'latency_typical' },
  { name: 'p95', metric: 'latency_tail' },
  { name: 'error rate', metric: 'errors' },
]
const CONFIG = { ...METRIC_DEFAULTS, direction: 'increase' as const }

interface Arms<Value> {
  baseline: Value
  canary: Value
}

/** What is judged together: an action, or everything as the service. */
interface Scope {
  /** Undefined for the service. */
  readonly action?: string
  open: Arms<Requests>
  /** Points by series, in their order. */
  readonly points: readonly Arms<number[]>[]
}

interface Judged extends MetricResult {
  readonly scope: Scope
  readonly series: number
}

/** @param actions each judged alone; left out = one service */
export function createKayenta(seed: number, actions?: readonly string[]): Rule {
  const scopes = new Map<string, Scope>()
  if (actions === undefined) scopes.set('', createScope(undefined))
  for (const action of actions ?? []) scopes.set(action, createScope(action))
  let points = 0
  let decided: RuleVerdict | undefined

  const looks = createLooks(POINT_SECONDS, closeMinute, () => decided !== undefined)

  function closeMinute(seconds: number): void {
    points += 1
    for (const scope of scopes.values()) addPoint(scope)
    const isLast = points >= MOST_POINTS
    if (!isLast && points % LOOK_POINTS !== 0) return
    const verdict = judge(seconds, isLast)
    if (isLast || verdict.verdict === 'regressed') decided = verdict
  }

  function judge(seconds: number, isLast: boolean): RuleVerdict {
    const judged = [...scopes.values()].flatMap((scope) => classify(scope, seed))
    const score = scoreOf(judged.map((metric) => ({ ...metric, group: 'all' })))
    const failed = score <= MARGINAL || (isLast && score < PASS)
    return verdictOf(judged, { score, points, failed, seconds })
  }

  return {
    sample({ at, action, arm, latencyMs, failed }) {
      looks.upTo(at)
      const scope = scopes.get(actions === undefined ? '' : action)
      if (decided === undefined) scope?.open[arm].add(latencyMs, failed)
    },
    answers() {},
    decided: () => decided,
    finish(seconds) {
      looks.upTo(seconds)
      return decided ?? (points === 0 ? tooShort() : judge(seconds, true))
    },
  }
}

function createScope(action: string | undefined): Scope {
  return {
    ...(action === undefined ? {} : { action }),
    open: { baseline: new Requests(), canary: new Requests() },
    points: SERIES.map(() => ({ baseline: [], canary: [] })),
  }
}

function addPoint(scope: Scope): void {
  for (const arm of ['baseline', 'canary'] as const) {
    const minute = joinSlices([scope.open[arm]])
    const errorPercent = (100 * minute.failures) / minute.count
    const values = [minute.quantile(0.5), minute.quantile(0.95), errorPercent]
    scope.points.forEach((series, index) => series[arm].push(values[index] ?? NaN))
  }
  scope.open = { baseline: new Requests(), canary: new Requests() }
}

function classify(scope: Scope, seed: number): Judged[] {
  return scope.points.map(({ baseline, canary }, series) => {
    const random = createRandom(seed, `kayenta:${scope.action ?? ''}:${series}`)
    return { ...classifyMetric(canary, baseline, CONFIG, random), scope, series }
  })
}

interface Circumstances {
  readonly score: number
  readonly points: number
  readonly failed: boolean
  readonly seconds: number
}

function verdictOf(judged: readonly Judged[], now: Circumstances): RuleVerdict {
  const high = judged.filter((metric) => metric.class === 'High')
  const [worst] = high
  const limit = now.failed ? (now.score <= MARGINAL ? `fails at ≤ ${MARGINAL}` : `< ${PASS}`) : ''
  const head = `score ${now.score} of 100${limit === '' ? '' : ` (${limit})`}`
  const blame = worst === undefined ? '' : `: ${describe(worst, high.length)}`
  const left = leftOut(judged)
  const few = now.points < ADVISED_POINTS ? ` (its documents ask for ${ADVISED_POINTS})` : ''
  const detail = `${head}${blame}; ${counted(now.points, 'point')} an arm${few}${left}`
  if (!now.failed) return { verdict: 'healthy', actions: [], detail }
  const names = high.flatMap(({ scope }) => scope.action ?? [])
  return {
    verdict: 'regressed',
    detectedAt: now.seconds,
    actions: [...new Set(names)],
    ...(worst === undefined ? {} : { metric: SERIES[worst.series]?.metric ?? 'errors' }),
    detail,
  }
}

function describe({ scope, series }: Judged, count: number): string {
  const { name } = SERIES[series] ?? { name: '' }
  const points = scope.points[series]
  const unit = (value: number): string => (series === 2 ? shareWords(value / 100) : msWords(value))
  const means = [points?.baseline, points?.canary].map((values) => unit(meanOf(values ?? [])))
  const where = scope.action === undefined ? '' : `${scope.action} `
  const more = count > 1 ? ` and ${count - 1} more` : ''
  return `${where}${name} High, mean ${means[0]} → ${means[1]}${more}`
}

/** Its score leaves these out, so they must be named: they look like a pass. */
function leftOut(judged: readonly Judged[]): string {
  const errors = judged.filter((metric) => metric.class === 'Error').length
  const empty = judged.filter((metric) => metric.class === 'Nodata').length
  const words = [
    errors === 0 ? [] : [`${counted(errors, 'metric')} in error`],
    empty === 0 ? [] : [`${counted(empty, 'metric')} without data`],
  ].flat()
  return words.length === 0 ? '' : `; its score leaves out ${words.join(' and ')}`
}

function meanOf(values: readonly number[]): number {
  const there = values.filter((value) => !Number.isNaN(value))
  return there.reduce((sum, value) => sum + value, 0) / there.length
}

function tooShort(): RuleVerdict {
  return {
    verdict: 'inconclusive',
    actions: [],
    detail: `shorter than its first point of ${POINT_SECONDS} s`,
  }
}
