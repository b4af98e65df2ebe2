/** The weight: the share of real traffic that the canary gets, a whole number of basis points. */

import { UsageError } from './errors.ts'

/** 100 %. */
export const FULL_BP = 10_000

const NARROW_SPACE = '\u202F'

/**
 * Basis points of what people write: `5%`, `0.25 %`. The unit is needed, because `5` and `0.05`
 * could both mean five per cent.
 * @throws UsageError with code `bad-weight`
 */
export function parseWeightBp(text: string, where: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim())
  const exactBp = Number(match?.[1]) * 100
  const weightBp = Math.round(exactBp)
  if (!match || !isWeightBp(weightBp) || Math.abs(exactBp - weightBp) > 1e-6) {
    throw new UsageError(`Cannot read weight: "${text}" is not a percentage of 0% to 100%`, {
      code: 'bad-weight',
      where,
      mend: 'write it like 5% or 0.25%, in steps of 0.01%',
    })
  }
  return weightBp
}

/** `5 %`, `12.5 %`, with a narrow no-break space. */
export function formatWeight(weightBp: number): string {
  return `${String(weightBp / 100)}${NARROW_SPACE}%`
}

export function isWeightBp(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= FULL_BP
}
