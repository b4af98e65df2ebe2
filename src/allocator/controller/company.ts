/**
 * The twins of one rollout: started when the state needs them, stopped when it does not, and asked
 * for what they know. A target that does not answer is tried again; meanwhile nothing is delivered.
 */

import type { Clock } from '../../core/clock.ts'
import type { Policy } from '../../core/contract/policy-rules.ts'
import type { Finding } from '../../core/contract/report.ts'
import { messageOf } from '../../core/errors.ts'
import type {
  CanaryFigures,
  GateResult,
  Judgement,
  TwinFacts,
  TwinMaker,
  Twins,
  TwinsOptions,
} from '../../core/twins.ts'
import { alphaOf, episodeCount } from '../episodes.ts'
import type { LiveFigures } from '../live-guard.ts'
import { because, type Cause } from '../reasons.ts'
import type { Decision, RolloutState } from '../state.ts'
import { areComparable, type Instances } from '../unequal-load.ts'

export interface CompanyParts {
  readonly maker: TwinMaker
  readonly policy: Policy
  readonly target: string
  readonly name: string
  readonly instances: Instances
  /** The target names an idle copy of the baseline. */
  readonly hasControl: boolean
  readonly clock: Clock
  /** Evidence of an earlier controller. */
  readonly snapshot?: string
  readonly onFinding: (finding: Finding) => void
  /** A finding in words. */
  readonly describe: (finding: Finding) => string
  readonly onBlock: () => void
  /** Something that people should know; told once. */
  readonly onWarning: (reason: Cause) => void
}

export interface Company {
  /** Starts what is missing, without waiting for it, and tells what the live load is. */
  keep(state: RolloutState, routerAnswers: boolean, load: LiveFigures | undefined): void
  /** After a decision was written down. */
  follow(before: RolloutState, decision: Decision): void
  weightChanged(): void
  judgement(state: RolloutState): Judgement | undefined
  gate(): GateResult | undefined
  /** What was found since the last reduction, in words. */
  named(): string | undefined
  /** What the start waits for; undefined once the twins run. */
  waitsFor(): string | undefined
  takeFacts(): TwinFacts
  figures(): CanaryFigures | undefined
  twins(): Twins | undefined
  /** Why there are none, for those who watch. */
  problem(): string | undefined
  runId(): string | undefined
  snapshot(): string | undefined
  stop(): Promise<void>
}

const RETRY_MS = 5_000

const NOTHING_DELIVERED: TwinFacts = {
  deliveredShare: 0,
  requiredPairs: {},
  generatorStrained: false,
  unequalLoad: false,
}

export function createCompany(parts: CompanyParts): Company {
  return new TwinCompany(parts)
}

class TwinCompany implements Company {
  readonly #parts: CompanyParts
  #twins: Twins | undefined
  #starting: Promise<void> | undefined
  #ending: Promise<unknown> = Promise.resolve()
  #problem: string | undefined
  #retryAtMs = 0
  #snapshot: string | undefined
  #runId: string | undefined
  #named: string | undefined
  #hasWarned = false
  #isClosed = false

  constructor(parts: CompanyParts) {
    this.#parts = parts
    this.#snapshot = parts.snapshot
  }

  keep(state: RolloutState, routerAnswers: boolean, load: LiveFigures | undefined): void {
    const { clock, instances } = this.#parts
    const isNeeded = needsTwins(state) && (state.state !== 'pending' || routerAnswers)
    const isMissing = this.#twins === undefined && this.#starting === undefined
    if (isNeeded && isMissing && clock.nowMs() >= this.#retryAtMs) this.#begin(state)
    const twins = this.#twins
    if (twins === undefined || state.state === 'pending') return
    const isComparable = areComparable(load, instances, twins.progress().baselineMeanMs)
    if (state.state === 'probing') this.#lookAtBaseline(isComparable)
    else twins.compareLatencies(isComparable)
  }

  /** At the gate the baseline may be busy with live users and the canary has none. */
  #lookAtBaseline(isComparable: boolean): void {
    if (isComparable || this.#parts.hasControl || this.#hasWarned) return
    this.#hasWarned = true
    this.#parts.onWarning(because.liveBaseline())
  }

  follow(before: RolloutState, { state, intent }: Decision): void {
    const isOtherGate = intent.kind === 'probe' && this.#twins?.gate()?.run !== intent.run
    if (isOtherGate || !needsTwins(state)) this.#end()
    const hasBegun = ['pending', 'probing'].includes(before.state) && state.state === 'ramping'
    if (hasBegun) this.#twins?.ramp()
    const episode = state.hysteresis.reductions
    const count = episodeCount(this.#parts.policy)
    const isNew = episode > before.hysteresis.reductions && episode < count
    if (!isNew) return
    this.#named = undefined
    this.#twins?.beginEpisode(episode)
  }

  weightChanged(): void {
    this.#twins?.resetFigures()
  }

  judgement(state: RolloutState): Judgement | undefined {
    return state.state === 'probing' ? undefined : this.#twins?.judgement()
  }

  gate(): GateResult | undefined {
    return this.#twins?.gate()
  }

  named(): string | undefined {
    return this.#named
  }

  waitsFor(): string | undefined {
    if (this.#twins !== undefined) return undefined
    return this.#problem ?? 'the arms are asked whether they answer'
  }

  takeFacts(): TwinFacts {
    return this.#twins?.takeFacts() ?? NOTHING_DELIVERED
  }

  figures(): CanaryFigures | undefined {
    return this.#twins?.figures()
  }

  twins(): Twins | undefined {
    return this.#twins
  }

  problem(): string | undefined {
    return this.#twins === undefined ? this.#problem : undefined
  }

  runId(): string | undefined {
    return this.#runId
  }

  snapshot(): string | undefined {
    this.#snapshot = this.#twins?.snapshot() ?? this.#snapshot
    return this.#snapshot
  }

  async stop(): Promise<void> {
    this.#isClosed = true
    await this.#starting
    this.#end()
    await this.#ending
  }

  #begin(state: RolloutState): void {
    this.#starting = this.#start(optionsOf(this.#parts, state, this.#snapshot))
      .catch((thrown: unknown) => {
        this.#problem = messageOf(thrown)
        this.#retryAtMs = this.#parts.clock.nowMs() + RETRY_MS
      })
      .finally(() => {
        this.#starting = undefined
      })
  }

  async #start(options: TwinsOptions): Promise<void> {
    await this.#ending
    const started = await this.#parts.maker.start(options)
    if (this.#isClosed) {
      await started.stop()
      return
    }
    started.onFinding((finding) => {
      this.#named = this.#parts.describe(finding)
      this.#parts.onFinding(finding)
    })
    started.onBlock(this.#parts.onBlock)
    this.#twins = started
    this.#runId = started.runId
    this.#problem = undefined
  }

  /** Their traffic ends in the background: a reduction must not wait for it. */
  #end(): void {
    const leaving = this.#twins
    if (leaving === undefined) return
    this.#twins = undefined
    this.#ending = this.#ending.then(() => leaving.stop()).catch(() => {})
  }
}

/** Also in a pause and while the pipeline redeploys: a canary may fall ill at any time. */
function needsTwins({ state, pause, finalizing }: RolloutState): boolean {
  switch (state) {
    case 'pending':
    case 'probing':
    case 'ramping':
    case 'holding':
      return true
    case 'paused':
      return pause.kind === 'paused' && pause.resumesTo !== 'probing'
    case 'promoting':
      return !finalizing
    default:
      return false
  }
}

function optionsOf(
  { policy, target, name }: CompanyParts,
  state: RolloutState,
  snapshot: string | undefined,
): TwinsOptions {
  const { gate, critical, maxReversals, rate, giveUpAfterSeconds: maxSeconds } = policy
  const isBefore = state.state === 'pending' || state.state === 'probing'
  const hasGate = isBefore && gate.need === 'healthy'
  const later = Array.from({ length: maxReversals }, (_, index) =>
    alphaOf(policy, index + 1, 'load'),
  )
  return {
    target,
    name,
    ...(hasGate
      ? { gate: { run: Math.max(1, state.gate.run), maxSeconds: gate.maxSeconds ?? maxSeconds } }
      : {}),
    alphas: { quiet: alphaOf(policy, 0, 'quiet'), load: alphaOf(policy, 0, 'load'), later },
    episode: state.hysteresis.reductions,
    rate,
    maxSeconds,
    critical,
    ...(snapshot === undefined || hasGate ? {} : { snapshot }),
  }
}
