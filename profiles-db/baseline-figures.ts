/** What the baseline of a target measured in each of its runs: one figure per action and metric. */

import type { Metric } from '../src/core/verdict.ts'
import type { Database } from './open.ts'

export interface StoredFigure {
  readonly action: string
  readonly metric: Metric
  /** Milliseconds, or a share within 0 and 1. */
  readonly value: number
  readonly pairs: number
}

/** A figure with the run it is of. */
export interface DatedFigure {
  readonly run: string
  /** ISO 8601. */
  readonly at: string
  readonly value: number
  readonly pairs: number
}

export interface FigureSeries {
  readonly action: string
  readonly metric: Metric
  readonly runs: number
}

/** Figures of one target, action and metric that are kept. */
const KEPT = 200
/** Rows over all targets: addresses that are tried once are targets too. */
const ROW_LIMIT = 200_000
const SERIES_LIMIT = 1000
const TARGET_LIMIT = 1000

/**
 * Keeps the figures of a run, or replaces what the same run had told.
 * @param of `at` in ISO 8601
 * @throws StoreError
 */
export function saveFigures(
  db: Database,
  of: { readonly target: string; readonly run: string; readonly at: string },
  figures: readonly StoredFigure[],
): void {
  const { target, run, at } = of
  db.attempt('store figures of a baseline', () =>
    db.transaction(() => {
      for (const { action, metric, value, pairs } of figures) {
        db.prepare(
          `INSERT OR REPLACE INTO baseline_figures (target, action, metric, run, at, value, pairs)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
        ).run(target, action, metric, run, at, value, pairs)
        db.prepare(
          `DELETE FROM baseline_figures WHERE target = @target AND action = @action
             AND metric = @metric AND number NOT IN (
               SELECT number FROM baseline_figures
               WHERE target = @target AND action = @action AND metric = @metric
               ORDER BY number DESC LIMIT @kept)`,
        ).run({ target, action, metric, kept: KEPT })
      }
      db.prepare(
        `DELETE FROM baseline_figures
         WHERE number <= (SELECT max(number) FROM baseline_figures) - ?`,
      ).run(ROW_LIMIT)
    }),
  )
}

/** The last figures of one series, oldest first. @throws StoreError */
export function figuresOf(
  db: Database,
  target: string,
  action: string,
  metric: Metric,
  limit: number = KEPT,
): DatedFigure[] {
  return db.attempt('read figures of a baseline', () =>
    db
      .prepare(
        `SELECT run, at, value, pairs FROM baseline_figures
         WHERE target = ? AND action = ? AND metric = ? ORDER BY number DESC LIMIT ?`,
      )
      .all(target, action, metric, limit)
      .map((row): DatedFigure => ({ run: '', at: '', value: 0, pairs: 0, ...Object(row) }))
      .toReversed(),
  )
}

/** What there is of a target, by action and metric. @throws StoreError */
export function figureSeriesOf(db: Database, target: string): FigureSeries[] {
  return db.attempt('list figures of a baseline', () =>
    db
      .prepare(
        `SELECT action, metric, count(*) AS runs FROM baseline_figures WHERE target = ?
         GROUP BY action, metric ORDER BY action, metric LIMIT ?`,
      )
      .all(target, SERIES_LIMIT)
      .map((row): FigureSeries => ({ action: '', metric: 'errors', runs: 0, ...Object(row) })),
  )
}

/** Targets with figures, the one that was measured last first. @throws StoreError */
export function figureTargets(db: Database): { readonly name: string; readonly at: string }[] {
  return db.attempt('list targets with figures', () =>
    db
      .prepare(
        `SELECT target AS name, max(at) AS at FROM baseline_figures
         GROUP BY target ORDER BY max(number) DESC LIMIT ?`,
      )
      .all(TARGET_LIMIT)
      .map((row) => ({ name: '', at: '', ...Object(row) })),
  )
}
