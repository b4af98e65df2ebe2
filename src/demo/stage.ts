/**
 * Where the story plays: two places for a shop, the embedded router before them, live customers who
 * know nothing but the router, the page, and a small pipeline that puts versions into the places.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configSchema, type Config } from '../core/contract/config.ts'
import { OutriderError } from '../core/errors.ts'
import { invariant } from '../core/invariant.ts'
import { parseWeightBp } from '../core/weight.ts'
import { openOutrider, type Outrider } from '../outrider.ts'
import { listen, type Listening } from '../../server/listen.ts'
import { startCustomers, type Customers } from './customers/customers.ts'
import { openPipeline, openPlaces, type Places } from './places.ts'

export interface Stage {
  readonly outrider: Outrider
  readonly page: Listening
  readonly customers: Customers
  /** Where the customers knock. */
  readonly url: string
  readonly places: Places
}

export const TARGET = 'shop'
export const ROUTER = 'edge'
/** A light stream: too few to tell a bad version by them alone. */
export const LIVE_RATE = 20
export const LIVE_CUSTOMERS = 60
/** Longer than any pause that a switch could make; nobody would wait longer. */
const PATIENCE_MS = 10_000

/** Pairs are summed this long before they become evidence; in a usual rollout 1 s. */
const BLOCK = '500ms'

/** How much the gate is in a hurry; a usual probe takes one to ten minutes. */
export const GATE = {
  users: 300,
  rate: 100,
  warmUpSeconds: 6,
  leastSeconds: 15,
  /** What `healthy` must prove here; the usual margins take a minute or two more. */
  latency: 0.25,
  tailShare: 0.1,
  errors: 0.08,
} as const

/** The one policy of all three acts; a usual one stays minutes where this one stays seconds. */
export const POLICY = {
  kind: 'stages',
  stages: [
    { weight: '5%', for: '4s' },
    { weight: '15%', for: '4s' },
    { weight: '30%', for: '10s' },
    { weight: '60%', for: '4s' },
    { weight: '100%', for: '4s' },
  ],
  interval: '2s',
  hold_ticks: 2,
  clear_ticks: 3,
  max_reversals: 1,
  alpha: 0.05,
  gate: { need: 'healthy', max: '75s' },
  promote_on: 'healthy',
  give_up_after: '170s',
  rate: 50,
  on_promoted: { webhook_env: 'DEPLOY_URL' },
} as const

/** What the canary has first. */
export const FIRST_BP = parseWeightBp(POLICY.stages[0].weight, 'policy.stages.0.weight')

const DEFAULT_PORT = 7070

/**
 * Opens everything; what was opened is in `closing`, also when this rejects.
 * @throws OutriderError if a shop, the database, the router or the page cannot be opened
 */
export async function setTheStage(
  port: number | undefined,
  closing: (() => Promise<void>)[],
): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'outrider-demo-'))
  closing.push(() => rm(folder, { recursive: true, force: true }))
  const places = await openPlaces()
  closing.push(() => places.close())
  const pipeline = await openPipeline(places)
  closing.push(() => pipeline.close())
  const config = configOf(join(folder, 'outrider.db'), places)
  const outrider = openOutrider({
    config,
    baseFolder: folder,
    environment: { DEPLOY_URL: pipeline.url },
    twins: TWINS,
  })
  closing.push(() => outrider.close())
  const page = await openPage(outrider, port)
  closing.push(() => page.close())
  const [router] = await outrider.openOwnRouters()
  const url = router?.url()
  invariant(url !== undefined, 'the embedded router is open')
  const customers = await startCustomers({
    url,
    rate: LIVE_RATE,
    customers: LIVE_CUSTOMERS,
    timeoutMs: PATIENCE_MS,
  })
  closing.push(() => customers.stop())
  return { outrider, page, customers, url, places }
}

const TWINS = {
  profiles: { kind: 'population', name: 'shop', count: GATE.users },
  overrides: {
    rate: GATE.rate,
    maxRps: 2 * GATE.rate,
    warmup: GATE.warmUpSeconds,
    minDurationSeconds: GATE.leastSeconds,
    healthyMargins: {
      latency_typical: GATE.latency,
      latency_tail_share: GATE.tailShare,
      errors: GATE.errors,
    },
    seed: 1,
  },
} as const

function configOf(db: string, places: Places): Config {
  const project = import.meta.resolve('outrider/package.json')
  return configSchema.parse({
    version: 1,
    db,
    ontology: fileURLToPath(new URL('./profiles-db/actions/shop.yaml', project)),
    targets: {
      [TARGET]: { baseline: places.shop('baseline').url, canary: places.shop('canary').url },
    },
    routers: {
      [ROUTER]: {
        kind: 'embedded',
        listen: '127.0.0.1:0',
        target: TARGET,
        user_key: { cookie: 'uid' },
      },
    },
    analysis: { block: BLOCK },
    policy: POLICY,
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
