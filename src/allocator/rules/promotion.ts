/** Rules of the end: the pipeline redeploys the baseline, then the weight goes back to 0. */

import { because, type Cause } from '../reasons.ts'
import { decisionOf, type Decision, type Moment } from '../state.ts'
import { askForZero } from './protection.ts'

/** The pipeline is told once; the state keeps that it was. */
export function promote(moment: Moment, cause: Cause, actor = 'policy'): Decision {
  return decisionOf(moment, {
    changes: { state: 'promoting' },
    intent: { kind: 'promote' },
    cause,
    actor,
  })
}

/** `promoting`: waits for the pipeline or a person, then for the router to read 0. */
export function finishPromotion(moment: Moment): Decision | undefined {
  const { before, observation } = moment
  if (before.state !== 'promoting') return undefined
  if (before.finalizing) {
    const { reading } = observation
    return reading.kind === 'read' && reading.configuredBp === 0
      ? decisionOf(moment, { changes: { state: 'promoted' }, cause: because.promoted() })
      : askForZero(moment, because.promotionDone())
  }
  switch (observation.promotion) {
    case 'done':
      return decisionOf(moment, {
        changes: { finalizing: true },
        toBp: 0,
        cause: because.promotionDone(),
      })
    case 'failed':
      return decisionOf(moment, { cause: because.promotionFailed() })
    default:
      return undefined
  }
}
