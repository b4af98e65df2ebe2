/** When which phase was: from the blocks as they come. */

import type { ClosedBlock } from '../../analysis/judge.ts'
import type { Phase } from '../../core/verdict.ts'

interface PhaseSpan {
  readonly name: Phase
  readonly fromSeconds: number
  toSeconds: number
}

export interface Spans {
  add(block: ClosedBlock): void
  /** Each phase with its length. */
  phases(): { readonly name: Phase; readonly seconds: number }[]
  /** Where the first block began; undefined before it. */
  originSeconds(): number | undefined
  /** Where the phase under load began; undefined before it. */
  loadSeconds(): number | undefined
  /** Where the last block ended; undefined before the first. */
  endSeconds(): number | undefined
}

export function createSpans(): Spans {
  const spans: PhaseSpan[] = []
  return {
    add({ phase: name, startSeconds: fromSeconds, endSeconds: toSeconds }) {
      const last = spans.at(-1)
      if (last?.name === name) last.toSeconds = toSeconds
      else spans.push({ name, fromSeconds, toSeconds })
    },
    phases: () =>
      spans.map(({ name, fromSeconds, toSeconds }) => ({ name, seconds: toSeconds - fromSeconds })),
    originSeconds: () => spans[0]?.fromSeconds,
    loadSeconds: () => spans.find(({ name }) => name === 'load')?.fromSeconds,
    endSeconds: () => spans.at(-1)?.toSeconds,
  }
}
