/**
 * The demo: a real shop, three next versions, live customers, and one policy with three outcomes.
 * The first version is stopped before anyone meets it, the second is taken back on the way, the
 * third is promoted. It ends by itself within three minutes.
 *
 * A person waits for it, so it differs from a usual rollout, and says so.
 */

import { formatWeight } from '../core/weight.ts'
import { ACTS, type Act } from './acts.ts'
import { LOSSES, lostOf, type CustomerCounts } from './customers/traffic.ts'
import { followRollout, type Outcome } from './follow.ts'
import { GATE, LIVE_CUSTOMERS, LIVE_RATE, POLICY, setTheStage, type Stage } from './stage.ts'
import { keepOpen } from './keep-open.ts'
import { createTeller, type Teller } from './teller.ts'

export interface DemoOptions {
  /** Of the page; default 7070, or any free one if that is taken. 0 takes a free one. */
  readonly port?: number
  /** Leaves the shops, the customers and the page running until `signal` aborts. */
  readonly keep: boolean
  readonly write: (text: string) => void
  readonly isTty: boolean
  /** Ends the demo early and gracefully. */
  readonly signal: AbortSignal
}

const EXIT_AS_TOLD = 0
const EXIT_NOT_AS_TOLD = 4
const EXIT_INTERRUPTED = 130

/** What is not over then is given up, so that all of it ends within three minutes. */
const LONGEST_MS = 170_000

/**
 * Tells the story; the code to exit with: 0 when all three acts came as told.
 * @throws OutriderError if a shop, the database, the router or the page cannot be opened
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const teller = createTeller(options.write, options.isTty, () => performance.now())
  const closing: (() => Promise<void>)[] = []
  try {
    teller.say('Starting a small shop twice, both times version 1.4.1, which is trusted.')
    const late = AbortSignal.timeout(LONGEST_MS)
    const stage = await setTheStage(options.port, closing)
    sayWhere(stage, teller)
    sayHow(teller)
    const told = await tell(stage, teller, AbortSignal.any([options.signal, late]))
    const code = told ?? (options.signal.aborted ? EXIT_INTERRUPTED : tookTooLong(teller))
    if (options.keep && !options.signal.aborted) await keepOpen(stage, teller, options.signal)
    return code
  } finally {
    // In reverse: the customers before the router, the router before the shops it leads to.
    for (const close of closing.toReversed()) await close()
  }
}

function sayWhere({ places, url, page }: Stage, teller: Teller): void {
  teller.show(
    `  baseline   ${places.shop('baseline').url}`,
    `  canary     ${places.shop('canary').url}`,
    `  router     ${url}`,
  )
  teller.show('', `Watch it live: ${page.url}`, '')
}

function sayHow(teller: Teller): void {
  teller.say(
    `${LIVE_CUSTOMERS} customers look around at the router, ${LIVE_RATE} requests a second. It ` +
      'sends all of them to the baseline until it is told otherwise.',
  )
  teller.say(
    `Ahead of them go ${GATE.users} synthetic users; each is a pair of twins that do the same ` +
      'at the same moment, one in the baseline, one in the canary. Actions that change data are ' +
      'not sent.',
  )
  teller.say(
    `For a demo it is in a hurry. The gate has ${GATE.rate} pairs per second instead of 50, ` +
      `${GATE.warmUpSeconds} s of warm-up, at least ${GATE.leastSeconds} s under load (usually ` +
      `60 s), and healthy means: typical latency within ${GATE.latency * 100} %, slow answers ` +
      `+${GATE.tailShare * 100} pp, errors +${GATE.errors * 100} pp. Then the weight climbs by ` +
      `${POLICY.stages.map(({ weight }) => weight).join(', ')}, seconds at each instead of ` +
      'minutes.',
  )
}

/** Undefined where the signal ended it. */
async function tell(
  stage: Stage,
  teller: Teller,
  signal: AbortSignal,
): Promise<number | undefined> {
  for (const [index, act] of ACTS.entries()) {
    teller.show('')
    teller.say(`Act ${index + 1} of ${ACTS.length}: ${act.version}. ${act.story}`)
    await stage.places.deploy('canary', act.version)
    const outcome = await followRollout(stage, teller, act.version, signal)
    if (outcome === undefined || signal.aborted) return undefined
    sayLive(outcome, act, stage, teller)
    if (lostOf(outcome.live) > 0) return someWereLost(teller, outcome.live)
    if (!act.isAsTold(outcome)) return notAsTold(teller, act, outcome)
    teller.say(`  ${act.moral(outcome)}`)
  }
  const all = await stage.customers.count()
  if (lostOf(all) > 0) return someWereLost(teller, all)
  teller.show('')
  teller.say(
    `One policy, three outcomes, ${all.sent} live requests, and none of them lost through a ` +
      'change of weight. Your own service: outrider probe --baseline URL --canary URL --paths ' +
      '/,/search?q=a',
  )
  return EXIT_AS_TOLD
}

function sayLive(outcome: Outcome, { version }: Act, stage: Stage, teller: Teller): void {
  const { live } = outcome
  const own = live.versions.find((counts) => counts.version === version)
  teller.say(
    `  Live requests: ${live.sent}, of them ${own?.answers ?? 0} answered by ${version}. ` +
      `Failed by ${version} itself: ${own?.failures ?? 0}. ` +
      `Lost through a change of weight: ${lostOf(live)}. See ${stage.page.url}/rollouts/${outcome.id}`,
  )
}

/** Says what came instead: a demo that hides its own failure would teach the wrong thing. */
function notAsTold(teller: Teller, { told }: Act, outcome: Outcome): number {
  const { sentence, highestBp, named } = outcome
  teller.show('')
  teller.say(
    `This did not come out as told: the demo expects that ${told}. What came: "${sentence}", ` +
      `the highest weight was ${formatWeight(highestBp)}, named was ` +
      `${named.length === 0 ? 'nothing' : named.join(', ')}. On a machine that is busy with ` +
      'something else that can happen; try again with less beside it.',
  )
  return EXIT_NOT_AS_TOLD
}

function tookTooLong(teller: Teller): number {
  teller.show('')
  teller.say(
    `This did not come out as told: after ${LONGEST_MS / 1000} s it is not over. On a machine ` +
      'that is busy with something else that can happen; try again with less beside it.',
  )
  return EXIT_NOT_AS_TOLD
}

function someWereLost(teller: Teller, { lost }: CustomerCounts): number {
  const how = LOSSES.filter((loss) => lost[loss] > 0).map((loss) => `${loss} (${lost[loss]})`)
  teller.show('')
  teller.say(
    `This did not come out as told: no live request may be lost, and these were: ${how.join(', ')}.`,
  )
  return EXIT_NOT_AS_TOLD
}
