/**
 * Criteria → SQL. All queries answer in order of position (see the first migration), so that a page
 * is a walk that can be taken up anywhere.
 *
 * One condition drives: the walk goes along its index, the others filter. Which one is decided here
 * and not left to SQLite's planner, which cannot know how common a value is without ANALYZE. It is
 * cheap to find out: positions are uniform, so the distance that the first 200 entries of a value
 * span says how many there are (to 7 %). Several values of one condition are walked side by side
 * and merged (UNION with ORDER BY), never sorted. Only a narrow range of an amount is sorted.
 *
 * Limit: two conditions that are each common but rarely meet cost a walk through the rarer one.
 */

import type { Criteria } from '../core/contract/criteria.ts'
import { selectNumbers, POSITIONS, type Query } from '../../profiles-db/profiles.ts'
import type { Database } from '../../profiles-db/open.ts'

type Column = 'user_id' | 'country' | 'geo_location' | 'device_type' | 'source'
type AmountColumn = 'cpu_ms' | 'memory_mb' | 'network_kb' | 'period_s'

/** One value that a profile may have; `label` and `action` stand in tables of their own. */
interface Term {
  readonly column: Column | 'label' | 'action'
  readonly value: string
}

type Condition =
  | { readonly kind: 'any'; readonly terms: readonly Term[] }
  | {
      readonly kind: 'range'
      readonly column: AmountColumn
      readonly from: number | undefined
      readonly to: number | undefined
    }

/** A choice of profiles, ready to be walked. */
export interface Selection {
  /** About how many match, at most; Infinity where nobody knows without counting. */
  readonly size: number
  /** Up to `limit` positions from `from` (inclusive) on, ascending. */
  walk(from: number, limit: number): Query
  count(): Query
}

/** A value's entries that are looked at to know how common it is. */
const SPAN_ENTRIES = 200
/** A range with more matches than these is not worth sorting. */
const RANGE_ENTRIES = 5000

/** Reads a few index entries of `db` to choose the way. */
export function selectionOf(db: Database, criteria: Criteria): Selection {
  const conditions = conditionsOf(criteria)
  const driver = chooseDriver(db, conditions)
  const filters = conditions.filter((condition) => condition !== driver.condition)
  return {
    size: driver.size,
    walk: (from, limit) => {
      const query = positionsQuery(driver.condition, filters, from)
      return {
        sql: `${query.sql} ORDER BY position LIMIT ?`,
        parameters: [...query.parameters, limit],
      }
    },
    count: () => {
      const query = positionsQuery(driver.condition, filters, 0)
      return { sql: `SELECT count(*) FROM (${query.sql})`, parameters: query.parameters }
    },
  }
}

function conditionsOf(criteria: Criteria): Condition[] {
  const conditions: Condition[] = []
  const anyOf = (wanted: string | string[] | undefined, termOf: (value: string) => Term): void => {
    if (wanted !== undefined) conditions.push({ kind: 'any', terms: [wanted].flat().map(termOf) })
  }
  anyOf(criteria.user_id, (value) => ({ column: 'user_id', value }))
  anyOf(criteria.label, (value) => ({ column: 'label', value }))
  anyOf(criteria.behavioral_pattern, (value) => ({ column: 'label', value }))
  anyOf(criteria.action, (value) => ({ column: 'action', value }))
  anyOf(criteria.geo_location, (value) => ({
    column: value.length === 2 ? 'country' : 'geo_location',
    value,
  }))
  anyOf(criteria.device_type, (value) => ({ column: 'device_type', value }))
  anyOf(criteria.source, (value) => ({ column: 'source', value }))
  for (const column of ['cpu_ms', 'memory_mb', 'network_kb', 'period_s'] as const) {
    const amount = criteria[`resource_intensity.${column}`]
    if (amount === undefined) continue
    const { gte: from, lte: to } =
      typeof amount === 'number' ? { gte: amount, lte: amount } : amount
    if (from !== undefined || to !== undefined) conditions.push({ kind: 'range', column, from, to })
  }
  return conditions
}

interface Driver {
  readonly condition: Condition | undefined
  readonly size: number
}

function chooseDriver(db: Database, conditions: readonly Condition[]): Driver {
  const everybody = spanSize(db, { sql: 'SELECT position FROM profiles', parameters: [] })
  let best: Driver = { condition: undefined, size: everybody }
  for (const condition of conditions) {
    const size =
      condition.kind === 'any' ? sizeOfTerms(db, condition.terms) : sizeOfRange(db, condition)
    // An index that narrows nothing down costs more than it saves, but it can also answer alone.
    if (size < best.size || (conditions.length === 1 && condition.kind === 'any')) {
      best = { condition, size }
    }
  }
  return best
}

function sizeOfTerms(db: Database, terms: readonly Term[]): number {
  return terms.map((term) => spanSize(db, termQuery(term))).reduce((total, size) => total + size, 0)
}

/** Exact up to 200 entries, beyond that from the distance they span. */
function spanSize(db: Database, query: Query): number {
  const positions = selectNumbers(db, {
    sql: `${query.sql} ORDER BY position LIMIT ${SPAN_ENTRIES}`,
    parameters: query.parameters,
  })
  const last = positions.at(-1)
  if (positions.length < SPAN_ENTRIES || last === undefined) return positions.length
  return SPAN_ENTRIES * (POSITIONS / (last + 1))
}

function sizeOfRange(db: Database, range: Condition & { kind: 'range' }): number {
  const filter = filterOf(range)
  const [size = 0] = selectNumbers(db, {
    sql: `SELECT count(*) FROM (SELECT 1 FROM profiles p WHERE ${filter.sql} LIMIT ?)`,
    parameters: [...filter.parameters, RANGE_ENTRIES],
  })
  return size < RANGE_ENTRIES ? size : Infinity
}

function positionsQuery(
  driver: Condition | undefined,
  filters: readonly Condition[],
  from: number,
): Query {
  const filtered = filters.map(filterOf)
  const where = filtered.map(({ sql }) => ` AND ${sql}`).join('')
  const parameters = filtered.flatMap((filter) => filter.parameters)
  if (driver === undefined) {
    return {
      sql: `SELECT p.position FROM profiles p NOT INDEXED WHERE p.position >= ?${where}`,
      parameters: [from, ...parameters],
    }
  }
  if (driver.kind === 'range') {
    const range = filterOf(driver)
    const sql =
      `SELECT p.position FROM profiles p INDEXED BY profiles_by_${driver.column}` +
      ` WHERE ${range.sql} AND p.position >= ?${where}`
    return { sql, parameters: [...range.parameters, from, ...parameters] }
  }
  const branches = driver.terms.map((term) => {
    const walked = termQuery(term)
    const joined =
      isSideTable(term) && filters.length > 0
        ? walked.sql.replace(' WHERE', ' CROSS JOIN profiles p ON p.position = t.position WHERE')
        : walked.sql
    return {
      sql: `${joined} AND ${isSideTable(term) ? 't' : 'p'}.position >= ?${where}`,
      parameters: [...walked.parameters, from, ...parameters],
    }
  })
  return {
    sql: branches.map(({ sql }) => sql).join(' UNION '),
    parameters: branches.flatMap((branch) => branch.parameters),
  }
}

/** The entries of one value, along its index. */
function termQuery({ column, value }: Term): Query {
  if (column === 'label' || column === 'action') {
    return {
      sql: `SELECT t.position AS position FROM profile_${column}s t WHERE t.${column} = ?`,
      parameters: [value],
    }
  }
  return {
    sql:
      `SELECT p.position AS position FROM profiles p INDEXED BY profiles_by_${column}` +
      ` WHERE p.${column} = ?`,
    parameters: [value],
  }
}

function isSideTable({ column }: Term): boolean {
  return column === 'label' || column === 'action'
}

/** The condition as an expression on the row `p`. */
function filterOf(condition: Condition): Query {
  if (condition.kind === 'range') {
    const bounds = [
      ...(condition.from === undefined ? [] : [`p.${condition.column} >= ?`]),
      ...(condition.to === undefined ? [] : [`p.${condition.column} <= ?`]),
    ]
    const values = [condition.from, condition.to].filter((bound) => bound !== undefined)
    return { sql: `(${bounds.join(' AND ')})`, parameters: values }
  }
  const parts = condition.terms.map((term) =>
    isSideTable(term)
      ? `EXISTS (SELECT 1 FROM profile_${term.column}s s` +
        ` WHERE s.${term.column} = ? AND s.position = p.position)`
      : `p.${term.column} = ?`,
  )
  return {
    sql: `(${parts.join(' OR ')})`,
    parameters: condition.terms.map(({ value }) => value),
  }
}
