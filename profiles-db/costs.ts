/** What requests of an action cost in earlier runs, for estimates of what profiles cost. */

import type { Database } from './open.ts'

export interface StoredCost {
  readonly action: string
  /** CPU of one request, with the limits of its interval; left out where it cannot be told. */
  readonly cpuMs?: number
  readonly lowMs?: number
  readonly highMs?: number
  /** Kilobytes that one answer brings. */
  readonly networkKb?: number
}

export interface MeasuredCost {
  readonly cpuMs?: number
  readonly networkKb?: number
}

/** Runs of one target that are kept. */
const RUN_LIMIT = 100
/** Rows over all targets: addresses that are tried once are targets too. */
const ROW_LIMIT = 100_000
/** Latest runs of an action that an estimate is made of. */
const RECENT_RUNS = 10

/**
 * Keeps what a run of a target measured, or replaces what the same run had told. Costs without any
 * number are left out.
 * @param at ISO 8601
 * @throws StoreError
 */
export function saveCosts(
  db: Database,
  target: string,
  run: string,
  at: string,
  costs: readonly StoredCost[],
): void {
  const told = costs.filter(
    ({ cpuMs, networkKb }) => cpuMs !== undefined || networkKb !== undefined,
  )
  db.attempt('store costs of actions', () =>
    db.transaction(() => {
      db.prepare('DELETE FROM action_costs WHERE target = ? AND run = ?').run(target, run)
      for (const { action, cpuMs, lowMs, highMs, networkKb } of told) {
        db.prepare(
          `INSERT INTO action_costs (target, action, run, at, cpu_ms, low_ms, high_ms, network_kb)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        ).run(
          target,
          action,
          run,
          at,
          cpuMs ?? null,
          lowMs ?? null,
          highMs ?? null,
          networkKb ?? null,
        )
      }
      forget(db, target)
    }),
  )
}

function forget(db: Database, target: string): void {
  db.prepare(
    `DELETE FROM action_costs WHERE target = @target AND run NOT IN (
       SELECT run FROM action_costs WHERE target = @target
       GROUP BY run ORDER BY max(number) DESC LIMIT @limit)`,
  ).run({ target, limit: RUN_LIMIT })
  db.prepare(
    'DELETE FROM action_costs WHERE number <= (SELECT max(number) FROM action_costs) - ?',
  ).run(ROW_LIMIT)
}

/**
 * The cost of each action that was ever measured: the median of its last ten runs, so that one odd
 * run moves nothing.
 * @throws StoreError
 */
export function measuredCosts(db: Database): Map<string, MeasuredCost> {
  return db.attempt('read costs of actions', () => {
    const rows = db
      .prepare(
        `SELECT action, cpu_ms AS cpuMs, network_kb AS networkKb FROM (
           SELECT *, row_number() OVER (PARTITION BY action ORDER BY number DESC) AS age
           FROM action_costs)
         WHERE age <= ?`,
      )
      .all(RECENT_RUNS)
      .map((row): Row => ({ action: '', cpuMs: null, networkKb: null, ...Object(row) }))
    return new Map(
      [...Map.groupBy(rows, ({ action }) => action)].map(([action, own]) => {
        const cpuMs = medianOf(own.map((row) => row.cpuMs))
        const networkKb = medianOf(own.map((row) => row.networkKb))
        return [
          action,
          {
            ...(cpuMs === undefined ? {} : { cpuMs }),
            ...(networkKb === undefined ? {} : { networkKb }),
          },
        ]
      }),
    )
  })
}

interface Row {
  readonly action: string
  readonly cpuMs: number | null
  readonly networkKb: number | null
}

function medianOf(values: readonly (number | null)[]): number | undefined {
  const known = values.filter((value) => value !== null).toSorted((one, other) => one - other)
  const upper = known[Math.floor(known.length / 2)]
  const lower = known[Math.floor((known.length - 1) / 2)]
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2
}
