/**
 * The live customers as a process of their own, so that what they meet is not what the demo's own
 * busy moments make of it. Counts go to the parent each second and whenever it asks; with the
 * channel to the parent they end.
 */

import { startTraffic } from './traffic.ts'

const REPORT_EVERY_MS = 1_000

const [url = '', rate = '', customers = '', timeoutMs = ''] = process.argv.slice(2)
const traffic = startTraffic({
  url,
  rate: Number(rate),
  customers: Number(customers),
  timeoutMs: Number(timeoutMs),
  seed: 1,
})

function report(answers: number): void {
  // Between the last look and this moment the parent may have gone.
  if (process.connected) process.send?.({ answers, counts: traffic.counts() })
}

process.on('message', (message) => {
  const isEnd = Reflect.get(Object(message), 'ask') === 'end'
  const number = Number(Reflect.get(Object(message), 'number'))
  if (isEnd) void traffic.end().then(() => report(number))
  else report(number)
})
// Ctrl-C reaches every process of the terminal; the parent decides when the customers go.
process.on('SIGINT', () => undefined)

const timer = setInterval(() => report(0), REPORT_EVERY_MS)
process.once('disconnect', () => {
  clearInterval(timer)
  void traffic.end()
})
report(0)
