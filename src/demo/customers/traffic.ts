/**
 * The live customers of the demo: a light stream of requests, each counted once by how it ended.
 *
 * Who rolls out has to tell two things apart: a new version that answers badly, and requests that
 * are lost on the way because something was switched. The shop says its version in each answer. So
 * an error with a version is that version's own, and an error without one, a broken connection or
 * silence was lost by whoever stands between the customer and the shop.
 */

import { Agent, request as sendRequest, type IncomingMessage } from 'node:http'
import { createRandom, type Random } from '../../core/random.ts'
import { CATEGORIES, PRODUCT_COUNT, skuOf } from '../stock-up.ts'
import { VERSION_HEADER } from '../shop-app.ts'

export interface TrafficOptions {
  /** Where the customers knock, without a slash at the end. */
  readonly url: string
  /** Requests per second, at irregular moments. */
  readonly rate: number
  readonly customers: number
  /** Silence that a customer bears. */
  readonly timeoutMs: number
  readonly seed: number
}

export const LOSSES = [
  'no connection',
  'connection broken',
  'no answer',
  'answered by no shop',
] as const
export type Loss = (typeof LOSSES)[number]

export interface VersionCounts {
  readonly version: string
  readonly answers: number
  /** Answers that say that something went wrong. */
  readonly failures: number
}

/** Every request that was sent is in `versions`, in `lost`, or still waiting for its answer. */
export interface CustomerCounts {
  readonly sent: number
  readonly waiting: number
  readonly versions: readonly VersionCounts[]
  readonly lost: Readonly<Record<Loss, number>>
}

export interface Traffic {
  counts(): CustomerCounts
  /** Sends no more; resolves when nothing is waiting any more. */
  end(): Promise<CustomerCounts>
}

/** What they look at, as relative shares. */
const MIX = { product: 35, category: 30, home: 20, search: 10, cart: 5 } as const
/** What a header could make us remember. */
const MOST_VERSIONS = 20

type Outcome = { readonly version: string; readonly isFailure: boolean } | { readonly loss: Loss }

export function startTraffic(options: TrafficOptions): Traffic {
  const random = createRandom(options.seed, 'customers')
  const agent = new Agent({ keepAlive: true })
  const tally = createTally()
  let timer: NodeJS.Timeout
  let whenIdle: (() => void) | undefined
  const send = (): void => {
    tally.sent()
    void outcomeOf(agent, options, visit(random, options.customers)).then((outcome) => {
      tally.ended(outcome)
      if (tally.counts().waiting === 0) whenIdle?.()
    })
    timer = setTimeout(send, (1000 * random.exponential()) / options.rate)
  }
  timer = setTimeout(send, 0)
  return {
    counts: () => tally.counts(),
    end: async () => {
      clearTimeout(timer)
      if (tally.counts().waiting > 0) {
        await new Promise<void>((resolve) => {
          whenIdle = resolve
        })
      }
      agent.destroy()
      return tally.counts()
    },
  }
}

interface Visit {
  readonly path: string
  readonly cookie: string
}

function visit(random: Random, customers: number): Visit {
  const customer = `c${random.int(customers)}`
  const cookie = `uid=${customer}; user=${customer}%40customers.test`
  return { path: pathOf(draw(random), random), cookie }
}

function draw(random: Random): keyof typeof MIX {
  const shares = Object.entries(MIX)
  let left = random.next() * shares.reduce((sum, [, share]) => sum + share, 0)
  for (const [name, share] of shares) {
    left -= share
    if (left < 0 && name in MIX) return name as keyof typeof MIX
  }
  return 'home'
}

function pathOf(place: keyof typeof MIX, random: Random): string {
  const categories = Object.keys(CATEGORIES)
  const category = categories[random.int(categories.length)] ?? ''
  switch (place) {
    case 'category':
      return `/categories/${category}`
    case 'product':
      return `/products/${skuOf(1 + random.int(PRODUCT_COUNT))}`
    case 'search':
      return `/products?q=${category.slice(0, -1)}`
    case 'cart':
      return '/cart'
    case 'home':
      return '/'
  }
}

/** Always resolves: a customer who gets nothing is an outcome too. */
function outcomeOf(
  agent: Agent,
  options: TrafficOptions,
  { path, cookie }: Visit,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let isLate = false
    const sent = sendRequest(options.url + path, { agent, headers: { cookie } }, (answer) => {
      answer.once('error', lose)
      answer.once('end', () => resolve(outcomeOfAnswer(answer)))
      answer.resume()
    })
    const timer = setTimeout(() => {
      isLate = true
      sent.destroy()
    }, options.timeoutMs)
    sent.once('error', lose)
    sent.once('close', () => {
      clearTimeout(timer)
      // After a whole answer this says nothing new.
      lose()
    })
    sent.end()

    function lose(error?: Error): void {
      const isRefused = error !== undefined && 'code' in error && error.code === 'ECONNREFUSED'
      const loss = isRefused ? 'no connection' : 'connection broken'
      resolve({ loss: isLate ? 'no answer' : loss })
    }
  })
}

function outcomeOfAnswer(answer: IncomingMessage): Outcome {
  const version = answer.headers[VERSION_HEADER]
  if (typeof version !== 'string') return { loss: 'answered by no shop' }
  return { version, isFailure: (answer.statusCode ?? 0) >= 400 }
}

interface Tally {
  sent(): void
  ended(outcome: Outcome): void
  counts(): CustomerCounts
}

function createTally(): Tally {
  let sent = 0
  let waiting = 0
  const versions = new Map<string, { answers: number; failures: number }>()
  const lost = {
    'no connection': 0,
    'connection broken': 0,
    'no answer': 0,
    'answered by no shop': 0,
  }
  return {
    sent: () => {
      sent += 1
      waiting += 1
    },
    ended: (outcome) => {
      waiting -= 1
      if ('loss' in outcome) {
        lost[outcome.loss] += 1
        return
      }
      const isKnown = versions.has(outcome.version) || versions.size < MOST_VERSIONS
      const version = isKnown ? outcome.version : 'others'
      const count = versions.get(version) ?? { answers: 0, failures: 0 }
      count.answers += 1
      if (outcome.isFailure) count.failures += 1
      versions.set(version, count)
    },
    counts: () => ({
      sent,
      waiting,
      versions: [...versions].map(([version, count]) => ({ version, ...count })),
      lost: { ...lost },
    }),
  }
}

/** What happened between two counts of the same customers. */
export function countsBetween(before: CustomerCounts, after: CustomerCounts): CustomerCounts {
  const versions = after.versions.map(({ version, answers, failures }) => {
    const then = before.versions.find((counts) => counts.version === version)
    return {
      version,
      answers: answers - (then?.answers ?? 0),
      failures: failures - (then?.failures ?? 0),
    }
  })
  const lost = { ...after.lost }
  for (const loss of LOSSES) lost[loss] -= before.lost[loss]
  return {
    sent: after.sent - before.sent,
    waiting: after.waiting,
    versions: versions.filter(({ answers }) => answers > 0),
    lost,
  }
}

/** Requests that no version of the shop answered. */
export function lostOf({ lost }: CustomerCounts): number {
  return LOSSES.reduce((sum, loss) => sum + lost[loss], 0)
}
