/**
 * An AnalysisRun of Argo Rollouts: five measurements of two metrics of the canary, one a minute, with
 * the success conditions "success ≥ 99 %" and "p99 ≤ 500 ms" and a failure limit of 0. A query that
 * returns nothing is an error, tried again after 10 s; the fifth in a row ends the run.
 */

import type { Metric } from '../../core/verdict.ts'
import { findConditions } from './figures/limits.ts'
import { createLooks } from './figures/looks.ts'
import { LastMinute, SLICE_SECONDS } from './figures/minute.ts'
import type { Rule, RuleVerdict } from './rule.ts'

const INTERVAL_SECONDS = 60
const COUNT = 5
const CONSECUTIVE_ERROR_LIMIT = 4

export function createArgo(): Rule {
  const canary = new LastMinute()
  let nextSeconds = INTERVAL_SECONDS
  let measurements = 0
  let errorsInARow = 0
  let decided: RuleVerdict | undefined
  const looks = createLooks(SLICE_SECONDS, tick, () => decided !== undefined)

  function tick(seconds: number): void {
    if (seconds >= nextSeconds) measure(seconds)
    canary.nextSlice()
  }

  function measure(seconds: number): void {
    const conditions = findConditions(canary.read())
    if (conditions === undefined) {
      errorsInARow += 1
      nextSeconds = seconds + SLICE_SECONDS
      if (errorsInARow > CONSECUTIVE_ERROR_LIMIT) {
        decided = aborted(seconds, `${errorsInARow} queries in a row returned no value`)
      }
      return
    }
    errorsInARow = 0
    measurements += 1
    nextSeconds = seconds + INTERVAL_SECONDS
    const broken = conditions.find(({ holds }) => !holds)
    if (broken !== undefined) {
      const which = `measurement ${measurements} of ${COUNT} failed`
      decided = aborted(seconds, `${which}: ${broken.words}`, broken.metric)
    } else if (measurements === COUNT) {
      decided = {
        verdict: 'healthy',
        actions: [],
        detail: `${COUNT} of ${COUNT} measurements passed`,
      }
    }
  }

  return {
    sample({ at, arm, latencyMs, failed }) {
      looks.upTo(at)
      if (arm === 'canary') canary.add(latencyMs, failed)
    },
    answers() {},
    decided: () => decided,
    finish(seconds) {
      looks.upTo(seconds)
      const passed = measurements === 0 ? '' : ', all passed'
      const detail = `${measurements} of ${COUNT} measurements made${passed}`
      return decided ?? { verdict: 'inconclusive', actions: [], detail }
    },
  }
}

function aborted(seconds: number, detail: string, metric?: Metric): RuleVerdict {
  return {
    verdict: 'regressed',
    detectedAt: seconds,
    actions: [],
    ...(metric === undefined ? {} : { metric }),
    detail,
  }
}
