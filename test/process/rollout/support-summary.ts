/** What came of many kills, in one sentence, and whatever was not as it must be. */

import type { KillSummary } from './support-kills.ts'

/** Starting the twins anew takes a while, asking the router does not. */
const MOST_ABOVE_MS = 2_000

export function verdictOf(summary: KillSummary): {
  readonly sentence: string
  readonly problems: readonly string[]
} {
  const { kills, haproxyKills, hits, ends, sampled, live, seconds } = summary
  const aimed = Object.entries(hits).map(([instant, times]) => `${instant} ${times}`)
  const ended = Object.entries(ends).map(([state, times]) => `${times} ${state}`)
  const problems = [
    ...summary.problems,
    ...sampled.violations,
    ...live.lost.map(({ why }) => `a live request was lost: ${why}`),
    ...(sampled.longestAboveMs > MOST_ABOVE_MS
      ? [`the weight was above the last intention for ${Math.round(sampled.longestAboveMs)} ms`]
      : []),
  ]
  const sentence =
    `${kills} kills (${aimed.join(', ')}), HAProxy with ${haproxyKills} of them, in ` +
    `${Math.round(seconds)} s; rollouts: ${ended.join(', ')}; ${sampled.samples} weights read, ` +
    `${sampled.violations.length} above the journal, longest above the last intention ` +
    `${Math.round(sampled.longestAboveMs)} ms; live requests: ${live.sent} sent, ` +
    `${live.lost.length} lost, ${live.inOutages} in outages of HAProxy itself; ` +
    `${problems.length} problems`
  return { sentence, problems }
}
