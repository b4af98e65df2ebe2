/**
 * The demo: a real shop whose next version has a real defect, probed on this machine while one
 * watches; then the mended version, proven healthy. It ends by itself in less than two minutes.
 *
 * A person waits for it, so it differs from a usual probe, and says so: more pairs per second, a
 * warm-up of fixed length, a shorter least duration, and wider margins for what must be proven.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configSchema, type Config } from '../core/contract/config.ts'
import type { ActionReport, Report } from '../core/contract/report.ts'
import { OutriderError } from '../core/errors.ts'
import { openOutrider, type Outrider, type ProbeEvent } from '../outrider.ts'
import { listen, type Listening } from '../../server/listen.ts'
import { SHOP_VERSIONS } from './catalogue.ts'
import { startShop, type Shop } from './shop.ts'
import { createTeller, type Teller } from './teller.ts'

export interface DemoOptions {
  /** Of the page; default 7070, or any free one if that is taken. 0 takes a free one. */
  readonly port?: number
  /** Leaves the shops and the page running until `signal` aborts. */
  readonly keep: boolean
  readonly write: (text: string) => void
  readonly isTty: boolean
  /** Ends the demo early and gracefully. */
  readonly signal: AbortSignal
}

const EXIT_AS_TOLD = 0
const EXIT_NOT_AS_TOLD = 4
const EXIT_INTERRUPTED = 130

const DEFAULT_PORT = 7070
const USERS = 300
const RATE = 100
const WARM_UP_SECONDS = 10
const MIN_SECONDS = 20
const MAX_SECONDS = 70
/** Only a run as short as this is repeated, so that the demo ends within two minutes. */
const RETRY_SECONDS = 30
/** What `healthy` must prove here; the usual margins take a minute or two more. */
const PROVEN_LATENCY = 0.25
const PROVEN_TAIL_SHARE = 0.1
const PROVEN_ERRORS = 0.05

interface Stage {
  readonly outrider: Outrider
  readonly page: Listening
  readonly shops: Readonly<Record<keyof typeof SHOP_VERSIONS, Shop>>
}

/**
 * Tells the story; the code to exit with: 0 when both verdicts came as told.
 * @throws OutriderError if a shop, the database or the page cannot be opened
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const teller = createTeller(options.write, options.isTty, () => performance.now())
  const closing: (() => Promise<void>)[] = []
  try {
    const stage = await setTheStage(options, teller, closing)
    const code = await tell(stage, teller, options.signal)
    if (options.keep && !options.signal.aborted) await keepOpen(stage, teller, options.signal)
    return code
  } finally {
    // In reverse: the page before the engine, the engine before the shops it talks to.
    for (const close of closing.toReversed()) await close()
  }
}

async function setTheStage(
  options: DemoOptions,
  teller: Teller,
  closing: (() => Promise<void>)[],
): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'outrider-demo-'))
  closing.push(() => rm(folder, { recursive: true, force: true }))
  teller.say(
    'Starting a small shop three times: version 1.4.1, which is trusted, and two next ones.',
  )
  const open = async (version: Shop['version']): Promise<Shop> => {
    const shop = await startShop(version)
    closing.push(() => shop.stop())
    return shop
  }
  const shops = {
    baseline: await open(SHOP_VERSIONS.baseline),
    defective: await open(SHOP_VERSIONS.defective),
    mended: await open(SHOP_VERSIONS.mended),
  }
  for (const shop of Object.values(shops)) teller.show(`  shop ${shop.version}  ${shop.url}`)
  const config = configOf(join(folder, 'outrider.db'), shops)
  const outrider = openOutrider({ config, baseFolder: folder, environment: {} })
  closing.push(() => outrider.close())
  const page = await openPage(outrider, options.port)
  closing.push(() => page.close())
  teller.show('', `Watch it live: ${page.url}`, '')
  return { outrider, page, shops }
}

function configOf(db: string, shops: Stage['shops']): Config {
  const baseline = shops.baseline.url
  const project = import.meta.resolve('outrider/package.json')
  return configSchema.parse({
    version: 1,
    db,
    ontology: fileURLToPath(new URL('./profiles-db/actions/shop.yaml', project)),
    targets: {
      'shop-1.4.2': { baseline, canary: shops.defective.url },
      'shop-1.4.3': { baseline, canary: shops.mended.url },
    },
  })
}

async function openPage(outrider: Outrider, port: number | undefined): Promise<Listening> {
  try {
    return await listen(outrider, { listen: `127.0.0.1:${port ?? DEFAULT_PORT}` })
  } catch (error) {
    const isTaken = error instanceof OutriderError && error.code === 'port-in-use'
    if (port !== undefined || !isTaken) throw error
    return await listen(outrider, { listen: '127.0.0.1:0' })
  }
}

async function tell(stage: Stage, teller: Teller, signal: AbortSignal): Promise<number> {
  sayHow(teller)
  teller.say(
    'First 1.4.2. Its makers rewrote the search: it asks the database for each product of ' +
      'the result page one by one. All tests passed, and every answer is right.',
  )
  const defective = await probeTwiceAtMost(stage, 'shop-1.4.2', teller, signal)
  if (signal.aborted) return EXIT_INTERRUPTED
  if (!isSearchNamed(defective)) return notAsTold(teller, defective, '"search" is slower in 1.4.2')
  teller.show('')
  teller.say('So 1.4.2 stays where it is. Now 1.4.3, in which the search is mended.')
  const mended = await probe(stage, 'shop-1.4.3', teller, signal)
  if (signal.aborted) return EXIT_INTERRUPTED
  if (mended.verdict !== 'healthy') return notAsTold(teller, mended, '1.4.3 is healthy')
  teller.show('')
  teller.say(
    'That is what a pipeline gets: exit code 1 for 1.4.2, and 0 for 1.4.3. Your own service: ' +
      'outrider probe --baseline URL --canary URL --paths /,/search?q=a',
  )
  return EXIT_AS_TOLD
}

function sayHow(teller: Teller): void {
  teller.say(
    `${USERS} synthetic users browse; each is a pair of twins that do the same at the same ` +
      'moment, one in 1.4.1, one in the next version. Actions that change data are not sent.',
  )
  teller.say(
    `For a demo it is in a hurry: ${RATE} pairs per second instead of 50, ${WARM_UP_SECONDS} s ` +
      `of warm-up, an end after ${MIN_SECONDS} to ${MAX_SECONDS} s (usually 60 s to 10 min). ` +
      `Healthy means proven: typical latency within ${PROVEN_LATENCY * 100} %, slow answers ` +
      `+${PROVEN_TAIL_SHARE * 100} pp, errors +${PROVEN_ERRORS * 100} pp. What is reported as ` +
      'slower is at least 10 % and 0.5 ms slower, as always.',
  )
  teller.show('')
}

/** A run that could not be judged says nothing, so it may be repeated, but a person waits. */
async function probeTwiceAtMost(
  stage: Stage,
  target: string,
  teller: Teller,
  signal: AbortSignal,
): Promise<Report> {
  const report = await probe(stage, target, teller, signal)
  if (report.verdict !== 'invalid' || signal.aborted || report.seconds > RETRY_SECONDS) {
    return report
  }
  teller.show('')
  teller.say('This run cannot be judged, so nothing was learned from it. Once more:')
  return await probe(stage, target, teller, signal)
}

async function probe(
  stage: Stage,
  target: string,
  teller: Teller,
  signal: AbortSignal,
): Promise<Report> {
  const running = await stage.outrider.startProbe({
    target: { kind: 'named', name: target },
    profiles: { kind: 'population', name: 'shop', count: USERS },
    overrides: {
      rate: RATE,
      maxRps: 2 * RATE,
      warmup: WARM_UP_SECONDS,
      minDurationSeconds: MIN_SECONDS,
      maxDurationSeconds: MAX_SECONDS,
      healthyMargins: {
        latency_typical: PROVEN_LATENCY,
        latency_tail_share: PROVEN_TAIL_SHARE,
        errors: PROVEN_ERRORS,
      },
      seed: 1,
    },
    name: target,
  })
  const stop = (): void => running.stop()
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  const forget = running.watch(0, (event) => tellEvent(event, teller))
  try {
    const report = await running.done
    sayReport(report, teller)
    return report
  } finally {
    forget()
    signal.removeEventListener('abort', stop)
  }
}

function tellEvent(event: ProbeEvent, teller: Teller): void {
  switch (event.kind) {
    case 'state':
      teller.say(`  ${event.message}`)
      break
    case 'block': {
      const { phase, phaseSeconds, sentence } = event.progress
      const isJudged = phase !== 'warm-up'
      teller.progress(isJudged ? `${phase} ${Math.floor(phaseSeconds)} s: ${sentence}` : sentence)
      break
    }
    case 'finding':
    case 'end':
      break
  }
}

function sayReport(report: Report, teller: Teller): void {
  teller.say(`  ${report.verdict}: ${report.summary}`)
  for (const action of report.actions) {
    const words = [action.action.padEnd(10), action.verdict.padEnd(13), ratioOf(action).padEnd(19)]
    teller.show(`    ${words.join(' ')} ${action.pairs} pairs`)
  }
  const skipped = report.skipped.map(({ action }) => action)
  if (skipped.length > 0) teller.say(`    not sent: ${skipped.join(', ')} (they change data)`)
}

/** `1.65× (1.35–2.23)`: typical latency, canary by baseline. */
function ratioOf(action: ActionReport): string {
  const effect = action.metrics.find(({ metric }) => metric === 'latency_typical')?.effect
  if (effect === undefined) return ''
  const { estimate, low, high } = effect
  const interval =
    low === undefined || high === undefined ? '' : ` (${low.toFixed(2)}–${high.toFixed(2)})`
  return `${estimate.toFixed(2)}×${interval}`
}

function isSearchNamed(report: Report): boolean {
  return (
    report.verdict === 'regressed' && report.findings.some((finding) => finding.action === 'search')
  )
}

/** Says what came instead: a demo that hides its own failure would teach the wrong thing. */
function notAsTold(teller: Teller, report: Report, told: string): number {
  const reasons = report.reasons.map(({ message }) => message).join('; ')
  teller.show('')
  teller.say(
    `This did not come out as told: the demo expects that ${told}, and the verdict is ` +
      `"${report.verdict}"${reasons === '' ? '' : ` (${reasons})`}. On a machine that is busy ` +
      'with something else that can happen; try again with less beside it.',
  )
  return EXIT_NOT_AS_TOLD
}

async function keepOpen(stage: Stage, teller: Teller, signal: AbortSignal): Promise<void> {
  const { baseline, defective } = stage.shops
  teller.show('')
  teller.say(`Shops and page (${stage.page.url}) stay up until Ctrl-C. Try it yourself:`)
  teller.show(
    `  npx outrider probe --baseline ${baseline.url} \\`,
    `    --canary ${defective.url} --population shop`,
  )
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
