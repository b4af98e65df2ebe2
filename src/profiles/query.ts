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
import {
  POSITIONS,
  findTerm,
  selectNumbers,
  userQuery,
  type Query,
  type TermKind,
} from '../../profiles-db/profiles.ts'
import type { Database } from '../../profiles-db/open.ts'

type AmountColumn = 'cpu_ms' | 'memory_mb' | 'network_kb' | 'period_s'

/** One value that a profile may have; `id` is the term's number, or NO_TERM. */
type Term =
  | { readonly kind: 'term'; readonly id: number }
  | { readonly kind: 'user'; readonly userId: string }

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
/** Stands for a value that no profile has. */
const NO_TERM = -1

/** Reads a few index entries of `db` to choose the way. */
export function selectionOf(db: Database, criteria: Criteria): Selection {
  const conditions = conditionsOf(db, criteria)
    .map((condition) => ({ condition, size: sizeOf(db, condition) }))
    .toSorted((left, right) => left.size - right.size)
  const driver = chooseDriver(db, conditions)
  // The rarest is asked first: most profiles fail it, and the others need not be looked up.
  const filters = conditions
    .map(({ condition }) => condition)
    .filter((condition) => condition !== driver.condition)
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

function conditionsOf(db: Database, criteria: Criteria): Condition[] {
  const conditions: Condition[] = []
  const anyOf = (wanted: string | string[] | undefined, termOf: (value: string) => Term): void => {
    if (wanted !== undefined) conditions.push({ kind: 'any', terms: [wanted].flat().map(termOf) })
  }
  const termOf = (kind: TermKind, value: string): Term => ({
    kind: 'term',
    id: findTerm(db, { kind, value }) ?? NO_TERM,
  })
  anyOf(criteria.user_id, (userId) => ({ kind: 'user', userId }))
  anyOf(criteria.label, (value) => termOf('label', value))
  anyOf(criteria.behavioral_pattern, (value) => termOf('label', value))
  anyOf(criteria.action, (value) => termOf('action', value))
  anyOf(criteria.geo_location, (value) =>
    termOf(value.length === 2 ? 'country' : 'geo_location', value),
  )
  anyOf(criteria.device_type, (value) => termOf('device_type', value))
  anyOf(criteria.source, (value) => termOf('source', value))
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

/** @param conditions the rarest first */
function chooseDriver(
  db: Database,
  conditions: readonly { readonly condition: Condition; readonly size: number }[],
): Driver {
  const everybody = spanSize(db, { sql: 'SELECT position FROM profiles', parameters: [] })
  const [rarest] = conditions
  if (rarest === undefined) return { condition: undefined, size: everybody }
  // An index that narrows nothing down costs more than it saves, but it can also answer alone.
  const isAlone = conditions.length === 1 && rarest.condition.kind === 'any'
  if (rarest.size < everybody || isAlone) return rarest
  return { condition: undefined, size: everybody }
}

function sizeOf(db: Database, condition: Condition): number {
  return condition.kind === 'any' ? sizeOfTerms(db, condition.terms) : sizeOfRange(db, condition)
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
  const filter = filterOf(range, 'p')
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
  if (driver === undefined) {
    return filtered('SELECT p.position FROM profiles p NOT INDEXED WHERE', [], 'p', filters, from)
  }
  if (driver.kind === 'range') {
    const range = filterOf(driver, 'p')
    const sql =
      `SELECT p.position FROM profiles p INDEXED BY profiles_by_${driver.column}` +
      ` WHERE ${range.sql} AND`
    return filtered(sql, range.parameters, 'p', filters, from)
  }
  const needsRow = filters.some((filter) => !isOfTerms(filter))
  const branches = driver.terms.map((term) => {
    const { sql, parameters } = termQuery(term)
    const joined = needsRow
      ? sql.replace(' WHERE', ' CROSS JOIN profiles p ON p.position = t.position WHERE')
      : sql
    return term.kind === 'term'
      ? filtered(`${joined} AND`, parameters, 't', filters, from)
      : filtered(`${sql} AND`, parameters, 'p', filters, from)
  })
  return {
    sql: branches.map(({ sql }) => sql).join(' UNION '),
    parameters: branches.flatMap((branch) => branch.parameters),
  }
}

/** @param row the table that is walked, and that names the position: `p` or `t` */
function filtered(
  walked: string,
  parameters: Query['parameters'],
  row: 'p' | 't',
  filters: readonly Condition[],
  from: number,
): Query {
  const parts = filters.map((filter) => filterOf(filter, row))
  return {
    sql: `${walked} ${row}.position >= ?${parts.map(({ sql }) => ` AND ${sql}`).join('')}`,
    parameters: [...parameters, from, ...parts.flatMap((part) => part.parameters)],
  }
}

/** The entries of one value, along its index. */
function termQuery(term: Term): Query {
  if (term.kind === 'user') return userQuery(term.userId)
  return {
    sql: 'SELECT t.position AS position FROM profile_terms t WHERE t.term = ?',
    parameters: [term.id],
  }
}

function isOfTerms(condition: Condition): boolean {
  return condition.kind === 'any' && condition.terms.every(({ kind }) => kind === 'term')
}

/** The condition as an expression; amounts and users are looked up in the row `p`. */
function filterOf(condition: Condition, row: 'p' | 't'): Query {
  if (condition.kind === 'range') {
    const bounds = [
      ...(condition.from === undefined ? [] : [`p.${condition.column} >= ?`]),
      ...(condition.to === undefined ? [] : [`p.${condition.column} <= ?`]),
    ]
    const values = [condition.from, condition.to].filter((bound) => bound !== undefined)
    return { sql: `(${bounds.join(' AND ')})`, parameters: values }
  }
  const parts = condition.terms.map((term) =>
    term.kind === 'user'
      ? 'p.user_id = ?'
      : `EXISTS (SELECT 1 FROM profile_terms s WHERE s.term = ? AND s.position = ${row}.position)`,
  )
  return {
    sql: `(${parts.join(' OR ')})`,
    parameters: condition.terms.map((term) => (term.kind === 'user' ? term.userId : term.id)),
  }
}
