/**
 * The queue of what is to be told of alerts: one row for each message of a channel.
 *
 * A message is `waiting`, `sending`, `delivered` or `failed`. Whoever sends it claims it by one
 * UPDATE that names the row as it was read, so of two processes one finds nothing to change. A claim
 * is a lease: `next_at_ms` is when it runs out, and a process that died in the middle leaves a row
 * that simply becomes due again. The number of tries is the token of the lease, so a late failure of
 * an old lease changes nothing; a late success does, because the message has arrived.
 *
 * What concerns one alert reaches a channel in order: "resolved" waits until "firing" is through.
 */

import type { Database } from './open.ts'

/** Messages that are kept; delivered ones go first, then failed ones, the oldest before all. */
const DELIVERY_LIMIT = 20_000
/** A message that is due later than this was put off by a clock that ran ahead. */
const LONGEST_DELAY_MS = 3_600_000

export interface NewDelivery {
  readonly alert: string
  /** The change and the count of firings, `firing/2`: once for each channel. */
  readonly change: string
  /** Kind and variable, `slack:SLACK_URL`; never the address. */
  readonly channel: string
  /** The document of the message. */
  readonly body: string
  readonly nextAtMs: number
}

export interface Delivery extends NewDelivery {
  readonly number: number
  readonly state: 'waiting' | 'sending'
  readonly tries: number
}

export type Settlement =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'waiting'; readonly nextAtMs: number; readonly problem: string }
  | { readonly kind: 'failed'; readonly problem: string }

/** Puts messages into the queue; one that the channel has already is left as it is. */
export function addDeliveries(db: Database, deliveries: readonly NewDelivery[]): void {
  db.attempt('store what is to be told of an alert', () =>
    db.transaction(() => {
      for (const { alert, change, channel, body, nextAtMs } of deliveries) {
        db.prepare(
          `INSERT INTO deliveries (alert, change, channel, body, state, tries, next_at_ms)
           VALUES (?, ?, ?, ?, 'waiting', 0, ?) ON CONFLICT DO NOTHING`,
        ).run(alert, change, channel, body, nextAtMs)
      }
      db.prepare(
        `DELETE FROM deliveries WHERE number IN (
           SELECT number FROM deliveries
           ORDER BY CASE state WHEN 'delivered' THEN 0 WHEN 'failed' THEN 1 ELSE 2 END, number
           LIMIT max(0, (SELECT count(*) FROM deliveries) - ?))`,
      ).run(DELIVERY_LIMIT)
    }),
  )
}

/**
 * The message of these channels that is due first, and in how many milliseconds (0 = now). A message
 * waits for the earlier ones of its alert and channel; one that is being sent is due when its lease
 * ends.
 */
export function nextDelivery(
  db: Database,
  channels: readonly string[],
  nowMs: number,
): { readonly delivery: Delivery; readonly dueInMs: number } | undefined {
  return db.attempt('read what is to be told of alerts', () => {
    const row = db
      .prepare(
        `SELECT *, CASE WHEN next_at_ms > :ahead THEN 0 ELSE max(0, next_at_ms - :now) END AS due_in
         FROM deliveries AS one
         WHERE state IN ('waiting', 'sending')
           AND channel IN (SELECT value FROM json_each(:channels))
           AND NOT EXISTS (
             SELECT 1 FROM deliveries AS earlier
             WHERE earlier.alert = one.alert AND earlier.channel = one.channel
               AND earlier.number < one.number AND earlier.state IN ('waiting', 'sending'))
         ORDER BY due_in, next_at_ms, number LIMIT 1`,
      )
      .get({
        now: nowMs,
        ahead: nowMs + LONGEST_DELAY_MS,
        channels: JSON.stringify(channels),
      })
    if (row === undefined) return undefined
    return { delivery: deliveryOf(row), dueInMs: Number(columnOf(row, 'due_in')) }
  })
}

/** Claims it until `untilMs`, with one more try; undefined if another process was first. */
export function claimDelivery(
  db: Database,
  delivery: Delivery,
  untilMs: number,
): Delivery | undefined {
  const { number, state, tries, nextAtMs } = delivery
  const { changes } = db.attempt('claim what is to be told of an alert', () =>
    db
      .prepare(
        `UPDATE deliveries SET state = 'sending', tries = tries + 1, next_at_ms = ?
         WHERE number = ? AND state = ? AND tries = ? AND next_at_ms = ?`,
      )
      .run(untilMs, number, state, tries, nextAtMs),
  )
  if (changes === 0) return undefined
  return { ...delivery, state: 'sending', tries: tries + 1, nextAtMs: untilMs }
}

/** Says what came of a claimed delivery. */
export function settleDelivery(db: Database, delivery: Delivery, settlement: Settlement): void {
  const { number, tries } = delivery
  const isDelivered = settlement.kind === 'delivered'
  db.attempt('note what came of telling an alert', () =>
    db
      .prepare(
        `UPDATE deliveries SET state = :state, problem = :problem, next_at_ms = :nextAtMs
         WHERE number = :number AND (:late OR (state = 'sending' AND tries = :tries))`,
      )
      .run({
        number,
        tries,
        state: settlement.kind,
        problem: isDelivered ? null : settlement.problem,
        nextAtMs: settlement.kind === 'waiting' ? settlement.nextAtMs : delivery.nextAtMs,
        late: isDelivered ? 1 : 0,
      }),
  )
}

/** Gives up what nobody has tried since `beforeMs`, because its channel is not one of these. */
export function abandonDeliveries(
  db: Database,
  channels: readonly string[],
  beforeMs: number,
  problem: string,
): void {
  db.attempt('give up what nobody can tell', () =>
    db
      .prepare(
        `UPDATE deliveries SET state = 'failed', problem = ?
         WHERE state IN ('waiting', 'sending') AND next_at_ms < ?
           AND channel NOT IN (SELECT value FROM json_each(?))`,
      )
      .run(problem, beforeMs, JSON.stringify(channels)),
  )
}

/** The columns have types (STRICT), and the query asks for the two states. */
function deliveryOf(row: unknown): Delivery {
  const text = (name: string): string => String(columnOf(row, name))
  const count = (name: string): number => Number(columnOf(row, name))
  return {
    number: count('number'),
    alert: text('alert'),
    change: text('change'),
    channel: text('channel'),
    body: text('body'),
    state: text('state') === 'sending' ? 'sending' : 'waiting',
    tries: count('tries'),
    nextAtMs: count('next_at_ms'),
  }
}

function columnOf(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null ? Reflect.get(row, name) : undefined
}
