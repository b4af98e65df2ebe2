/**
 * What this machine can do at best: raw sockets, a parser for just these answers and a whole core of
 * spinning. T4 counts only where this has a p99 of at most 1 ms.
 *
 *   node bench/generator/clients/floor.ts URL RATE WARM-UP-SECONDS SECONDS BEGIN
 */

import { connect, type Socket } from 'node:net'
import { createRandom } from '../../../src/core/random.ts'
import { quantilesOf, type Open } from './results.ts'

const CONNECTIONS = 64

const [, , url = '', rate = '1000', warmUp = '1', seconds = '1', begin = '/begin'] = process.argv
const { hostname, port, host } = new URL(url)
const request = `GET /plain HTTP/1.1\r\nhost: ${host}\r\n\r\n`

interface Flight {
  readonly socket: Socket
  intendedMs: number
  text: string
}

const errors: number[] = []
const latencies: number[] = []
const free: Flight[] = []
let [delaySum, isOn, dropped] = [0, false, 0]

await Promise.all(Array.from({ length: CONNECTIONS }, open))
const random = createRandom(1, 'floor')
let dueMs = performance.now()
let isRunning = true
spin()
await sleep(Number(warmUp) * 1000)
await (await fetch(`${url}${begin}`)).text()
isOn = true
await sleep(Number(seconds) * 1000)
isRunning = false
await sleep(100)
const said: Open = {
  requests: errors.length,
  failed: 0,
  dropped,
  reported: quantilesOf(latencies),
  error: quantilesOf(errors),
  meanDelayMs: delaySum / Math.max(1, errors.length),
}
process.stdout.write(`${JSON.stringify(said)}\n`)
process.exit(0)

function spin(): void {
  const nowMs = performance.now()
  while (dueMs <= nowMs) {
    send(dueMs)
    dueMs += (random.exponential() * 1000) / Number(rate)
  }
  if (isRunning) setImmediate(spin)
}

function send(intendedMs: number): void {
  const flight = free.pop()
  if (flight === undefined) {
    dropped += 1
    return
  }
  flight.intendedMs = intendedMs
  flight.text = ''
  flight.socket.write(request)
}

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.setNoDelay(true)
    const flight = { socket, intendedMs: 0, text: '' }
    socket.once('error', reject)
    socket.once('connect', () => {
      free.push(flight)
      resolve()
    })
    socket.on('data', (chunk) => {
      flight.text += chunk.toString('latin1')
      if (!flight.text.endsWith('{}') && !flight.text.endsWith('0\r\n\r\n')) return
      const latencyMs = performance.now() - flight.intendedMs
      const delayMs = Number(/x-delay-ms: ([\d.]+)/.exec(flight.text)?.[1])
      free.push(flight)
      if (!isOn) return
      errors.push(latencyMs - delayMs)
      latencies.push(latencyMs)
      delaySum += delayMs
    })
  })
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
