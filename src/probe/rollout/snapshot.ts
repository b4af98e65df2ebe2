/**
 * What is written down of running twins, so that another process goes on with the same evidence.
 * The judge's state is compressed: much of it repeats, and it is written every few seconds.
 */

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { TallyState } from '../../analysis/tally.ts'

export interface TwinsSnapshot {
  /** The plan that the evidence belongs to. */
  readonly planHash: string
  readonly runId: string
  /** ISO 8601. */
  readonly startedAt: string
  /** Since the start of the run. */
  readonly seconds: number
  /** Legs so far: each has its own draw of sessions and coins. */
  readonly legs: number
  readonly blocks: number
  readonly episode: number
  /** Findings that were told already. */
  readonly told: readonly string[]
  /** Of the legs that have ended. */
  readonly tally: TallyState
  readonly judge: unknown
}

interface Written extends Omit<TwinsSnapshot, 'judge'> {
  readonly schema: string
  readonly judge: string
}

const SCHEMA = 'outrider.twins/1'
/** Evidence is numbers without pattern; more effort gains one per cent. */
const LEVEL = 1
const MOST_BYTES = 64 * 2 ** 20

export function writeSnapshot({ judge, ...rest }: TwinsSnapshot): string {
  const packed = deflateRawSync(JSON.stringify(judge), { level: LEVEL }).toString('base64')
  return JSON.stringify({ schema: SCHEMA, ...rest, judge: packed })
}

/** Undefined for anything that `writeSnapshot` did not write. */
export function readSnapshot(text: string): TwinsSnapshot | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    if (!('schema' in value) || value.schema !== SCHEMA) return undefined
    // Our own writing, read back; its version was checked.
    const { schema: _schema, judge, ...rest } = value as unknown as Written
    const json = inflateRawSync(Buffer.from(judge, 'base64'), { maxOutputLength: MOST_BYTES })
    return { ...rest, judge: JSON.parse(json.toString()) as unknown }
  } catch {
    return undefined
  }
}
