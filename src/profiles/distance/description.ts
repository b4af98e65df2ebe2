/** What users are like, in figures: what they do, how long, where, on what. */

import type { Profile } from '../../core/contract/profile.ts'
import { durationOf, type PlainSession } from './sample.ts'

/** Ten, fifty, ninety and ninety-nine of a hundred are at most so. */
export interface Spread {
  readonly p10: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

/** Names with their share of all, in (0, 1], the largest first. */
export type Shares = Readonly<Record<string, number>>

export interface Description {
  readonly users: number
  readonly steps: number
  /** Of the steps. */
  readonly actions: Shares
  /** Of the users. */
  readonly sources: Shares
  readonly geo: Shares
  readonly devices: Shares
  readonly labels: Shares
  readonly sessionSteps: Spread
  readonly sessionSeconds: Spread
  /** Left out where no session has a second step. */
  readonly thinkSeconds?: Spread
}

/** The session of a profile: its actions and when they happen. */
export function sessionOf({ behavioral_patterns }: Profile): PlainSession {
  return behavioral_patterns.map(({ action, timestamp }) => ({ action, seconds: timestamp }))
}

/** @param profiles at least one */
export function describeProfiles(profiles: Iterable<Profile>): Description {
  const counts = {
    actions: new Map<string, number>(),
    sources: new Map<string, number>(),
    geo: new Map<string, number>(),
    devices: new Map<string, number>(),
    labels: new Map<string, number>(),
  }
  const lengths: number[] = []
  const durations: number[] = []
  const thinks: number[] = []
  for (const profile of profiles) {
    const session = sessionOf(profile)
    lengths.push(session.length)
    durations.push(durationOf(session))
    for (const [index, { action, seconds }] of session.entries()) {
      add(counts.actions, action)
      if (index > 0) thinks.push(seconds - (session[index - 1]?.seconds ?? seconds))
    }
    add(counts.sources, profile.source)
    add(counts.geo, profile.geo_location)
    add(counts.devices, profile.device_type)
    for (const label of new Set(profile.labels)) add(counts.labels, label)
  }
  const users = lengths.length
  const steps = lengths.reduce((sum, length) => sum + length, 0)
  return {
    users,
    steps,
    actions: sharesOf(counts.actions, steps),
    sources: sharesOf(counts.sources, users),
    geo: sharesOf(counts.geo, users),
    devices: sharesOf(counts.devices, users),
    labels: sharesOf(counts.labels, users),
    sessionSteps: spreadOf(lengths),
    sessionSeconds: spreadOf(durations),
    ...(thinks.length === 0 ? {} : { thinkSeconds: spreadOf(thinks) }),
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function sharesOf(counts: ReadonlyMap<string, number>, all: number): Shares {
  const sorted = [...counts].toSorted(([, left], [, right]) => right - left)
  return Object.fromEntries(sorted.map(([name, count]) => [name, count / all]))
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).toSorted()
  const at = (share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}
