/** What the verbs about a router share: finding it, and showing what it says. */

import type { Router, RouterCounts, RouterReading, RouterState } from '../outrider.ts'
import { formatWeight } from '../core/weight.ts'
import { NARROW_SPACE, formatCount } from '../report/numbers.ts'
import { refuseServerVariable } from './remote/address.ts'
import { readSettings } from './settings.ts'
import type { VerbInput } from './verb.ts'

/** The router that the first argument names; no database is opened. */
export async function withRouter(
  input: VerbInput,
  verb: string,
  work: (router: Router) => Promise<number>,
): Promise<number> {
  refuseServerVariable(input, verb)
  const { config, baseFolder } = await readSettings(input)
  const { createRouters, systemClock } = await import('../outrider.ts')
  const routers = createRouters({ config, baseFolder, clock: systemClock })
  try {
    return await work(await routers.find(input.args[0] ?? ''))
  } finally {
    await routers.close()
  }
}

/** What was read. @throws RouterError where nothing was */
export function stateOf(reading: RouterReading): RouterState {
  if (reading.kind === 'read') return reading
  throw reading.error
}

/** As in the API: what is not known is left out. */
export function readingDocument(state: RouterState): Record<string, unknown> {
  const { kind, configuredBp, effectiveBp, incarnation, atMs } = state
  return {
    kind,
    configuredBp,
    ...(effectiveBp === undefined ? {} : { effectiveBp }),
    incarnation,
    at: new Date(atMs).toISOString(),
  }
}

/** `5 %`, and what is in effect where that differs. */
export function stateText({ configuredBp, effectiveBp }: RouterState): string {
  const configured = plainWeight(configuredBp)
  if (effectiveBp === configuredBp) return configured
  if (effectiveBp === undefined) return `${configured}, but no server that is up gets traffic`
  const side = effectiveBp < configuredBp ? 'canary' : 'baseline'
  const effect = plainWeight(effectiveBp)
  return `${configured}, in effect ${effect} (no server of the ${side} is up)`
}

export function countsText({ baseline, canary }: RouterCounts): string {
  const arms = { baseline, canary }
  const parts = Object.entries(arms).map(
    ([arm, { requests, serverErrors }]) =>
      `${arm} ${formatCount(requests)} requests, ${formatCount(serverErrors)} failed`,
  )
  return `${parts.join('; ')} (since the router's start)`.replaceAll(NARROW_SPACE, ' ')
}

export function plainWeight(weightBp: number): string {
  return formatWeight(weightBp).replaceAll(NARROW_SPACE, ' ')
}
