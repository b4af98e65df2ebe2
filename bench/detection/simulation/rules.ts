/** The rules of other tools on a trace of pairs: each answer is told when it ends. */

import type { PairRecord } from '../../../src/analysis/fold.ts'
import type { Rule, RuleSample, RuleVerdict } from '../../../src/analysis/rules/rule.ts'
import { isFailure } from '../../../src/core/contract/sample.ts'
import type { WorldAction } from './world.ts'

/** What one contender said of one trace. */
export interface Said {
  /** Seconds from the end of the warm-up to its alarm; left out = none. */
  readonly at?: number
  /** The actions that it blames; empty or left out = the service as a whole. */
  readonly actions?: readonly string[]
}
export type SaidBy = Readonly<Record<string, Said>>

export interface NamedRule {
  readonly name: string
  readonly rule: Rule
}

export interface RuleReplay {
  /** In order of the send; `at` in seconds from the end of the warm-up. */
  pair(pair: PairRecord): void
  isDone(): boolean
  end(seconds: number): SaidBy
}

/** An alarm at the end has no moment of its own. */
function saidBy(verdict: RuleVerdict | undefined, seconds: number): Said {
  if (verdict?.verdict !== 'regressed') return {}
  return { at: verdict.detectedAt ?? seconds, actions: verdict.actions }
}

/** Answers that have not ended yet are held back this long at most before they are sorted. */
const FLUSH_SECONDS = 1

/** Feeds the rules in order of the ends; a rule that has decided gets nothing more. */
export function createReplay(
  rules: readonly NamedRule[],
  actions: readonly WorldAction[],
): RuleReplay {
  const decided = new Map<string, RuleVerdict>()
  let waiting: RuleSample[] = []
  let flushedAt = 0
  let going = [...rules]

  function flush(untilSeconds: number): void {
    flushedAt = untilSeconds
    const due = waiting.filter(({ at }) => at <= untilSeconds)
    waiting = waiting.filter(({ at }) => at > untilSeconds)
    due.sort((one, other) => one.at - other.at)
    for (const sample of due) for (const { rule } of going) rule.sample(sample)
    for (const { name, rule } of going) {
      const said = rule.decided()
      if (said !== undefined) decided.set(name, said)
    }
    going = going.filter(({ name }) => !decided.has(name))
  }

  return {
    pair({ at, action, baselineMs, canaryMs, baseline, canary }) {
      if (at - flushedAt > FLUSH_SECONDS) flush(at)
      const name = actions[action]?.action ?? ''
      waiting.push(
        sampleOf(at, name, 'baseline', baselineMs, isFailure(baseline)),
        sampleOf(at, name, 'canary', canaryMs, isFailure(canary)),
      )
    },
    isDone: () => going.length === 0,
    end(seconds) {
      flush(seconds)
      for (const { name, rule } of going) decided.set(name, rule.finish(seconds))
      return Object.fromEntries(rules.map(({ name }) => [name, saidBy(decided.get(name), seconds)]))
    },
  }
}

function sampleOf(
  sentSeconds: number,
  action: string,
  arm: RuleSample['arm'],
  latencyMs: number,
  failed: boolean,
): RuleSample {
  return { at: sentSeconds + latencyMs / 1000, action, arm, latencyMs, failed }
}
