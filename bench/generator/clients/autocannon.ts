/** autocannon as a process of its own: `node autocannon.ts URL SECONDS [RATE]`, 64 connections. */

import autocannon from 'autocannon'
import type { Load, Open } from './results.ts'

const [, , url = '', seconds = '5', rate] = process.argv
const result = await autocannon({
  url,
  connections: 64,
  duration: Number(seconds),
  ...(rate === undefined ? {} : { overallRate: Number(rate) }),
})
const failed = result.non2xx + result.errors
const { p50, p99, p99_9: p999 } = result.latency
const said: Load & Open = {
  requests: result.requests.total,
  failed,
  seconds: result.duration,
  reported: { p50, p99, p999 },
}
process.stdout.write(`${JSON.stringify(said)}\n`)
