/**
 * Real users at a router: a steady stream of requests on kept connections, each user with a cookie,
 * and a count of what each of them met, so that a lost request can be laid at somebody's door.
 */

import { Agent, request } from 'node:http'

export interface LiveOptions {
  readonly url: string
  /** Requests per second. */
  readonly rate: number
  readonly users: number
  /** Paths that are asked for, one after the other. */
  readonly paths?: readonly string[]
}

/** A request that got no answer of an arm. */
export interface Loss {
  readonly atMs: number
  readonly why: string
}

export interface LiveCounts {
  readonly sent: number
  /** Answers that carry the mark of an arm, also its errors. */
  readonly answered: { readonly baseline: number; readonly canary: number }
  /** 5xx that an arm itself gave. */
  readonly failedBy: { readonly baseline: number; readonly canary: number }
  /** Lost while a part was down on purpose. */
  readonly inOutages: number
  /** Lost for no reason that the test knows of: because of us. */
  readonly lost: readonly Loss[]
}

export interface LiveTraffic {
  counts(): LiveCounts
  /** Losses while `work` runs, and of requests that were under way, have a known cause. */
  duringOutage<Value>(work: () => Promise<Value>): Promise<Value>
  /** Begins an outage that the test ends itself. */
  beginOutage(): () => void
  /** Resolves when the last request has its answer. */
  stop(): Promise<void>
}

const TIMEOUT_MS = 15_000
const CONNECTIONS = 32
/** What is in flight when a part comes back may still meet its end. */
const GRACE_MS = 250

/** Answers are told apart by the header `x-arm`; what has none was made by the router. */
export function startLiveTraffic({ url, rate, users, paths = ['/'] }: LiveOptions): LiveTraffic {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const answered = { baseline: 0, canary: 0 }
  const failedBy = { baseline: 0, canary: 0 }
  const losses: { readonly fromMs: number; readonly atMs: number; readonly why: string }[] = []
  const outages: { readonly fromMs: number; toMs: number }[] = []
  const open = new Set<Promise<void>>()
  let sent = 0

  function send(): void {
    const user = `user-${sent % users}`
    const path = paths[sent % paths.length] ?? '/'
    sent += 1
    const fromMs = performance.now()
    const lose = (why: string): void => {
      losses.push({ fromMs, atMs: performance.now(), why })
    }
    const asking = ask(new URL(path, url), user, agent)
      .then(({ arm, status }) => {
        if (arm === undefined) lose(`the router answered ${status}`)
        else {
          answered[arm] += 1
          if (status >= 500) failedBy[arm] += 1
        }
      })
      .catch((error: unknown) => lose(String(error)))
      .finally(() => open.delete(asking))
    open.add(asking)
  }

  const timer = setInterval(send, 1000 / rate)
  const isKnown = ({ fromMs, atMs }: { fromMs: number; atMs: number }): boolean =>
    outages.some((outage) => fromMs <= outage.toMs && atMs >= outage.fromMs)
  const beginOutage = (): (() => void) => {
    const outage = { fromMs: performance.now(), toMs: Infinity }
    outages.push(outage)
    return () => {
      outage.toMs = performance.now() + GRACE_MS
    }
  }
  return {
    counts: () => ({
      sent,
      answered: { ...answered },
      failedBy: { ...failedBy },
      inOutages: losses.filter(isKnown).length,
      lost: losses.filter((loss) => !isKnown(loss)).map(({ atMs, why }) => ({ atMs, why })),
    }),
    beginOutage,
    async duringOutage(work) {
      const end = beginOutage()
      try {
        return await work()
      } finally {
        end()
      }
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      agent.destroy()
    },
  }
}

interface Answer {
  readonly arm: 'baseline' | 'canary' | undefined
  readonly status: number
}

function ask(url: URL, user: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { cookie: `uid=${user}` }
    const sent = request(url, { agent, headers, timeout: TIMEOUT_MS }, (response) => {
      response.resume()
      response.once('error', reject)
      response.once('end', () => {
        const mark = response.headers['x-arm']
        const arm = mark === 'baseline' || mark === 'canary' ? mark : undefined
        resolve({ arm, status: response.statusCode ?? 0 })
      })
    })
    sent.once('timeout', () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)))
    sent.once('error', reject)
    sent.end()
  })
}
