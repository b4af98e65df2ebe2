/**
 * Tells people: which decisions and findings become alerts, and what a regression leaves behind.
 * It never stands in the way of a decision: what it cannot do is logged, and the rollout goes on.
 */

import type { NewLine } from '../../../profiles-db/journal.ts'
import type { Investigation } from '../../core/contract/investigation.ts'
import type { Finding } from '../../core/contract/report.ts'
import { messageOf } from '../../core/errors.ts'
import type { Twins } from '../../core/twins.ts'
import type { AlertRequest, Alerts } from '../alerts/alerts.ts'
import { isEnd } from '../machine.ts'
import type { Decision, RolloutState } from '../state.ts'
import type { Decided } from './lines.ts'
import type { Answer } from './router-watch.ts'

export interface HeraldParts {
  readonly rollout: { readonly id: string; readonly name: string; readonly router: string }
  readonly alerts: Alerts
  /** A finding in words. */
  readonly describe: (finding: Finding) => string
  readonly tell: (line: NewLine) => void
  /** Whether the journal has this finding already, from before a restart. */
  readonly isTold: (finding: Finding) => boolean
  readonly twins: () => Twins | undefined
  /** Keeps the record under an id of its own. */
  readonly keep: (record: Omit<Investigation, 'id'>) => string
  readonly now: () => string
  readonly log: (line: string) => void
}

export interface Herald {
  started(sentence: string): void
  decided(decided: Decided): void
  found(finding: Finding): void
  read(answer: Answer): void
  /** Resolves when what is being looked into is written down. */
  idle(): Promise<void>
}

/** One answer that is missed is no news. */
const SILENT_TRIES = 3
const REGRESSED = new Set([
  'alarm',
  'live-guard',
  'critical',
  'reversals-exhausted',
  'gate-regressed',
])

export function createHerald(parts: HeraldParts): Herald {
  return new TellingHerald(parts)
}

class TellingHerald implements Herald {
  readonly #parts: HeraldParts
  #work: Promise<unknown> = Promise.resolve()
  #isSilent: boolean | 'unknown' = 'unknown'
  #isDrifting = false
  /** A finding was told since the last regression. */
  #hasNamed = false

  /** Weights that the router did not take, in the whole rollout. */
  #refusals = 0

  constructor(parts: HeraldParts) {
    this.#parts = parts
  }

  started(sentence: string): void {
    this.#fact('started', sentence)
  }

  found(finding: Finding): void {
    this.#later(() => this.#look(finding))
  }

  decided({ before, decision }: Decided): void {
    const { state } = decision
    this.#tellRegression(before, decision)
    this.#tellDrift(before, decision)
    if (state.state === before.state) return
    if (state.state === 'promoted') this.#fact('promoted', decision.sentence)
    if (state.state === 'rolled_back' || state.state === 'failed') {
      this.#fact('rolled_back', decision.sentence)
    }
    // What was found is looked into first, or its alert would fire after the end.
    if (isEnd(state.state)) {
      this.#later(() => {
        this.#parts.alerts.resolveAll(this.#parts.rollout.id)
      })
    }
  }

  read(answer: Answer): void {
    const { name, router } = this.#parts.rollout
    if (answer.kind === 'read') {
      // Also what an earlier controller raised.
      if (this.#isSilent !== false) this.#resolve('router')
      this.#isSilent = false
    } else if (answer.kind === 'refused') {
      // A raise that was not taken is taken back, which such a router seems to do: so all count.
      this.#refusals += 1
      if (this.#refusals < SILENT_TRIES) return
      // It reads well in between, so only the end of the rollout ends this one.
      const title = `${name}: router ${router} does not take the weight: ${answer.problem}`
      this.#raise({ kind: 'router_unreachable', subject: 'router-refused', title })
    } else if (answer.tries >= SILENT_TRIES && this.#isSilent !== true) {
      this.#isSilent = true
      const title = `${name}: router ${router} cannot be used: ${answer.problem}`
      this.#raise({ kind: 'router_unreachable', subject: 'router', title })
    }
  }

  async idle(): Promise<void> {
    await this.#work
  }

  #tellRegression(before: RolloutState, { state, reason, sentence, intent }: Decision): void {
    const isTurn = intent.kind !== 'none' || state.state !== before.state
    if (!REGRESSED.has(reason.code) || !isTurn) return
    const title = `${this.#parts.rollout.name}: ${sentence}`
    // A finding names the action and comes first; without one the decision itself is told.
    this.#later(() => {
      if (!this.#hasNamed) this.#raise({ kind: 'regressed', subject: reason.code, title })
      this.#hasNamed = false
    })
  }

  #tellDrift(before: RolloutState, { state, reason, sentence }: Decision): void {
    const { name, router } = this.#parts.rollout
    if (reason.code === 'weight-moved' && before.state !== 'paused') {
      this.#raise({ kind: 'drift', subject: 'weight', title: `${name}: ${sentence}` })
    } else if (before.pause.kind === 'paused' && state.pause.kind === 'none') {
      this.#resolve('weight')
    }
    if (state.disagreements > 0 && !this.#isDrifting) {
      this.#isDrifting = true
      const title = `${name}: the live traffic does not follow the weight of ${router}`
      this.#raise({ kind: 'drift', subject: 'split', title })
    } else if (state.disagreements === 0 && this.#isDrifting) {
      this.#isDrifting = false
      this.#resolve('split')
    }
  }

  async #look(finding: Finding): Promise<void> {
    const { isTold, describe, tell, twins: findTwins, rollout, now } = this.#parts
    if (isTold(finding)) return
    const title = describe(finding)
    const reason = { code: 'finding', message: title }
    tell({ kind: 'finding', actor: 'policy', document: { finding, reason } })
    this.#hasNamed = true
    const twins = findTwins()
    const inquiry = await twins?.inquire(finding)
    const { onset, action, metric } = finding
    const record = { rollout: rollout.id, at: now(), title, finding, onset }
    const id =
      twins === undefined || inquiry === undefined
        ? undefined
        : this.#keep({ ...record, run: twins.runId, ...inquiry })
    this.#raise({
      kind: 'regressed',
      subject: `${action}/${metric}`,
      title: `${rollout.name}: ${title}`,
      ...(id === undefined ? {} : { investigation: id }),
    })
  }

  #keep(record: Omit<Investigation, 'id'>): string | undefined {
    let id: string | undefined
    this.#attempt(() => {
      id = this.#parts.keep(record)
    })
    return id
  }

  #fact(kind: AlertRequest['kind'], sentence: string): void {
    const title = `${this.#parts.rollout.name}: ${sentence}`
    this.#raise({ kind, subject: kind, title, isFact: true })
  }

  #raise(request: Omit<AlertRequest, 'rollout'>): void {
    const { alerts, rollout, tell } = this.#parts
    this.#attempt(() => {
      const detail = `router ${rollout.router}`
      const alert = alerts.raise({ rollout: rollout.id, detail, ...request })
      if (alert === undefined) return
      const { id, title } = alert
      const document = { alert: id, title, reason: { code: request.kind, message: title } }
      tell({ kind: 'alert', actor: 'policy', document })
    })
  }

  #resolve(subject: string): void {
    this.#attempt(() => {
      this.#parts.alerts.resolve(this.#parts.rollout.id, subject)
    })
  }

  #later(work: () => void | Promise<void>): void {
    this.#work = this.#work
      .then(work)
      .catch((thrown: unknown) => this.#parts.log(messageOf(thrown)))
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (thrown) {
      this.#parts.log(`rollout ${this.#parts.rollout.id}: ${messageOf(thrown)}`)
    }
  }
}
