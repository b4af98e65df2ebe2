/** What a part of the benchmark gets, and what it gives: tables, and a row for each target. */

import { fileURLToPath } from 'node:url'
import type { Rounds } from '../machine/rounds.ts'
import type { Tools } from '../machine/tools.ts'
import type { Server } from '../servers/start.ts'

export interface World extends Rounds {
  readonly tools: Tools
  readonly shop: Server
  readonly delay: Server
  /** The file of our client, as plain JavaScript. */
  readonly ours: string
  readonly seconds: number
  /** The long run has its full length. */
  readonly isLong: boolean
}

export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface TargetRow {
  readonly id: string
  readonly target: string
  readonly measured: string
  /** Undefined: it was not measured here. */
  readonly isMet: boolean | undefined
}

export interface PartResult {
  readonly tables: readonly Table[]
  readonly targets: readonly TargetRow[]
}

export interface Part {
  readonly name: string
  run(world: World): Promise<PartResult>
}

/** Our own client, as it ships, with this task. */
export function ours(world: World, task: object, ...flags: string[]): string[] {
  return [process.execPath, ...flags, world.ours, JSON.stringify(task)]
}

export function client(file: string): string {
  return fileURLToPath(new URL(`../clients/${file}`, import.meta.url))
}

/** Undefined where one of the figures is missing. */
export function allOf(...held: (boolean | undefined)[]): boolean | undefined {
  return held.includes(undefined) ? undefined : held.every((one) => one === true)
}

export function atMost(value: number | undefined, most: number): boolean | undefined {
  return value === undefined ? undefined : value <= most
}

export function atLeast(value: number | undefined, least: number): boolean | undefined {
  return value === undefined ? undefined : value >= least
}

export function times(value: number | undefined, digits = 2): string {
  return value === undefined ? '–' : `${value.toFixed(digits)} ×`
}
