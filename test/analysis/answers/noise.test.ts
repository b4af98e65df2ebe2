/**
 * Fields that differ by chance: what the evidence makes of them, beside the rule of Diffy (a field is
 * reported when R > N, |R − N| ÷ (R + N) > 20 % and |R − N| ÷ T > 0.03 %, where R and N count the
 * pairs in which the canary's and a second baseline answer differ, and T is all of them).
 */

import { describe, expect, it } from 'vitest'
import { createEvidence, updateEvidence } from '../../../src/analysis/evidence.ts'
import { createRandom } from '../../../src/core/random.ts'

/** A level of 1 % over a hundred fields. */
const LN_THRESHOLD = Math.log(100 / 0.01)
const PAIRS_PER_SECOND = 20
const SECONDS = 1800

interface Field {
  /** Share of the pairs in which any two answers differ by chance. */
  readonly noise: number
  /** Share of the pairs in which the canary's answer is wrong, noise or not. */
  readonly extra: number
  readonly seconds?: number
}

interface Judged {
  /** Of evidence: when it passed the threshold; undefined if never. */
  readonly alarmAt: number | undefined
  readonly diffyAtEnd: boolean
  /** Diffy's page would have shown the field in some second from the tenth on. */
  readonly diffyEver: boolean
}

function judge({ noise, extra, seconds = SECONDS }: Field, seed: number): Judged {
  const random = createRandom(seed).fork(`${noise} ${extra}`)
  const evidence = createEvidence(SECONDS)
  let [differing, noisy, alarmAt] = [0, 0, Number.POSITIVE_INFINITY]
  let diffyEver = false
  for (let second = 1; second <= seconds; second += 1) {
    let score = 0
    for (let pair = 0; pair < PAIRS_PER_SECOND; pair += 1) {
      const canary = random.next() < noise || random.next() < extra ? 1 : 0
      const control = random.next() < noise ? 1 : 0
      differing += canary
      noisy += control
      score += canary - control
    }
    updateEvidence(evidence, score)
    if (evidence.lnUp >= LN_THRESHOLD) alarmAt = Math.min(alarmAt, second)
    if (second >= 10) diffyEver ||= isDiffy(differing, noisy, second * PAIRS_PER_SECOND)
  }
  return {
    alarmAt: Number.isFinite(alarmAt) ? alarmAt : undefined,
    diffyAtEnd: isDiffy(differing, noisy, seconds * PAIRS_PER_SECOND),
    diffyEver,
  }
}

function isDiffy(raw: number, noise: number, total: number): boolean {
  const more = raw - noise
  return more > 0 && more / (raw + noise) > 0.2 && more / total > 0.0003
}

function judgeAll(field: Field, seeds: number): Judged[] {
  return Array.from({ length: seeds }, (_, seed) => judge(field, seed + 1))
}

function shareOf(judged: readonly Judged[], is: (one: Judged) => boolean): number {
  return judged.filter(is).length / judged.length
}

function medianAlarm(judged: readonly Judged[]): number {
  const times = judged.map(({ alarmAt }) => alarmAt ?? Number.POSITIVE_INFINITY)
  return times.toSorted((one, two) => one - two)[Math.floor(times.length / 2)] ?? Number.NaN
}

describe('evidence of a field that differs by chance', () => {
  it.each([
    { noise: 0.001, diffy: 0.6 },
    { noise: 0.01, diffy: 0.5 },
    { noise: 0.05, diffy: 0.25 },
  ])('never blames a noise of $noise, which Diffy shows sooner or later', ({ noise, diffy }) => {
    const judged = judgeAll({ noise, extra: 0 }, 60)
    expect(judged.filter(({ alarmAt }) => alarmAt !== undefined)).toEqual([])
    expect(shareOf(judged, ({ diffyEver }) => diffyEver)).toBeGreaterThan(diffy)
  })
  it('does not blame it after few pairs either, where Diffy decides by them', () => {
    const judged = judgeAll({ noise: 0.01, extra: 0, seconds: 10 }, 300)
    expect(judged.filter(({ alarmAt }) => alarmAt !== undefined)).toEqual([])
    const share = shareOf(judged, ({ diffyAtEnd }) => diffyAtEnd)
    expect(share).toBeGreaterThan(0.2)
    expect(share).toBeLessThan(0.45)
  })
})

describe('evidence of a field that differs more in the canary', () => {
  // Medians of STATISTICS 7 at 20 pairs a second: 115, 80, 393 and 36 s.
  it.each([
    { noise: 0.001, extra: 0.01, within: 230 },
    { noise: 0.05, extra: 0.05, within: 160 },
    { noise: 0.3, extra: 0.05, within: 800 },
    { noise: 0.3, extra: 0.2, within: 72 },
  ])('finds $extra more than a noise of $noise in time', ({ noise, extra, within }) => {
    expect(medianAlarm(judgeAll({ noise, extra }, 15))).toBeLessThan(within)
  })
  it.each([
    { noise: 0.2, extra: 0.05, within: 500 },
    { noise: 0.5, extra: 0.05, within: 1500 },
    { noise: 0.5, extra: 0.2, within: 110 },
  ])('finds $extra more than a noise of $noise, to which Diffy is blind', (field) => {
    const judged = judgeAll(field, 20)
    expect(medianAlarm(judged)).toBeLessThan(field.within)
    expect(shareOf(judged, ({ diffyAtEnd }) => diffyAtEnd)).toBe(0)
  })
})
