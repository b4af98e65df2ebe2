/** What an import read, what it left out and why, and what it changed in what it kept. */

import type { Lacking } from './lacking.ts'

/** Why a request is not in the result; each request is counted under one of these or is a step. */
export const REMOVALS = [
  /** Other lines of an application's log. */
  'notRequests',
  /** Another origin than that of the site (HAR). */
  'otherOrigins',
  /** Calls from service to service (OTLP). */
  'innerSpans',
  /** By agent, or because they asked for robots.txt. */
  'bots',
  'assets',
  /** No route of the ontology has the method. */
  'otherMethods',
  'failed',
  /** No route of the ontology takes it. */
  'unmapped',
  /** Fewer than k people performed the action. */
  'rareActions',
  /** Fewer than k people used the values of the path. */
  'rareValues',
  /** Beyond the most steps that a session may have. */
  'longSessions',
] as const
export type Removal = (typeof REMOVALS)[number]

export interface ImportReport {
  /** Lines, HAR entries or spans of HTTP servers. */
  readonly lines: number
  /** Those that could not be read. */
  readonly skippedLines: number
  /** Those that could: the sum of `removed` and of `actions`. */
  readonly requests: number
  /** Of people, before anything rare is dropped. */
  readonly clients: number
  readonly sessions: number
  /** Sessions that are left. */
  readonly profiles: number
  readonly k: number
  /** Steps that are left, by action. */
  readonly actions: Readonly<Record<string, number>>
  readonly removed: Readonly<Record<Removal, number>>
  /** Actions whose request needs values that were dropped; replaying skips their steps. */
  readonly lacking: readonly Lacking[]
  /** What is left, but with less: counts of steps, of values for `personalValues`. */
  readonly changed: {
    /** Without some or all of their query. */
    readonly queryValues: number
    readonly bodies: number
    /** Their value is captured from an earlier answer. */
    readonly capturedValues: number
    /** Values that are faker's now. */
    readonly personalValues: number
    /** Rare actions that are `other` now. */
    readonly otherActions: number
    /** Without a value that was rare: of query, body or a random id. */
    readonly rareDetails: number
    readonly rareDevices: number
    readonly rarePlaces: number
  }
}

export function createRemovals(): Record<Removal, number> {
  return {
    notRequests: 0,
    otherOrigins: 0,
    innerSpans: 0,
    bots: 0,
    assets: 0,
    otherMethods: 0,
    failed: 0,
    unmapped: 0,
    rareActions: 0,
    rareValues: 0,
    longSessions: 0,
  }
}
