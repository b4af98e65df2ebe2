/** What people write for amounts: `10s`, `15m`, `10%`, `0.1pp`; and how amounts are shown. */

import { UsageError } from './errors.ts'

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }

/**
 * Seconds of `10s`, `15m`, `250ms`, `2h`, `30d`.
 * @throws UsageError with code `bad-duration`
 */
export function parseDurationSeconds(text: string, where: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim())
  if (!match) {
    throw new UsageError(`Cannot read duration: "${text}" is not a number with a unit`, {
      code: 'bad-duration',
      where,
      mend: 'write it like 10s, 15m or 250ms',
    })
  }
  return Number(match[1]) * (SECONDS[match[2] ?? ''] ?? 1)
}

/**
 * A share of `10%`, `0.5pp` or a plain number `0.1`.
 * @throws UsageError with code `bad-share`
 */
export function parseShare(text: string, where: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(%|pp)?$/.exec(text.trim())
  if (!match) {
    throw new UsageError(`Cannot read share: "${text}" is not a number, per cent or pp`, {
      code: 'bad-share',
      where,
      mend: 'write it like 10%, 0.5pp or 0.1',
    })
  }
  return match[2] === undefined
    ? Number(match[1])
    : Number((Number(match[1]) / 100).toPrecision(12))
}
