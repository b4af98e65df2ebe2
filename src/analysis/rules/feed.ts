/**
 * Puts recorded samples before the rules as their tools would have seen them: in the order in which
 * requests ended, without warm-up, second answers and what was never sent. A file may be 30 s out of
 * order, so that much is held back.
 */

import type { Sample } from '../../core/contract/sample.ts'
import { isFailure } from '../../core/contract/sample.ts'
import { DISORDER_SECONDS, createWatermark } from '../recorded/pairing.ts'
import type { Rule, RuleAnswers, RuleSample, RuleVerdict } from './rule.ts'

export interface RuleFeed {
  /** @throws UsageError with code `samples-out-of-order` if the line is more than 30 s late */
  add(sample: Sample, where: string): void
  /** The last word of each rule, in their order. */
  finish(): RuleVerdict[]
}

type Item =
  | { readonly kind: 'sample'; readonly at: number; readonly sample: RuleSample }
  | { readonly kind: 'answers'; readonly at: number; readonly answers: RuleAnswers }

/** More are not held back: then the earliest go on although a late line might still come. */
const MOST_HELD = 1_000_000

/** @param originSeconds end of the warm-up; what was to be sent before it is left out */
export function createRuleFeed(rules: readonly Rule[], originSeconds: number): RuleFeed {
  const watermark = createWatermark()
  const held = new Map<number, Item[]>()
  const answers = createAnswers()
  let heldCount = 0
  let firstHeld = Infinity
  let lastAt = -Infinity
  let lastEnd = 0
  let released = 0

  function hold(item: Item): void {
    // A line that comes after its moment has gone by counts as happening now.
    const second = Math.max(Math.floor(item.at), Math.floor(released))
    const inside = held.get(second)
    if (inside === undefined) held.set(second, [item])
    else inside.push(item)
    heldCount += 1
    firstHeld = Math.min(firstHeld, second)
  }

  function releaseUpTo(seconds: number): void {
    if (firstHeld + 1 > seconds) return
    const due = [...held.keys()].filter((second) => second + 1 <= seconds)
    for (const second of due.toSorted((left, right) => left - right)) {
      const items = held.get(second) ?? []
      held.delete(second)
      heldCount -= items.length
      for (const item of items.toSorted((left, right) => left.at - right.at)) show(item)
    }
    firstHeld = Infinity
    for (const second of held.keys()) firstHeld = Math.min(firstHeld, second)
  }

  function show(item: Item): void {
    released = Math.max(released, item.at)
    for (const rule of rules) {
      if (rule.decided() !== undefined) continue
      if (item.kind === 'sample') rule.sample({ ...item.sample, at: released })
      else rule.answers({ ...item.answers, at: released })
    }
  }

  return {
    add(sample, where) {
      watermark.see(sample, where)
      const { warmup, arm, action, latencyMs, outcome } = sample
      if (warmup === true || sample.at < originSeconds - ROUNDING_SECONDS) return
      const at = Math.max(0, sample.at + latencyMs / 1000 - originSeconds)
      lastAt = Math.max(lastAt, sample.at - originSeconds)
      const compared = answers.findCompared(sample, at)
      if (compared !== undefined) hold({ kind: 'answers', at, answers: compared })
      if (sample.repeat === true || arm === 'control') return
      if (outcome === 'blocked' || outcome === 'aborted') return
      lastEnd = Math.max(lastEnd, at)
      const seen = { at, action, arm, latencyMs, failed: isFailure(outcome) }
      hold({ kind: 'sample', at, sample: seen })
      const settled = lastAt - DISORDER_SECONDS
      answers.forget(settled)
      releaseUpTo(heldCount > MOST_HELD ? Math.max(settled, firstHeld + 1) : settled)
    },
    finish() {
      releaseUpTo(Infinity)
      return rules.map((rule) => rule.decided() ?? rule.finish(lastEnd))
    },
  }
}

/** A report gives the end of the warm-up in tenths. */
const ROUNDING_SECONDS = 0.1

interface Compared {
  readonly at: number
  canary?: readonly string[]
  control?: readonly string[]
}

interface Answers {
  /** What is known of the pair with this line, once both comparisons are there. */
  findCompared(sample: Sample, at: number): RuleAnswers | undefined
  /** Drops pairs of which the other half can no longer come. */
  forget(settledSeconds: number): void
}

/**
 * A canary line says where it differs from the baseline; a control line, or a second answer of the
 * baseline, says where the baseline differs from itself.
 */
function createAnswers(): Answers {
  const pairs = new Map<string, Compared>()
  return {
    findCompared({ pair, diff, arm, action, repeat }, at) {
      if (pair === undefined || diff === undefined) return undefined
      const isSecond = arm === 'control' || (arm === 'baseline' && repeat === true)
      if (!isSecond && (arm !== 'canary' || repeat === true)) return undefined
      const known = pairs.get(pair) ?? { at }
      known[isSecond ? 'control' : 'canary'] = diff
      pairs.set(pair, known)
      const { canary, control } = known
      if (canary === undefined || control === undefined) return undefined
      pairs.delete(pair)
      return { at, action, canary, control }
    },
    forget(settledSeconds) {
      for (const [pair, { at }] of pairs) {
        if (at >= settledSeconds && pairs.size <= MOST_HELD) return
        pairs.delete(pair)
      }
    },
  }
}
