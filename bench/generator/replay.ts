/**
 * What a request of a twin replay costs, beside autocannon against the same server in the same
 * run. Twin replay: 64 twin sessions back to back, five templated steps with a cookie and a
 * capture. autocannon: 64 connections, one plain GET. Each in a process of its own, interleaved.
 *
 *   node bench/generator/replay.ts [seconds per candidate and round]
 */

import { fork, type ChildProcess } from 'node:child_process'
import * as z from 'zod'

const ROUNDS = 3
const CANDIDATES = ['replay', 'autocannon'] as const
type Candidate = (typeof CANDIDATES)[number]

const readySchema = z.object({ url: z.string() })
const figuresSchema = z.object({
  requestsPerSecond: z.number(),
  cpuMicrosPerRequest: z.number(),
  failed: z.number(),
  rssMb: z.number(),
})
type Figures = z.output<typeof figuresSchema>

const seconds = process.argv[2] ?? '5'
const server = fork(new URL('shop-server.ts', import.meta.url))
const { url } = readySchema.parse(await messageOf(server))
const figures: Record<Candidate, Figures[]> = { replay: [], autocannon: [] }
for (let round = 1; round <= ROUNDS; round += 1) {
  for (const candidate of round % 2 === 1 ? CANDIDATES : CANDIDATES.toReversed()) {
    const child = fork(new URL('replay-client.ts', import.meta.url), [candidate, url, seconds])
    const measured = figuresSchema.parse(await messageOf(child))
    figures[candidate].push(measured)
    console.log(`round ${round}  ${line(candidate, measured)}`)
  }
}
server.kill()

const replay = medianOf(figures.replay)
const autocannon = medianOf(figures.autocannon)
console.log(`median   ${line('replay', replay)}`)
console.log(`median   ${line('autocannon', autocannon)}`)
const cpuRatio = replay.cpuMicrosPerRequest / autocannon.cpuMicrosPerRequest
const rateRatio = replay.requestsPerSecond / autocannon.requestsPerSecond
console.log(
  `twin replay : autocannon = ${cpuRatio.toFixed(2)} × CPU per request, ` +
    `${rateRatio.toFixed(2)} × requests/s`,
)

function messageOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`A child ended with code ${code}`)))
  })
}

function medianOf(rounds: readonly Figures[]): Figures {
  const middle = (key: keyof Figures): number => {
    const sorted = rounds.map((round) => round[key]).toSorted((left, right) => left - right)
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  }
  return {
    requestsPerSecond: middle('requestsPerSecond'),
    cpuMicrosPerRequest: middle('cpuMicrosPerRequest'),
    failed: middle('failed'),
    rssMb: middle('rssMb'),
  }
}

function line(candidate: Candidate, measured: Figures): string {
  const { requestsPerSecond, cpuMicrosPerRequest, failed, rssMb } = measured
  return [
    candidate.padEnd(10),
    `${requestsPerSecond.toFixed(0).padStart(6)} req/s`,
    `${cpuMicrosPerRequest.toFixed(1).padStart(6)} µs/request`,
    `${rssMb.toFixed(0).padStart(4)} MB`,
    `${failed} failed`,
  ].join('  ')
}
