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

  /** Nothing happens between the sends of the twins: everything is built before the first. */
  send(
    step: MutableStep,
    session: Session,
    next: NextStep,
    nowMs: number,
    hooks: ExchangeHooks,
  ): void {
    const { seed, ontology, timeoutMs = next.action.timeoutMs } = this.#options
    const remember = this.#options.remembers?.(next.action.name, nowMs) === true
    const timing = { intendedMs: step.intendedMs, timeoutMs, remember }
    const identity = identityHeaders(ontology, session.profile)
    const running: RunningExchange[] = []
    for (const route of orderOfArms(seed, step.pair, this.routes)) {
      const exchange = this.#build(step, session, next, route, identity, timing, hooks)
      if (typeof exchange !== 'string') running.push(exchange)
      else hooks.arrived({ proceed: () => blockedExchange(route.arm, nowMs, exchange) })
    }
    for (const exchange of running) exchange.send(nowMs)
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
    stampHeaders(built.headers, this.#traceParent(step.pair, arm), route.host, identity)
    return new RunningExchange(route, next.action, session.cookies(arm), built, timing, hooks)
  }
}
