/** What a run leaves behind for later ones: its baseline's figures, and what requests cost. */

import type { BaselineFigure } from '../../analysis/judge.ts'
import type { Reason, Report } from '../../core/contract/report.ts'
import { StoreError } from '../../core/errors.ts'
import { saveCosts } from '../../../profiles-db/costs.ts'
import type { Database } from '../../../profiles-db/open.ts'
import { driftsOf, withHistory } from './history.ts'
import { driftWords } from './words.ts'

/**
 * What the history of a target says of figures that were just measured, before anything is compared
 * with them; nothing where it cannot be read.
 */
export function remarksOf(
  database: Database,
  target: string,
  figures: readonly BaselineFigure[],
): Reason[] {
  try {
    const drifts = driftsOf(database, target, figures)
    return drifts.length === 0 ? [] : [{ code: 'baseline-moved', message: driftWords(drifts) }]
  } catch (thrown) {
    if (!(thrown instanceof StoreError)) throw thrown
    return []
  }
}

/** The report with what the history says of it; its own figures and costs are kept after that. */
export function kept(
  database: Database,
  target: string,
  report: Report,
  figures: readonly BaselineFigure[],
): Report {
  const told = withHistory(database, target, report, figures)
  const { costs = [], run, startedAt } = report
  if (costs.length === 0 || report.verdict === 'invalid') return told
  try {
    const stored = costs.map(({ action, cpuMs, low, high }) => ({
      action,
      cpuMs,
      lowMs: low,
      highMs: high,
    }))
    saveCosts(database, target, run, startedAt, stored)
    return told
  } catch (thrown) {
    if (!(thrown instanceof StoreError)) throw thrown
    return {
      ...told,
      reasons: [...told.reasons, { code: 'history-not-kept', message: thrown.message }],
    }
  }
}
