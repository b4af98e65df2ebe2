/** Step: builds the requests of one step for all arms, then sends them in one tick. */

import { identityHeaders } from '../actions/identity.ts'
import type { Ontology } from '../actions/ontology.ts'
import { buildRequest } from '../actions/request.ts'
import type { Profile } from '../core/contract/profile.ts'
import {
  blockedExchange,
  RunningExchange,
  type ExchangeHooks,
  type ExchangeTiming,
  type Route,
} from './exchange.ts'
import type { NextStep, Session } from './session.ts'
import type { LoadLevel } from './step/load-level.ts'
import { createTraceParent, stampHeaders, type TraceParent } from './trace.ts'
import { orderOfArms } from './twins.ts'

/** One action of one session, the same for all arms. */
export interface Step {
  /** `s17.4` */
  readonly pair: string
  /** `s17` */
  readonly session: string
  readonly action: string
  readonly profile: Profile
  /** The action that this session did before. */
  readonly previous: string | undefined
  readonly intendedMs: number
  /** Whether more steps than usual were under way when it was sent. */
  readonly load: LoadLevel
  /** Clock ms of the first of the sends; of a step that is blocked everywhere, its turn. */
  readonly sentMs: number
}

/** A step whose first send may still be to come. */
export interface MutableStep extends Step {
  sentMs: number
}

export interface StepSenderOptions {
  readonly ontology: Ontology
  readonly seed: number
  readonly secrets: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly runId: string
  /**
   * Whether the exchanges of the step that is about to be sent hand over request and answer.
   * Asked once a step, before any arm is sent, so that all arms do the same work.
   */
  remembers?(action: string, nowMs: number): boolean
  /** Actions of which every exchange does, with the whole body; left out = none. */
  readonly compared?: ReadonlySet<string>
}

export class StepSender {
  readonly routes: readonly Route[]
  readonly #options: StepSenderOptions
  readonly #traceParent: TraceParent

  constructor(options: StepSenderOptions, routes: readonly Route[]) {
    this.routes = routes
    this.#options = options
    this.#traceParent = createTraceParent(options.runId, options.seed)
  }

  /** The first moment, `fromMs` or later, at which every arm's limit admits one more request. */
  earliestMs(fromMs: number): number {
    let earliest = fromMs
    for (const { bucket } of this.routes) {
      earliest = Math.max(earliest, bucket.earliestMs(fromMs))
    }
    return earliest
  }

  /**
   * Nothing happens between the sends of the twins: everything is built before the first.
   * @returns what was sent, in that order; an arm that is blocked is not among it
   */
  send(
    step: MutableStep,
    session: Session,
    next: NextStep,
    nowMs: number,
    hooks: ExchangeHooks,
  ): RunningExchange[] {
    const { seed, ontology, timeoutMs = next.action.timeoutMs } = this.#options
    const remember = this.#remembered(next.action.name, nowMs)
    const timing = { intendedMs: step.intendedMs, timeoutMs, remember }
    const identity = identityHeaders(ontology, session.profile)
    const running: RunningExchange[] = []
    for (const route of orderOfArms(seed, step.pair, this.routes)) {
      const exchange = this.#build(step, session, next, route, identity, timing, hooks)
      if (typeof exchange !== 'string') running.push(exchange)
      else {
        const outcome = session.isCutOff(route.arm) ? 'aborted' : 'blocked'
        hooks.arrived({ proceed: () => blockedExchange(route.arm, nowMs, exchange, outcome) })
      }
    }
    for (const exchange of running) exchange.send(nowMs)
    return running
  }

  /** The same requests once more, to the twins alone, in the order of another coin. */
  sendAgain(
    pair: string,
    sent: readonly RunningExchange[],
    nowMs: number,
    hooks: ExchangeHooks,
  ): void {
    // In the order of the arms: `sent` already has the first coin in it.
    const again = this.routes.flatMap(({ arm }) => {
      const first = arm === 'control' ? undefined : sent.find((one) => one.arm === arm)
      return first?.again(nowMs, hooks) ?? []
    })
    for (const exchange of orderOfArms(this.#options.seed, `${pair}:repeat`, again)) {
      exchange.send(nowMs)
    }
  }

  #remembered(action: string, nowMs: number): ExchangeTiming['remember'] {
    // Asked in any case: who asks for a sample of the steps counts on it.
    const isWanted = this.#options.remembers?.(action, nowMs) === true
    if (this.#options.compared?.has(action) === true) return 'whole'
    return isWanted ? 'beginning' : undefined
  }

  /** The exchange, or why it is blocked. */
  #build(
    step: Step,
    session: Session,
    next: NextStep,
    route: Route,
    identity: readonly string[],
    timing: ExchangeTiming,
    hooks: ExchangeHooks,
  ): RunningExchange | string {
    const { arm } = route
    const built = buildRequest(this.#options.ontology, next.action, {
      data: next.data,
      profile: session.profile,
      captured: next.captured(arm),
      sessionId: session.id,
      arm,
      secrets: this.#options.secrets,
    })
    if (built.kind === 'blocked') return `${built.missing} ${built.why}`
    stampHeaders(built.headers, this.#traceParent(step.pair, arm), route.headers, identity)
    return new RunningExchange(route, next.action, session.cookies(arm), built, timing, hooks)
  }
}
