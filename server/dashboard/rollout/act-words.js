// @ts-check
/** What each act asks, what follows from it and what confirms it: always with the weight and the router. */

import { formatWeight } from '../parts/words.js'

/**
 * @typedef {object} Words
 * @property {string} question
 * @property {string} consequence `**` around what is emphasised
 * @property {string} confirm
 * @property {number | undefined} toBp undefined = the weight stays
 */

/** @param {ApiRollout} rollout */
export function hasOpenRegression({ verdict, findings }) {
  return verdict === 'regressed' || (findings ?? []).length > 0
}

/**
 * @param {ApiAct} act
 * @param {ApiRollout} rollout
 * @returns {Words}
 */
export function wordsOf(act, rollout) {
  const { name, router, weightBp, intendedBp } = rollout
  const at = formatWeight(weightBp)
  const way = (/** @type {number} */ toBp) =>
    `**${weightBp / 100} → ${formatWeight(toBp)}** on **${router}**`
  switch (act) {
    case 'pause':
      return {
        question: `Pause ${name}?`,
        consequence: `The weight stays at **${at}** on **${router}**. Nothing raises it until someone resumes; an anomaly still lowers it.`,
        confirm: `Pause, hold ${at}`,
        toBp: undefined,
      }
    case 'resume': {
      const toBp = Math.min(readBp(rollout), intendedBp)
      return {
        question: `Resume ${name}?`,
        consequence: `The weight goes ${way(toBp)}${toBp === weightBp ? ', that is, it stays' : ''}, and the policy decides again after a whole interval.`,
        confirm: `Resume at ${formatWeight(toBp)}`,
        toBp,
      }
    }
    case 'promote':
      return promoteWords(rollout, way)
    case 'finalize':
      return {
        question: `Finalize ${name}?`,
        consequence: `Say this when the baseline runs the new version: the weight goes ${way(0)} and is read back, and the rollout ends as **promoted**.`,
        confirm: 'Finalize, go to 0\u202f%',
        toBp: 0,
      }
    case 'abort':
      return {
        question: `Abort ${name}?`,
        consequence: `The weight goes ${way(0)} now and is read back. The rollout ends as **aborted** and cannot be resumed.`,
        confirm: 'Abort, go to 0\u202f%',
        toBp: 0,
      }
  }
}

/**
 * Go on without waiting: past the gate, past the gate of a stage, or to the last weight.
 * @param {ApiRollout} rollout
 * @param {(toBp: number) => string} way
 * @returns {Words}
 */
function promoteWords({ name, router, state, weightBp, policy, reason }, way) {
  const question = `Promote ${name}?`
  const last = lastWeight(policy)
  if (state === 'probing') {
    const first = firstWeight(policy)
    return {
      question,
      consequence: `The gate is left without its proof: the weight goes ${way(first)}, and the policy goes on from there.`,
      confirm: `Promote, go to ${formatWeight(first)}`,
      toBp: first,
    }
  }
  if (weightBp >= last) {
    return {
      question,
      consequence: `The weight stays at **${formatWeight(weightBp)}** on **${router}**, and the pipeline is told to redeploy the baseline.`,
      confirm: `Promote, stay at ${formatWeight(weightBp)}`,
      toBp: undefined,
    }
  }
  if (reason.code === 'stage-gate') {
    return {
      question,
      consequence: `The way to the next stage is opened: from **${formatWeight(weightBp)}** on **${router}** the policy goes on.`,
      confirm: 'Promote, open the next stage',
      toBp: undefined,
    }
  }
  return {
    question,
    consequence: `The weight goes ${way(last)} at once, without waiting for proof. It is the one raise that the policy does not check.`,
    confirm: `Promote, go to ${formatWeight(last)}`,
    toBp: last,
  }
}

/** @param {ApiRollout['policy']} policy */
function firstWeight(policy) {
  if (policy.kind === 'stages') return policy.stages[0]?.weightBp ?? 0
  if (policy.kind === 'ab') return policy.weightBp
  return policy.kind === 'blue_green' ? 10_000 : policy.startBp
}

/** @param {ApiRollout['policy']} policy */
function lastWeight(policy) {
  if (policy.kind === 'stages') return policy.stages.at(-1)?.weightBp ?? 0
  if (policy.kind === 'ab') return policy.weightBp
  return policy.kind === 'blue_green' ? 10_000 : policy.maxBp
}

/** @param {ApiRollout} rollout */
export function readBp({ reading, intendedBp }) {
  return reading?.kind === 'read' ? reading.configuredBp : intendedBp
}
