/**
 * The two paging alerts of multi-window burn rates (Beyer et al. 2018, The Site Reliability Workbook)
 * on the canary alone, with an objective of 99.9 % success: the budget burns 14.4 times too fast over
 * 5 minutes and over an hour, or 6 times over 30 minutes and over 6 hours. Evaluated once a minute; a
 * window that the recording does not fill yet holds what there is. The slower alerts make tickets and
 * are left out.
 */

import { createLooks } from './figures/looks.ts'
import { counted, shareWords } from './figures/words.ts'
import { nothingToCompare } from './figures/no-data.ts'
import type { Rule, RuleVerdict } from './rule.ts'

const OBJECTIVE = 0.999
const LOOK_SECONDS = 60
const LONGEST_MINUTES = 360

const PAGES = [
  { factor: 14.4, short: 5, long: 60 },
  { factor: 6, short: 30, long: 360 },
] as const

interface Minute {
  requests: number
  failures: number
}

export function createBurnRate(): Rule {
  let minutes: Minute[] = [{ requests: 0, failures: 0 }]
  let requests = 0
  let failures = 0
  let lastAt = 0
  let decided: RuleVerdict | undefined
  const looks = createLooks(LOOK_SECONDS, look, () => decided !== undefined)

  function look(seconds: number): void {
    const page = PAGES.find(
      ({ factor, short, long }) => burn(short) > factor && burn(long) > factor,
    )
    if (page !== undefined) {
      const { factor, short, long } = page
      const burns = [short, long].map((length) => `${burn(length).toFixed(1)}×`)
      const windows = `over ${short} and ${long} min`
      const detail = `the error budget burns ${burns[0]} and ${burns[1]} too fast ${windows}, more than ${factor}×`
      decided = { verdict: 'regressed', detectedAt: seconds, actions: [], metric: 'errors', detail }
    }
    minutes = [...minutes.slice(1 - LONGEST_MINUTES), { requests: 0, failures: 0 }]
  }

  /** How many times too fast the budget is used; 0 where nothing was asked. */
  function burn(length: number): number {
    const window = minutes.slice(-length)
    const asked = window.reduce((sum, minute) => sum + minute.requests, 0)
    const failed = window.reduce((sum, minute) => sum + minute.failures, 0)
    return asked === 0 ? 0 : failed / asked / (1 - OBJECTIVE)
  }

  /** A silence longer than the longest window empties all of them. */
  function advance(at: number): void {
    const end = lastAt + LONGEST_MINUTES * LOOK_SECONDS
    looks.upTo(Math.min(at, end))
    if (at > end) {
      minutes = [{ requests: 0, failures: 0 }]
      looks.skipTo(at)
    }
    lastAt = at
  }

  return {
    sample({ at, arm, failed }) {
      advance(at)
      if (arm !== 'canary') return
      const minute = minutes.at(-1)
      if (minute === undefined) return
      minute.requests += 1
      minute.failures += Number(failed)
      requests += 1
      failures += Number(failed)
    },
    answers() {},
    decided: () => decided,
    finish(seconds) {
      advance(seconds)
      if (decided !== undefined) return decided
      if (requests === 0) return nothingToCompare()
      const detail = `no page: ${shareWords(failures / requests)} of ${counted(requests, 'request')} failed`
      return { verdict: 'healthy', actions: [], detail }
    },
  }
}
