/** Do no harm: what is never sent, how much at most, and when traffic stops by itself. Pure. */

import type { Action, Ontology } from '../actions/ontology.ts'
import type { Arm } from '../core/arm.ts'
import type { Profile } from '../core/contract/profile.ts'
import type { Skipped } from '../core/contract/report.ts'
import { UsageError } from '../core/errors.ts'

export const MAX_RPS = 100
const MAX_USERS = 1_000
const MAX_SECONDS = 3_600

/** The longest pause that a `Retry-After` can ask for. */
const MAX_RETRY_AFTER_MS = 30_000
/** A `Retry-After` that cannot be read still says that it is too much. */
const DEFAULT_RETRY_AFTER_MS = 1_000

const BREAKER_WINDOW_MS = 5_000
const BREAKER_SLOT_MS = 100
const BREAKER_SLOTS = BREAKER_WINDOW_MS / BREAKER_SLOT_MS
const BREAKER_MIN_REQUESTS = 20
const BREAKER_FAILURE_SHARE = 0.5

export interface SkipOptions {
  readonly allowMutations: boolean
  /** Whether each step goes to more than one arm. */
  readonly twins: boolean
}

/**
 * The actions of these profiles (and their clean-ups) that may not be sent, each with its reason:
 * `no-ontology-entry`, `mutations-not-allowed`, `shared-state` (the twins could share a database,
 * where the second "create user" fails for that reason alone) or `needs-skipped` (every action
 * that captures what it needs is skipped itself).
 */
export function skipsOf(
  ontology: Ontology,
  profiles: readonly Profile[],
  options: SkipOptions,
): Skipped[] {
  const performed = performedActions(ontology, profiles)
  const skipped = new Map<string, string>()
  for (const name of performed) {
    const code = ownReason(ontology.actions.get(name), options)
    if (code !== undefined) skipped.set(name, code)
  }
  for (let found = true; found;) {
    found = false
    for (const name of performed) {
      const action = ontology.actions.get(name)
      if (action === undefined || skipped.has(name)) continue
      if (action.needs.some((need) => onlySkippedCapture(ontology, performed, skipped, need))) {
        skipped.set(name, 'needs-skipped')
        found = true
      }
    }
  }
  return [...skipped].map(([action, code]) => ({ action, code }))
}

function performedActions(ontology: Ontology, profiles: readonly Profile[]): Set<string> {
  const performed = new Set<string>()
  for (const profile of profiles) {
    for (const entry of profile.behavioral_patterns) performed.add(entry.action)
  }
  // A set visits what is added while it is walked, so clean-ups of clean-ups are found too.
  for (const name of performed) {
    const cleanup = ontology.actions.get(name)?.document.cleanup
    if (cleanup !== undefined) performed.add(cleanup)
  }
  return performed
}

function ownReason(action: Action | undefined, options: SkipOptions): string | undefined {
  if (action === undefined) return 'no-ontology-entry'
  if (!action.mutates) return undefined
  if (!options.allowMutations) return 'mutations-not-allowed'
  const apart = action.namesTwin || action.document.shared_state === 'ok'
  return options.twins && !apart ? 'shared-state' : undefined
}

/** True when someone captures `need`, and all who do are skipped. */
function onlySkippedCapture(
  ontology: Ontology,
  performed: ReadonlySet<string>,
  skipped: ReadonlyMap<string, string>,
  need: string,
): boolean {
  let captured = false
  for (const name of performed) {
    if (ontology.actions.get(name)?.captures.includes(need) !== true) continue
    if (!skipped.has(name)) return false
    captured = true
  }
  return captured
}

export interface AskedLoad {
  readonly maxRps: number
  readonly users: number
  readonly seconds: number
}

/**
 * Holds what was asked for against the caps: 1 000 users, one hour, and 100 requests/s where the
 * address is not a loopback one.
 * @throws UsageError with code `cap-exceeded`
 */
export function capsOf(urls: readonly string[], asked: AskedLoad, iOwnThis: boolean): void {
  if (iOwnThis) return
  const far = urls.find((url) => !isLoopback(url))
  if (far !== undefined && asked.maxRps > MAX_RPS) {
    throw capError(`${asked.maxRps} requests/s to ${far}`, `${MAX_RPS} requests/s`, '--max-rps')
  }
  const target = far ?? urls[0] ?? 'the target'
  if (asked.users > MAX_USERS) {
    throw capError(`${asked.users} users to ${target}`, `${MAX_USERS} users`, '--concurrency')
  }
  if (asked.seconds > MAX_SECONDS) {
    throw capError(`traffic for ${asked.seconds} s to ${target}`, 'one hour', '--duration')
  }
}

function capError(what: string, cap: string, where: string): UsageError {
  return new UsageError(`Cannot send ${what}: the cap is ${cap}`, {
    code: 'cap-exceeded',
    where,
    mend: 'ask for less, or raise the caps with --i-own-this if the target is yours',
  })
}

/** Whether an address is this machine by name, by number or as a unix socket. */
export function isLoopback(url: string): boolean {
  if (url.startsWith('unix:')) return true
  const name = new URL(url).hostname
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(name)
  )
}

/**
 * How long a `Retry-After` (seconds or a date, RFC 9110, 10.2.3) asks to wait; at most 30 s. A date
 * that is over asks for nothing.
 */
export function retryAfterMs(value: string, wallMs: number): number {
  const text = value.trim()
  const asked = /^\d+$/.test(text) ? Number(text) * 1000 : httpDateMs(text) - wallMs
  if (Number.isNaN(asked)) return DEFAULT_RETRY_AFTER_MS
  return Math.min(Math.max(0, asked), MAX_RETRY_AFTER_MS)
}

/** All three forms of RFC 9110, 5.6.7. `Date.parse` alone takes "-5" and "1.5" for days of 2001. */
function httpDateMs(text: string): number {
  const isDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/.test(text)
  if (!isDate) return Number.NaN
  // The form of asctime() names no zone, and means UTC.
  return Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`)
}

export interface Breaker {
  ended(arm: Arm, failed: boolean, nowMs: number): void
  /** Several requests that ended just now. */
  counted(arm: Arm, requests: number, failures: number, nowMs: number): void
  /** The arm with at least 50 % failures among at least 20 requests of 5 s; stays once it is so. */
  tripped(): Arm | undefined
}

export function createBreaker(): Breaker {
  const windows = new Map<Arm, BreakerWindow>()
  let tripped: Arm | undefined
  const counted: Breaker['counted'] = (arm, requests, failures, nowMs) => {
    const window = windows.get(arm) ?? new BreakerWindow()
    windows.set(arm, window)
    window.add(requests, failures, nowMs)
    if (window.isFailing()) tripped ??= arm
  }
  return {
    ended: (arm, failed, nowMs) => counted(arm, 1, Number(failed), nowMs),
    counted,
    tripped: () => tripped,
  }
}

/** Requests and failures of the last 5 s in slots of 0.1 s: bounded whatever the rate. */
class BreakerWindow {
  readonly #requests = new Uint32Array(BREAKER_SLOTS)
  readonly #failures = new Uint32Array(BREAKER_SLOTS)
  #newest = Number.NEGATIVE_INFINITY

  add(requests: number, failures: number, nowMs: number): void {
    const slot = Math.max(Math.floor(nowMs / BREAKER_SLOT_MS), this.#newest)
    const first = Math.max(this.#newest + 1, slot - BREAKER_SLOTS + 1)
    for (let cleared = first; cleared <= slot; cleared += 1) {
      this.#requests[cleared % BREAKER_SLOTS] = 0
      this.#failures[cleared % BREAKER_SLOTS] = 0
    }
    this.#newest = slot
    const index = slot % BREAKER_SLOTS
    this.#requests[index] = (this.#requests[index] ?? 0) + requests
    this.#failures[index] = (this.#failures[index] ?? 0) + failures
  }

  isFailing(): boolean {
    const requests = this.#requests.reduce((sum, count) => sum + count, 0)
    const failures = this.#failures.reduce((sum, count) => sum + count, 0)
    return requests >= BREAKER_MIN_REQUESTS && failures >= BREAKER_FAILURE_SHARE * requests
  }
}
