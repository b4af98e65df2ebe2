/**
 * The last pairs of each action of a recorded run, as a live run remembers them: what the end of a
 * replay looks at again.
 */

import type { Segment } from '../../core/contract/sample.ts'
import { WHOLE_SERVICE } from '../../core/verdict.ts'
import type { RememberedPair } from './again.ts'

export interface Remembered {
  /** Adds a pair that was judged, in the order of the file. */
  pair(action: string, record: Omit<RememberedPair, 'segment'>, segment: Segment | undefined): void
  /** Of an action, or of all together for `*`, where each pair has its action as a segment. */
  rows(action: string): readonly RememberedPair[]
}

/** As in a live run: of each action, of all together, and of many actions in total. */
const MOST_ROWS = 3000
const MOST_ROWS_TOGETHER = 100_000
const LEAST_ROWS = 100

/** @param actions names of the plan's actions; no other one is remembered */
export function createRemembered(actions: readonly string[]): Remembered {
  const share = Math.floor(MOST_ROWS_TOGETHER / Math.max(1, actions.length))
  const most = Math.min(MOST_ROWS, Math.max(LEAST_ROWS, share))
  const rings = new Map(actions.map((action) => [action, createRing(most)]))
  const all = createRing(MOST_ROWS)
  return {
    pair(action, record, segment) {
      const ring = rings.get(action)
      if (ring === undefined) return
      const { pair, at, baselineMs, canaryMs, baseline, canary } = record
      const row = { pair, at, baselineMs, canaryMs, baseline, canary }
      ring.add({ ...row, segment: segment ?? {} })
      all.add({ ...row, segment: { ...segment, action } })
    },
    rows: (action) => (action === WHOLE_SERVICE ? all : rings.get(action))?.rows() ?? [],
  }
}

interface Ring {
  add(row: RememberedPair): void
  /** Oldest first. */
  rows(): RememberedPair[]
}

function createRing(most: number): Ring {
  const kept: RememberedPair[] = []
  let next = 0
  return {
    add(row) {
      kept[next] = row
      next = (next + 1) % most
    },
    rows: () => (kept.length < most ? [...kept] : [...kept.slice(next), ...kept.slice(0, next)]),
  }
}
