/**
 * Watches one invariant all the time: HAProxy never has more than what the journal says.
 *
 * An intent is written down before the router is called. So at a raise the weight follows the
 * journal, and at a reduction it lags behind it for a moment, or for as long as nobody controls or
 * HAProxy does not answer. Two rules follow. Always: the weight is at most the highest of what was
 * read back last and what was intended since. While a controller holds the rollout and HAProxy can
 * be asked: it is above the last intention only for a moment, whose length is measured.
 */

import type { World } from './support-world.ts'

export interface Sampled {
  readonly samples: number
  /** Weights above everything in the journal. */
  readonly violations: readonly string[]
  /** The longest time above the last intention with everything in place, in milliseconds. */
  readonly longestAboveMs: number
  readonly highestBp: number
}

export interface Sampler {
  /** A controller said that it holds the rollout; not held: it was killed. */
  setHeld(isHeld: boolean): void
  sampled(): Sampled
  stop(): Promise<void>
}

const EVERY_MS = 20

interface Written {
  readonly lastBp: number
  /** The most that may be set: what was read back last, or any intent since. */
  readonly mostBp: number
}

export function startSampler(world: World): Sampler {
  let isHeld = false
  const over = new AbortController()
  let samples = 0
  let highestBp = 0
  let longestAboveMs = 0
  let aboveSinceMs: number | undefined
  const violations: string[] = []

  async function sample(): Promise<void> {
    const before = readWritten(world)
    const weightBp = await world.weightBp()
    const after = readWritten(world)
    if (weightBp === undefined) {
      aboveSinceMs = undefined
      return
    }
    samples += 1
    highestBp = Math.max(highestBp, weightBp)
    if (weightBp > Math.max(before.mostBp, after.mostBp)) {
      violations.push(`HAProxy reads ${weightBp}, the journal allows ${after.mostBp}`)
    }
    const isAbove = weightBp > Math.max(before.lastBp, after.lastBp)
    const nowMs = performance.now()
    if (!isAbove || !isHeld || world.isSocketHidden()) aboveSinceMs = undefined
    else {
      aboveSinceMs ??= nowMs
      longestAboveMs = Math.max(longestAboveMs, nowMs - aboveSinceMs)
    }
  }

  async function run(): Promise<void> {
    while (!over.signal.aborted) {
      await sample()
      await new Promise((resolve) => {
        setTimeout(resolve, EVERY_MS)
      })
    }
  }

  const running = run()
  return {
    setHeld(held) {
      isHeld = held
      aboveSinceMs = undefined
    },
    sampled: () => ({ samples, violations, longestAboveMs, highestBp }),
    async stop() {
      over.abort()
      await running
    },
  }
}

/** Of the newest rollout; before its first intent nothing is allowed. */
function readWritten({ books }: World): Written {
  const rows = books
    .prepare(
      `SELECT kind, json_extract(document, '$.toBp') AS toBp FROM journal
       WHERE rollout = (SELECT id FROM rollouts ORDER BY number DESC LIMIT 1)
         AND kind IN ('intent', 'applied')
       ORDER BY seq DESC LIMIT 50`,
    )
    .all() as { kind: string; toBp: number }[]
  const applied = rows.findIndex(({ kind }) => kind === 'applied')
  const since = applied < 0 ? rows : rows.slice(0, applied + 1)
  return {
    lastBp: rows.find(({ kind }) => kind === 'intent')?.toBp ?? 0,
    mostBp: Math.max(0, ...since.map(({ toBp }) => toBp)),
  }
}
