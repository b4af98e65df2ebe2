/**
 * Alerts: what a rollout has to tell, told once for each change of state.
 *
 * The key of an alert is its rollout and its subject. While it fires, the same key is nothing new;
 * once resolved it may fire again, and the count of firings tells the messages apart. An alert and
 * its messages are written down in one transaction, which may be the caller's: what is decided and
 * what is told of it are both there after a crash, or neither. A message is therefore told at least
 * once, and twice if a process dies between the request and its note; both carry the same
 * idempotency key.
 */

import {
  addAlert,
  findAlert,
  firingKeys,
  listAlerts,
  resolveAlert,
  type ChangedAlert,
} from '../../../profiles-db/alerts.ts'
import { addDeliveries } from '../../../profiles-db/deliveries.ts'
import type { Database } from '../../../profiles-db/open.ts'
import type { Clock } from '../../core/clock.ts'
import type { AlertChannel } from '../../core/contract/config.ts'
import {
  SEVERITIES,
  type Alert,
  type AlertKind,
  type AlertNotice,
} from '../../core/contract/investigation.ts'
import { createRandom, type Random } from '../../core/random.ts'
import { channelId, findAddress, type Environment } from './channels.ts'
import { noticeFor } from './notice.ts'
import { Sender, type Destination } from './sender.ts'
import { systemTimers, type Timers } from './timers.ts'

export interface AlertRequest {
  readonly rollout: string
  readonly kind: AlertKind
  /** Of the key, behind the rollout: `checkout/latency_typical`, `router`, `promoted`. */
  readonly subject: string
  readonly title: string
  readonly investigation?: string
  /** One more sentence of context: state, weight, router. */
  readonly detail?: string
  /** A finished fact (started, promoted, rolled_back) is told once and is not firing. */
  readonly isFact?: boolean
}

export interface Alerts {
  /**
   * Writes it down, its deliveries with it, and returns it; undefined if there is nothing new: the
   * same key fires already, or the fact was told.
   * @throws StoreError
   */
  raise(request: AlertRequest): Alert | undefined
  /** Undefined if it was not firing. @throws StoreError */
  resolve(rollout: string, subject: string): Alert | undefined
  /** All that still fire for a rollout that is over. @throws StoreError */
  resolveAll(rollout: string): readonly Alert[]
  /** Those that fired last first. @throws UsageError `bad-limit`, `bad-cursor`; StoreError */
  list(page: { limit: number; cursor?: string }): { alerts: Alert[]; nextCursor?: string }
  /** @throws StoreError */
  find(id: string): Alert | undefined
  /** Begins to deliver what waits, also what an earlier process left, until `close`. */
  start(): void
  /**
   * Stops. What is due gets 2 s to arrive (the last word of a rollout is often raised just before);
   * what was not delivered stays for the next process.
   */
  close(): Promise<void>
}

export interface AlertOptions {
  readonly database: Database
  readonly channels: readonly AlertChannel[]
  readonly environment: Environment
  readonly clock: Clock
  readonly fetch?: typeof fetch
  readonly timers?: Timers
  /** For the jitter of the retries. */
  readonly random?: Random
  readonly log?: (line: string) => void
}

/** The name of a rollout has up to 200 characters, and stands before the sentence. */
const TITLE_LENGTH = 600
const DETAIL_LENGTH = 1000

/** A channel without an address in the environment is left to a process that has it. */
export function createAlerts(options: AlertOptions): Alerts {
  const { database, channels, clock } = options
  const sender = new Sender({
    database,
    destinations: destinationsOf(channels, options.environment),
    clock,
    random: options.random ?? createRandom(Math.trunc(clock.wallMs()), 'alerts'),
    fetch: options.fetch ?? globalThis.fetch,
    timers: options.timers ?? systemTimers,
    log: options.log ?? (() => undefined),
  })

  function enqueue(
    { alert, firings }: ChangedAlert,
    change: AlertNotice['change'],
    detail?: string,
  ): void {
    const told = channels.filter((channel) => channel.on.includes(alert.kind))
    const nextAtMs = clock.wallMs()
    addDeliveries(
      database,
      told.map((channel) => ({
        alert: alert.id,
        change: `${change}/${firings}`,
        channel: channelId(channel),
        body: JSON.stringify(noticeFor(channel, alert, change, detail)),
        nextAtMs,
      })),
    )
    if (told.length > 0) sender.wake()
  }

  function resolveKey(key: string): Alert | undefined {
    return database.attempt('resolve an alert', () =>
      database.transaction(() => {
        const resolved = resolveAlert(database, key, isoTime(clock))
        if (resolved !== undefined) enqueue(resolved, 'resolved')
        return resolved?.alert
      }),
    )
  }

  return {
    raise(request) {
      const detail =
        request.detail === undefined ? undefined : oneLine(request.detail, DETAIL_LENGTH)
      const draft = draftOf(request, channels, isoTime(clock))
      return database.attempt('store an alert', () =>
        database.transaction(() => {
          const fired = addAlert(database, draft)
          if (fired !== undefined) enqueue(fired, request.isFact ? 'told' : 'firing', detail)
          return fired?.alert
        }),
      )
    },
    resolve: (rollout, subject) => resolveKey(keyOf(rollout, subject)),
    resolveAll: (rollout) =>
      database.attempt('resolve alerts', () =>
        database.transaction(() =>
          firingKeys(database, rollout)
            .map(resolveKey)
            .filter((alert) => alert !== undefined),
        ),
      ),
    list: (page) => listAlerts(database, page),
    find: (id) => findAlert(database, id),
    start: () => sender.start(),
    close: () => sender.close(),
  }
}

function destinationsOf(
  channels: readonly AlertChannel[],
  environment: Environment,
): Map<string, Destination> {
  const destinations = new Map<string, Destination>()
  for (const channel of channels) {
    const address = findAddress(channel, environment)
    if (address === undefined) continue
    destinations.set(channelId(channel), { kind: channel.kind, address })
  }
  return destinations
}

function draftOf(
  request: AlertRequest,
  channels: readonly AlertChannel[],
  at: string,
): Omit<Alert, 'id'> {
  const { rollout, kind, subject, title, investigation, isFact } = request
  const told = channels.filter((channel) => channel.on.includes(kind))
  const runbook = told.find((channel) => channel.runbook !== undefined)?.runbook
  return {
    key: keyOf(rollout, subject),
    kind,
    state: isFact ? 'resolved' : 'firing',
    severity: severityOf(kind, told),
    since: at,
    ...(isFact ? { resolvedAt: at } : {}),
    rollout,
    title: oneLine(title, TITLE_LENGTH),
    ...(runbook === undefined ? {} : { runbook }),
    ...(investigation === undefined ? {} : { investigation }),
  }
}

/** The gravest that any channel gives it; without a channel, what goes well is for information. */
function severityOf(kind: AlertKind, told: readonly AlertChannel[]): Alert['severity'] {
  const gravest = SEVERITIES.find((severity) =>
    told.some((channel) => channel.severity === severity),
  )
  return gravest ?? (kind === 'started' || kind === 'promoted' ? 'info' : 'page')
}

function keyOf(rollout: string, subject: string): string {
  return `${rollout}/${subject}`
}

function isoTime(clock: Clock): string {
  return new Date(clock.wallMs()).toISOString()
}

/** A title may quote a target: it becomes one line without what steers terminals and directions. */
function oneLine(text: string, length: number): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim()
  if (line.length <= length) return line
  return `${line
    .slice(0, length - 1)
    .toWellFormed()
    .replace(/\uFFFD$/, '')}…`
}
