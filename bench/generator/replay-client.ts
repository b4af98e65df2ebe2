/** One candidate of the replay benchmark in a process of its own: twin replay, or autocannon. */

import autocannon from 'autocannon'
import { parseOntology } from '../../src/actions/load.ts'
import type { Profile } from '../../src/core/contract/profile.ts'
import { systemClock } from '../../src/generator/system-clock.ts'
import { createTraffic } from '../../src/generator/traffic.ts'

const CONNECTIONS = 64
const WARM_UP_MS = 3_000

const ONTOLOGY = `
version: 1
actions:
  login:
    request: { method: POST, path: /login, json: { user: "{{data.user}}", of: "{{arm}}-{{session.id}}" } }
    expect: { status: 200 }
    capture: { cart: { json: $.cart } }
  list: { request: { path: /products, query: { q: "{{data.q}}", page: 1 } } }
  view: { request: { path: "/products/{{data.sku}}" } }
  cart:
    request: { method: POST, path: "/carts/{{captured.cart}}/items", json: { sku: "{{data.sku}}" } }
  checkout:
    request: { method: POST, path: "/carts/{{captured.cart}}/pay", json: { by: "card" } }
`

const PROFILE: Profile = {
  user_id: 'u1',
  behavioral_patterns: [
    { timestamp: 0, action: 'login', data: { user: 'ann' } },
    { timestamp: 1, action: 'list', data: { q: 'oak chair' } },
    { timestamp: 2, action: 'view', data: { sku: 'S1' } },
    { timestamp: 3, action: 'cart', data: { sku: 'S1' } },
    { timestamp: 4, action: 'checkout', data: {} },
  ],
  resource_intensity: { cpu_ms: 0, memory_mb: 0, network_kb: 0, period_s: 0 },
  geo_location: 'US',
  device_type: 'mobile',
  labels: [],
  source: 'synthetic',
}

const [, , kind, url = '', seconds = '5'] = process.argv
const durationMs = Number(seconds) * 1000
const result = kind === 'replay' ? await replayTwins() : await fireAutocannon()
process.send?.({ ...result, rssMb: process.memoryUsage.rss() / 2 ** 20 })
process.disconnect?.()

/** The arms are two addresses of one server: what is measured is the client. */
async function replayTwins(): Promise<object> {
  let requests = 0
  let failed = 0
  const traffic = createTraffic({
    arms: [
      { arm: 'baseline', url },
      { arm: 'canary', url },
    ],
    ontology: parseOntology(ONTOLOGY, 'bench.yaml'),
    profiles: [PROFILE],
    seed: 1,
    skipped: new Set(),
    secrets: {},
    maxRps: Number.POSITIVE_INFINITY,
    runId: 'bench',
    clock: systemClock,
    watcher: {
      sent: () => undefined,
      ended: (_, { outcome }) => {
        requests += 1
        if (outcome !== 'ok') failed += 1
      },
      step: () => undefined,
      session: () => undefined,
    },
  })
  traffic.start({ kind: 'closed', concurrency: CONNECTIONS })
  await sleep(WARM_UP_MS)
  const startedMs = performance.now()
  const atStart = requests
  const cpu = process.cpuUsage()
  await sleep(durationMs)
  const measured = measure(cpu, startedMs, requests - atStart)
  await traffic.stop()
  await traffic.close()
  return { ...measured, failed }
}

async function fireAutocannon(): Promise<object> {
  const options = { url: `${url}/plain`, connections: CONNECTIONS }
  await autocannon({ ...options, duration: WARM_UP_MS / 1000 })
  const startedMs = performance.now()
  const cpu = process.cpuUsage()
  const fired = await autocannon({ ...options, duration: durationMs / 1000 })
  return { ...measure(cpu, startedMs, fired.requests.total), failed: fired.non2xx + fired.errors }
}

function measure(cpu: NodeJS.CpuUsage, startedMs: number, requests: number): object {
  const spent = process.cpuUsage(cpu)
  const elapsedSeconds = (performance.now() - startedMs) / 1000
  return {
    requestsPerSecond: requests / elapsedSeconds,
    cpuMicrosPerRequest: (spent.user + spent.system) / requests,
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
