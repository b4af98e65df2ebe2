/** Why a decision was made: its stable code and its sentence, one entry for each. */

import { formatWeight } from '../core/weight.ts'
import { ROLLOUT_STATE_WORDS } from '../core/contract/rollout.ts'
import type { Hysteresis } from './hysteresis.ts'
import type { Act, StateName } from './machine.ts'
import type { Judgement, PersonsWord } from './observation.ts'

export interface Cause {
  /** Kebab-case and stable; docs/rollout-policy.md lists them. */
  readonly code: string
  /** The clause that stands after `Holding at 5 %: `. */
  readonly message: string
}

export interface Reason extends Cause {
  /** Since when this code holds without a break. */
  readonly sinceMs: number
}

export const because = {
  waiting: (waitsFor: string): Cause => ({ code: 'waiting', message: waitsFor }),
  routerNotAtZero: (readBp: number): Cause => ({
    code: 'router-not-at-zero',
    message: `the router reads ${formatWeight(readBp)} before the start`,
  }),

  gateStarted: (run: number, why?: string): Cause => ({
    code: 'gate-started',
    message:
      run === 1
        ? 'the gate probes the canary'
        : `the gate probes the canary once more${why === undefined ? '' : `, ${why}`}`,
  }),
  liveBaseline: (): Cause => ({
    code: 'live-baseline',
    message:
      'the baseline serves live users during the gate and the target names no idle control, ' +
      'so a slower canary may look equal',
  }),
  noGate: (): Cause => ({ code: 'no-gate', message: 'the policy needs no gate' }),
  gateHealthy: (): Cause => ({
    code: 'gate-healthy',
    message: 'the gate is passed, the canary is healthy',
  }),
  gateRegressed: (finding = 'the gate found a regression'): Cause => ({
    code: 'gate-regressed',
    message: finding,
  }),
  gateInconclusive: (): Cause => ({
    code: 'gate-inconclusive',
    message: 'the gate could not prove the canary healthy in its time',
  }),
  gateInvalid: (why?: string): Cause => ({
    code: 'gate-invalid',
    message: `the gate could not be judged, twice${why === undefined ? '' : `: ${why}`}`,
  }),

  noAlarm: (unequalLoad: boolean): Cause => ({
    code: 'no-alarm',
    message: `no anomaly${unequalLoad ? `; ${UNEQUAL_LOAD}` : ''}`,
  }),
  clear: (clearTicks: number): Cause => ({
    code: 'clear',
    message: `no evidence against the canary in ${plural(clearTicks, 'tick')} in a row`,
  }),
  proven: (): Cause => ({
    code: 'proven',
    message: 'the required actions are proven again',
  }),
  holdTicks: (left: number): Cause => ({
    code: 'hold-ticks',
    message: `just reduced, ${plural(left, 'more tick')} without a raise`,
  }),
  notClear: (
    { clearTicks }: Hysteresis,
    of: number,
    { lnRun, lnThreshold }: Judgement,
    unequalLoad: boolean,
  ): Cause => ({
    code: 'not-clear',
    message:
      `${clearTicks} of ${of} clear ticks since the reduction, ` +
      `evidence ${times(lnRun)} of ${times(lnThreshold)}${unequalLoad ? `; ${UNEQUAL_LOAD}` : ''}`,
  }),

  alarm: (finding = 'the evidence against the canary reached its threshold'): Cause => ({
    code: 'alarm',
    message: finding,
  }),
  liveGuard: (finding = 'real users meet more errors on the canary'): Cause => ({
    code: 'live-guard',
    message: finding,
  }),
  critical: (finding = 'the canary fails while the baseline is well'): Cause => ({
    code: 'critical',
    message: `critical: ${finding}`,
  }),
  reversalsExhausted: (reductions: number, finding: string): Cause => ({
    code: 'reversals-exhausted',
    message: `${finding}; reduction ${reductions} is one more than the policy allows`,
  }),
  justReduced: (): Cause => ({
    code: 'just-reduced',
    message: 'the anomaly goes on, and the last reduction was less than 10 s ago',
  }),

  notJudged: (): Cause => ({
    code: 'not-judged',
    message: 'there is no judgement of this episode yet',
  }),
  loadNotDelivered: (share: number): Cause => ({
    code: 'load-not-delivered',
    message: Number.isFinite(share)
      ? `only ${Math.floor(share * 100)}\u202F% of the load was delivered`
      : 'it is not known how much of the load was delivered',
  }),
  noPairs: (actions: readonly string[]): Cause => ({
    code: 'no-pairs',
    message: `no pair of ${actions.join(', ')}`,
  }),
  baselineIll: (finding: string): Cause => ({ code: 'baseline-ill', message: finding }),
  generatorStrained: (): Cause => ({
    code: 'generator-strained',
    message: 'the generator was the bottleneck',
  }),

  routerUnreachable: (tries: number, problem: string): Cause => ({
    code: 'router-unreachable',
    message: `the router does not answer, try ${tries}: ${problem}`,
  }),
  routerRefused: (tries: number, problem: string): Cause => ({
    code: 'router-refused',
    message: `the router refused the weight ${plural(tries, 'time')}: ${problem}`,
  }),
  notReadBack: (readBp: number, intendedBp: number): Cause => ({
    code: 'not-read-back',
    message: `the router reads ${formatWeight(readBp)}, intended is ${formatWeight(intendedBp)}`,
  }),
  splitDisagrees: (intendedBp: number, readings: number): Cause => ({
    code: 'split-disagrees',
    message:
      `the observed split has not agreed with ${formatWeight(intendedBp)} ` +
      `for ${plural(readings, 'reading')}`,
  }),
  weightMoved: (fromBp: number, toBp: number): Cause => ({
    code: 'weight-moved',
    message: `someone else moved the weight from ${formatWeight(fromBp)} to ${formatWeight(toBp)}`,
  }),
  loweredAfterRestart: (fromBp: number, toBp: number): Cause => ({
    code: 'lowered-after-restart',
    message:
      `after a restart the router reads ${formatWeight(fromBp)}, ` +
      `no more than ${formatWeight(toBp)} is certain`,
  }),
  routerRestarted: (readBp: number, toBp: number): Cause => ({
    code: 'router-restarted',
    message:
      `the router was restarted and reads ${formatWeight(readBp)}, ` +
      `it gets ${formatWeight(toBp)} again`,
  }),

  stageTime: (secondsLeft: number): Cause => ({
    code: 'stage-time',
    message: `no anomaly, ${spellSeconds(secondsLeft)} of this stage to go`,
  }),
  stageLimit: (limit: string): Cause => ({ code: 'stage-limit', message: limit }),
  stageGate: (): Cause => ({
    code: 'stage-gate',
    message: 'a person has to open the way to the next stage',
  }),
  awaitingProof: (): Cause => ({
    code: 'awaiting-proof',
    message: 'nothing found, but not every required action is proven yet',
  }),
  awaitingPerson: (): Cause => ({
    code: 'awaiting-person',
    message: 'the policy leaves the promotion to a person',
  }),
  healthy: (): Cause => ({
    code: 'healthy',
    message: 'healthy at the last weight, the baseline is to be redeployed',
  }),
  promoteAsked: (): Cause => ({
    code: 'promote-asked',
    message: 'a person asked for it and the last weight is read back',
  }),
  promotionFailed: (): Cause => ({
    code: 'promotion-failed',
    message: 'the pipeline could not redeploy the baseline',
  }),
  promotionDone: (): Cause => ({
    code: 'promotion-done',
    message: 'the baseline is redeployed, the weight goes back to 0\u202F%',
  }),
  promoted: (): Cause => ({
    code: 'promoted',
    message: 'the baseline is redeployed and the weight is read back at 0\u202F%',
  }),
  gaveUp: (seconds: number): Cause => ({
    code: 'gave-up',
    message: `not promoted within ${spellSeconds(seconds)}`,
  }),

  person: ({ act, by, reason }: PersonsWord): Cause => ({
    code: `person-${act}`,
    message: `${ACT_WORDS[act]} by ${by}${reason === undefined ? '' : `: "${reason}"`}`,
  }),
  actRefused: (act: Act, state: StateName): Cause => ({
    code: 'act-refused',
    message: `cannot ${act} a rollout that is ${ROLLOUT_STATE_WORDS[state].toLowerCase()}; nothing was changed`,
  }),
} as const

const UNEQUAL_LOAD = 'latencies did not count, the live load of the arms is unequal'

const ACT_WORDS: Readonly<Record<Act, string>> = {
  promote: 'promoted',
  pause: 'paused',
  resume: 'resumed',
  abort: 'aborted',
  finalize: 'finalised',
}

/** The state in one sentence: `Ramping at 36 %: no anomaly`. */
export function sentenceOf(state: StateName, weightBp: number, reason: Cause): string {
  const isAtWeight = weightBp > 0 || state === 'ramping' || state === 'holding'
  return `${ROLLOUT_STATE_WORDS[state]}${isAtWeight ? ` at ${formatWeight(weightBp)}` : ''}: ${reason.message}`
}

/** `50 s`, `1 min 50 s`, `2 h 5 min`. */
export function spellSeconds(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  if (whole < 60) return `${whole}\u202Fs`
  const [large, small, units] =
    whole < 3600
      ? [Math.floor(whole / 60), whole % 60, ['min', 's']]
      : [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), ['h', 'min']]
  return `${large}\u202F${units[0]}${small === 0 ? '' : ` ${small}\u202F${units[1]}`}`
}

/** Evidence as people read it: `× 14`; what overflows is a power of ten. */
export function times(ln: number): string {
  const size = Math.exp(ln)
  if (ln >= Math.log(100_000)) return `× 10^${Math.floor(ln / Math.LN10)}`
  return `× ${size >= 10 ? Math.round(size) : Number(size.toPrecision(2))}`
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
