/**
 * What the remembered pairs add to the findings of a run at its end: which are causes and which only
 * victims, and which segment explains each. Nothing here makes or takes away a finding.
 */

import type { HealthMargins, Plan } from '../../core/contract/plan.ts'
import type { Finding, Reason } from '../../core/contract/report.ts'
import { RARE_POOL, WHOLE_SERVICE, type Metric } from '../../core/verdict.ts'
import { explainFinding, pairsDuring, type ExplainOptions } from '../segments/explain.ts'
import { medianOf, type RememberedPair } from './again.ts'
import { findingKey, rankOf, separate, type RowsOf, type Separation } from './cause.ts'
import { loadSharesOf } from './load-share.ts'

export interface CorrelateOptions {
  readonly plan: Plan
  readonly seed: number
  /** Seconds from the start of the run to the end of its warm-up, and to its load phase. */
  readonly originSeconds: number
  readonly loadSeconds: number
}

export interface Correlated {
  /** With role and segment where they are known: the fixed rule, causes, others, victims. */
  readonly findings: Finding[]
  /** What could not be said, and why. */
  readonly reasons: Reason[]
}

/** Findings that a segment is looked for; those that come first lead the report. */
const MOST_EXPLAINED = 20
const MOST_REASONS = 3
/** Less of an excess is not worth a hint. */
const LEAST_SHARE = 0.2

/** The actions whose rows `correlateFindings` looks at, the most needed first. */
export function rowsNeeded(findings: readonly Finding[]): string[] {
  const actions = findings.map(({ action }) => action).filter((action) => action !== RARE_POOL)
  return findings.length === 0 ? [] : [...new Set([WHOLE_SERVICE, ...actions])]
}

/** @param rowsOf knows the actions of `rowsNeeded`; no rows of one leave its findings as they are */
export function correlateFindings(
  findings: readonly Finding[],
  rowsOf: RowsOf,
  options: CorrelateOptions,
): Correlated {
  const { plan, seed, loadSeconds } = options
  const { alphaHealthy, floorMs } = plan
  const known = findings.filter(({ action }) => rowsOf(action).length > 0)
  const separations = separate(known, rowsOf, {
    alphaHealthy,
    floorMs,
    seed,
    fromSeconds: loadSeconds,
  })
  const told = findings.map((finding, index) => {
    const separation = separations.get(findingKey(finding))
    const separated = separation === undefined ? finding : withRole(finding, separation)
    return index < MOST_EXPLAINED ? explained(separated, rowsOf, options) : separated
  })
  return {
    findings: told.toSorted((left, right) => rankOf(right) - rankOf(left)),
    reasons: reasonsOf(findings, separations, rowsOf),
  }
}

function withRole(finding: Finding, { role }: Separation): Finding {
  const { role: _before, ...rest } = finding
  return role === undefined ? rest : { ...rest, role }
}

/** One for each action that cannot be told apart from the causes, with what goes along with what. */
function reasonsOf(
  findings: readonly Finding[],
  separations: ReadonlyMap<string, Separation>,
  rowsOf: RowsOf,
): Reason[] {
  const open = new Map<string, Separation>()
  for (const finding of findings) {
    const separation = separations.get(findingKey(finding))
    if (separation === undefined || separation.role !== undefined) continue
    open.set(finding.action, separation)
  }
  return [...open].slice(0, MOST_REASONS).map(([action, { causes, pairs, cleanPairs }]) => {
    const names = causes.slice(0, 2).join(' and ')
    const clean = `${cleanPairs} of its ${pairs} pairs under load met no request of ${names}`
    const hint = hintOf(loadSharesOf(rowsOf(WHOLE_SERVICE), action), causes)
    return {
      code: 'not-separable',
      message: `${action} may be held up by ${names}: ${clean}${hint}`,
    }
  })
}

function hintOf(shares: Readonly<Record<string, number>>, causes: readonly string[]): string {
  const share = causes.reduce((sum, cause) => sum + (shares[cause] ?? 0), 0)
  if (share < LEAST_SHARE) return ''
  return `; about ${Math.round(100 * share)} % of its excess goes along with theirs`
}

function explained(
  finding: Finding,
  rowsOf: RowsOf,
  { plan, seed, originSeconds }: CorrelateOptions,
): Finding {
  const pairs = pairsDuring(rowsOf(finding.action), finding, originSeconds)
  const { segment: _before, restHealthy: _proof, ...rest } = finding
  return {
    ...rest,
    ...explainFinding(pairs, finding, explainOptionsOf(finding, pairs, plan, seed)),
  }
}

/** What the rest of a finding's pairs has to be proven against. */
function explainOptionsOf(
  { action, metric }: Finding,
  pairs: readonly RememberedPair[],
  plan: Plan,
  seed: number,
): ExplainOptions {
  const { alpha, alphaHealthy, floorMs } = plan
  const margin = healthyMarginOf(plan, action, metric)
  const medianMs = medianOf(pairs.map(({ baselineMs }) => baselineMs))
  const floor = metric === 'latency_typical' && medianMs > 0 ? floorMs / medianMs : 0
  return {
    alpha,
    alphaHealthy,
    seed,
    ...(margin === undefined ? {} : { healthyMargin: Math.max(margin, floor) }),
  }
}

/** A rare action has no margins of its own: there it is that of the pool. */
function healthyMarginOf(plan: Plan, action: string, metric: Metric): number | undefined {
  const planned = plan.actions.find((one) => one.action === action)
  const own: HealthMargins = (planned ?? plan.service).healthyMargin
  return pick(own, metric) ?? pick(plan.rare.healthyMargin, metric)
}

function pick(margins: HealthMargins, metric: Metric): number | undefined {
  switch (metric) {
    case 'latency_typical':
      return margins.latencyTypical
    case 'latency_tail':
      return margins.latencyTailShare
    case 'errors':
      return margins.errors
    case 'responses':
    case 'cpu':
    case 'memory':
      return undefined
  }
}
