/** A recorded samples file through the other tools' rules, in the order in which answers came. */

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createRule, RULES } from '../../../src/analysis/rules/rules.ts'
import type { RuleAnswers, RuleSample } from '../../../src/analysis/rules/rule.ts'
import { isFailure, toSampleLine, type Sample } from '../../../src/core/contract/sample.ts'
import type { SaidBy } from '../simulation/rules.ts'

type Fed =
  | { readonly at: number; readonly sample: RuleSample }
  | { readonly at: number; readonly answers: RuleAnswers }

/** What each rule says of a whole recording, in seconds from the end of its warm-up. */
export async function replayRules(file: string, seed: number): Promise<SaidBy> {
  const samples = await readSamples(file)
  const judged = samples.filter(({ warmup }) => warmup !== true)
  const start = Math.min(...judged.map(({ at }) => at))
  const end = Math.max(...judged.map(endOf)) - start
  const fed = [...requestsOf(judged, start), ...answersOf(judged, start)]
  fed.sort((one, other) => one.at - other.at)
  const counts = Map.groupBy(judged, ({ action }) => action)
  const actions = [...counts]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([action]) => action)
  return Object.fromEntries(
    RULES.map(({ name }) => {
      const rule = createRule(name, { actions, seed })
      for (const one of fed) {
        if ('sample' in one) rule.sample(one.sample)
        else rule.answers(one.answers)
        if (rule.decided() !== undefined) break
      }
      const { verdict, detectedAt, actions: blamed } = rule.decided() ?? rule.finish(end)
      return [name, verdict === 'regressed' ? { at: detectedAt ?? end, actions: blamed } : {}]
    }),
  )
}

async function readSamples(file: string): Promise<Sample[]> {
  const samples: Sample[] = []
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line === '') continue
    const read = toSampleLine(JSON.parse(line))
    if (read.kind === 'request' && read.sample.outcome !== 'aborted') samples.push(read.sample)
  }
  return samples
}

function requestsOf(samples: readonly Sample[], start: number): Fed[] {
  return samples.flatMap((sample) => {
    const { action, arm, latencyMs, outcome, repeat } = sample
    if (arm === 'control' || repeat === true) return []
    const at = endOf(sample) - start
    return [{ at, sample: { at, action, arm, latencyMs, failed: isFailure(outcome) } }]
  })
}

/** A second answer of the baseline, or a control arm, stands beside the canary's of the pair. */
function answersOf(samples: readonly Sample[], start: number): Fed[] {
  const pairs = Map.groupBy(samples, ({ pair }) => pair ?? '')
  return [...pairs.values()].flatMap((group) => {
    const canary = group.find(({ arm, repeat }) => arm === 'canary' && repeat !== true)
    if (canary?.diff === undefined) return []
    const control = group.find(
      ({ arm, repeat }) => arm === 'control' || (arm === 'baseline' && repeat === true),
    )
    const at = Math.max(...group.map(endOf)) - start
    const answers = {
      at,
      action: canary.action,
      canary: canary.diff,
      ...(control?.diff === undefined ? {} : { control: control.diff }),
    }
    return [{ at, answers }]
  })
}

function endOf({ at, latencyMs }: Sample): number {
  return at + latencyMs / 1000
}
