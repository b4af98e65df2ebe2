/** One rollout of the demo, from the request to its end, told while it goes. */

import { FULL_BP, formatWeight } from '../core/weight.ts'
import type { RolloutDocument, RolloutEvent } from '../core/contract/rollout.ts'
import type { Finding } from '../core/contract/report.ts'
import { countsBetween, lostOf, type CustomerCounts } from './customers/traffic.ts'
import { ROUTER, TARGET, type Stage } from './stage.ts'
import type { ShopVersion } from './catalogue.ts'
import { COLUMNS, type Teller } from './teller.ts'

export interface Outcome {
  /** Of the rollout. */
  readonly id: string
  readonly state: RolloutDocument['state']
  /** Why it ended, in a sentence. */
  readonly sentence: string
  /** The largest weight that was read back from the router. */
  readonly highestBp: number
  /** Actions that the twins found to be worse. */
  readonly named: readonly string[]
  /** What the live customers met meanwhile. */
  readonly live: CustomerCounts
}

/**
 * Rolls out the version that stands in the canary's place.
 * @returns undefined if the signal ended it
 * @throws OutriderError if the rollout cannot begin
 */
export async function followRollout(
  stage: Stage,
  teller: Teller,
  version: ShopVersion,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { customers } = stage
  const { rollouts } = stage.outrider
  const before = await customers.count()
  const request = { name: `shop ${version}`, version, target: TARGET, router: ROUTER }
  const { id, course } = await rollouts.start(request, 'demo')
  teller.say(`  ${course[0]?.toUpperCase() ?? ''}${course.slice(1)}.`)
  const log = createLog(teller, () => countsBetween(before, customers.latest()))
  const leave = rollouts.watch(id, 0, log.tell)
  try {
    const document = await Promise.race([rollouts.settled(id), aborted(signal)])
    if (document === undefined) return undefined
    const live = countsBetween(before, await customers.count())
    const found = [...log.named(), ...(document.findings ?? []).map(({ action }) => action)]
    return {
      id,
      state: document.state,
      sentence: document.sentence,
      highestBp: log.highestBp(),
      named: [...new Set(found)],
      live,
    }
  } finally {
    leave()
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

interface Log {
  readonly tell: (event: RolloutEvent) => void
  highestBp(): number
  named(): readonly string[]
}

function createLog(teller: Teller, live: () => CustomerCounts): Log {
  let weightBp = 0
  let highestBp = 0
  let lastSaid = ''
  const named = new Set<string>()
  const tell = (event: RolloutEvent): void => {
    switch (event.kind) {
      case 'state':
        // A change of the weight is told when it is read back; a tick that stays is no news.
        if (event.state === event.from || event.state === 'ramping') break
        if (event.weightBp !== weightBp || event.sentence === lastSaid) break
        lastSaid = event.sentence
        teller.say(`  ${event.sentence}`)
        break
      case 'weight':
        if (!event.verified) break
        weightBp = event.toBp
        highestBp = Math.max(highestBp, weightBp)
        teller.show(lineOf(weightBp, event.reason.message))
        break
      case 'finding':
        named.add(event.finding.action)
        teller.say(`  Found: ${wordsOf(event.finding)}`)
        break
      case 'block':
        teller.progress(progressOf(event.document, live()))
        break
      case 'alert':
      case 'note':
      case 'end':
      case 'reading':
        break
    }
  }
  return { tell, highestBp: () => highestBp, named: () => [...named] }
}

const BAR_COLUMNS = 20

/** `######..............  30 %  no anomaly`: the canary's share of the customers, and why. */
function lineOf(weightBp: number, reason: string): string {
  const filled = Math.round((weightBp / FULL_BP) * BAR_COLUMNS)
  const bar = '#'.repeat(filled).padEnd(BAR_COLUMNS, '.')
  const line = `  ${bar} ${formatWeight(weightBp).padStart(6)}`
  const [why = ''] = reason.split(';')
  return line.length + why.length + 2 < COLUMNS ? `${line}  ${why}` : line
}

function wordsOf({ action, effect }: Finding): string {
  if (effect === undefined) return `"${action}" is worse`
  const { kind, estimate } = effect
  return kind === 'ratio'
    ? `"${action}" is ${estimate.toFixed(2)}\u00D7 slower`
    : `"${action}" fails in ${(estimate * 100).toFixed(0)} % more of its answers`
}

function progressOf({ sentence }: Omit<RolloutDocument, 'history'>, live: CustomerCounts): string {
  return `${live.sent} live, ${lostOf(live)} lost; ${sentence}`
}
