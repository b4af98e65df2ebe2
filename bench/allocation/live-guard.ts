/** The live guard's fixed rule on simulated counts: Fisher's exact test over a sliding window. */

import type { LiveGuard } from '../../src/allocator/observation.ts'
import type { Policy } from '../../src/core/contract/policy-rules.ts'
import type { LiveCounts } from './world.ts'

const SIGNIFICANT = 1e-6

export interface Guard {
  add(second: number, weight: number, counts: LiveCounts): void
  look(policy: Policy): LiveGuard
}

export function createLiveGuard(): Guard {
  let window: { readonly second: number; readonly counts: LiveCounts }[] = []
  let lastWeight = 0
  return {
    add(second, weight, counts) {
      // Requests from before a reduction say nothing about the time after it.
      if (weight < lastWeight) window = []
      lastWeight = weight
      window.push({ second, counts })
    },
    look({ liveGuard, critical }) {
      window = window.slice(-liveGuard.windowSeconds)
      const fromMs = (window[0]?.second ?? 0) * 1000
      const sum = (key: keyof LiveCounts): number =>
        window.reduce((total, { counts }) => total + counts[key], 0)
      const [canary, failed] = [sum('canary'), sum('canaryFailed')]
      const [baseline, baselineFailed] = [sum('baseline'), sum('baselineFailed')]
      const [share, baselineShare] = [failed / canary, baselineFailed / Math.max(1, baseline)]
      if (canary >= critical.minPairs && share >= critical.failures && baselineShare < 0.05) {
        return { kind: 'critical', fromMs }
      }
      if (canary < liveGuard.minRequests) return { kind: 'too-few', fromMs }
      const isWorse = share - baselineShare > liveGuard.errors
      const p = isWorse ? fisher(failed, canary, baselineFailed, baseline) : 1
      return { kind: p < SIGNIFICANT ? 'anomalous' : 'ok', fromMs }
    },
  }
}

/** One-sided p: as many failures of the canary or more, all margins fixed (Fisher 1935). */
function fisher(failed: number, canary: number, baselineFailed: number, baseline: number): number {
  const all = failed + baselineFailed
  let p = 0
  for (let k = failed; k <= Math.min(all, canary); k += 1) {
    p += Math.exp(
      lnChoose(canary, k) + lnChoose(baseline, all - k) - lnChoose(canary + baseline, all),
    )
  }
  return p
}

const lnFactorials = [0]
function lnFactorial(n: number): number {
  for (let k = lnFactorials.length; k <= n; k += 1) {
    lnFactorials.push((lnFactorials[k - 1] ?? 0) + Math.log(k))
  }
  return lnFactorials[n] ?? 0
}

function lnChoose(n: number, k: number): number {
  return k < 0 || k > n ? -Infinity : lnFactorial(n) - lnFactorial(k) - lnFactorial(n - k)
}
