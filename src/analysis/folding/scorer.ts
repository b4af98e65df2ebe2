/** An action's margins and parameters, made ready for the pairs of one block. */

import type { AnswerDiff } from '../../core/answers.ts'
import type { AlarmMargins, HealthMargins, Plan, PlannedAction } from '../../core/contract/plan.ts'
import { invariant } from '../../core/invariant.ts'
import { isIdentifierPath } from '../answers/identifier.ts'
import type { ActionParameters } from '../parameters.ts'
import { coinMargins, type CoinMargins } from './coins.ts'
import { ALARMS, SHARE_GRID } from './slots.ts'

/** What the plan alone says of an action. */
export interface ActionTerms {
  readonly typical: readonly (number | undefined)[]
  readonly tail: readonly number[]
  readonly errors: readonly (number | undefined)[]
  readonly share: readonly (number | undefined)[]
  readonly responses: readonly (number | undefined)[]
  /** Of the fields: the alarm's margin of the action's answers. */
  readonly fields: number
  readonly coins: CoinMargins
  /** No control shows which fields belong to a process: those named like it go by their shape. */
  readonly hasNoControl: boolean
}

/** The terms of a plan never change, and each block asks for them. */
const TERMS = new WeakMap<Plan, readonly ActionTerms[]>()

export function termsOf(plan: Plan): readonly ActionTerms[] {
  const known = TERMS.get(plan)
  if (known !== undefined) return known
  const made = plan.actions.map((planned) => actionTerms(plan, planned))
  TERMS.set(plan, made)
  return made
}

function actionTerms(plan: Plan, planned: PlannedAction): ActionTerms {
  const alarms: readonly AlarmMargins[] = [planned.margin, plan.service.margin]
  const pool = planned.tier === 'rare' && plan.rare.judged ? plan.rare.healthyMargin : {}
  const proofs: readonly HealthMargins[] = [planned.healthyMargin, plan.service.healthyMargin, pool]
  const margins: readonly (AlarmMargins | HealthMargins)[] = [...alarms, ...proofs]
  const none = ALARMS.map(() => undefined)
  const counted = {
    errors: margins.map(({ errors }) => errors),
    share: [...none, ...proofs.map((proof) => proof.latencyTailShare)],
    responses: margins.map(({ responses }) => responses),
  }
  const all = [...counted.errors, ...counted.share, ...counted.responses, ...SHARE_GRID]
  return {
    ...counted,
    typical: margins.map(({ latencyTypical }) => latencyTypical),
    tail: alarms.map(({ latencyTail }) => latencyTail),
    fields: planned.margin.responses,
    hasNoControl: plan.repeatShare > 0,
    coins: coinMargins(all.filter((margin) => margin !== undefined)),
  }
}

export interface Scorer {
  readonly terms: ActionTerms
  readonly known: ActionParameters
  readonly lnTau95: number
  readonly lnTau99: number
  /** ln(1 + δ) by claim; undefined where nothing is claimed. */
  readonly lnMargins: readonly (number | undefined)[]
  readonly tailDivisors: readonly number[]
  readonly noisy: ReadonlySet<string>
  readonly loud: ReadonlySet<string>
}

export function createScorer(terms: ActionTerms, known: ActionParameters | undefined): Scorer {
  invariant(known !== undefined, 'parameters cover every action of the plan')
  return {
    terms,
    known,
    lnTau95: Math.log(known.tau95Ms),
    lnTau99: Math.log(known.tau99Ms),
    lnMargins: terms.typical.map((margin) =>
      margin === undefined ? undefined : Math.log1p(Math.max(margin, known.floorRatio)),
    ),
    tailDivisors: terms.tail.map((margin) => 1 + Math.max(margin, known.floorRatio)),
    noisy: new Set(known.noisyFields),
    loud: new Set(known.loudFields),
  }
}

/** The paths that are bet on: a noisy field counts only where its shape differs. */
export function countedPaths(scorer: Scorer, { paths, shapes }: AnswerDiff): readonly string[] {
  const { noisy, terms } = scorer
  if (paths.length === 0 || (noisy.size === 0 && !terms.hasNoControl)) return paths
  return paths.filter((path) => !goesByShape(scorer, noisy, path) || shapes.includes(path))
}

function goesByShape({ terms }: Scorer, varying: ReadonlySet<string>, path: string): boolean {
  return varying.has(path) || (terms.hasNoControl && isIdentifierPath(path))
}

/** Whether a field differs that two answers of the baseline hardly ever differ in. */
export function differsQuietly(scorer: Scorer, { paths }: AnswerDiff): boolean {
  return paths.some((path) => !goesByShape(scorer, scorer.loud, path))
}
