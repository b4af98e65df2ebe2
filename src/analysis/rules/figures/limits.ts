/** The two conditions of delivery controllers in their documents: success rate and p99, absolute. */

import type { Metric } from '../../../core/verdict.ts'
import type { Slices } from './requests.ts'
import { msWords, shareWords } from './words.ts'

const LEAST_SUCCESS = 0.99
const MOST_P99_MS = 500

export interface Condition {
  readonly metric: Metric
  readonly holds: boolean
  /** `success 98.2 % < 99 %`. */
  readonly words: string
}

/** Both conditions over one minute; undefined where it has no request, so that no value is returned. */
export function findConditions(minute: Slices): readonly [Condition, Condition] | undefined {
  if (minute.count === 0) return undefined
  const success = 1 - minute.failures / minute.count
  const p99 = minute.quantile(0.99)
  const [enough, fast] = [success >= LEAST_SUCCESS, p99 <= MOST_P99_MS]
  return [
    {
      metric: 'errors',
      holds: enough,
      words: `success ${shareWords(success)} ${enough ? '≥' : '<'} ${shareWords(LEAST_SUCCESS)}`,
    },
    {
      metric: 'latency_tail',
      holds: fast,
      words: `p99 ${msWords(p99)} ${fast ? '≤' : '>'} ${msWords(MOST_P99_MS)}`,
    },
  ]
}
