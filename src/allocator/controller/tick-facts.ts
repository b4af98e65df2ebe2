/** What a tick is decided from: the twins' facts, and how the canary did at this weight. */

import type { TickFacts } from '../observation.ts'
import type { Company } from './company.ts'
import type { RouterWatch } from './router-watch.ts'

/** Fewer live requests say too little of a share. */
const LEAST_LIVE = 100

export function tickFactsOf(company: Company, watch: RouterWatch): TickFacts {
  return { ...company.takeFacts(), figures: figuresOf(company, watch) }
}

/** The worse of what twins and real users met: a limit is kept only if both keep it. */
function figuresOf(company: Company, watch: RouterWatch): TickFacts['figures'] {
  const twins = company.figures()
  const live = watch.figuresSinceSet()?.canary
  const shares: number[] = []
  const tails: number[] = []
  if (twins !== undefined && twins.requests > 0) {
    shares.push(1 - twins.failures / twins.requests)
    if (twins.p95Ms !== undefined) tails.push(twins.p95Ms)
  }
  if (live !== undefined && live.requests >= LEAST_LIVE) {
    shares.push(1 - live.serverErrors / live.requests)
    if (live.latency !== undefined) tails.push(live.latency.p95Ms)
  }
  return {
    ...(shares.length === 0 ? {} : { successRate: Math.min(...shares) }),
    ...(tails.length === 0 ? {} : { p95Ms: Math.max(...tails) }),
  }
}
