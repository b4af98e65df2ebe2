/**
 * A process with `--expose-gc` that sends traffic to hostile targets, both arms, in rounds; prints
 * what came of it and what is left of it.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { ontologyOf, profileOf, recordTraffic } from '../../generator/arm-server.ts'

const targetsSchema = z.record(
  z.string(),
  z.object({ url: z.string(), http2: z.boolean(), steps: z.int(), timeoutMs: z.number() }),
)
export type Targets = z.output<typeof targetsSchema>

export interface Left {
  /** By target and arm, each outcome with one of its reasons. */
  readonly outcomes: Record<string, Record<string, string>>
  /** What Node waits for, without what it did before. */
  readonly active: string[]
  /** Traffic objects that nobody could free. */
  readonly retained: number
  /** MiB that were in use after each round. */
  readonly heapMib: number[]
}

const ROUNDS = 3
const AT_ONCE = 6
const ONTOLOGY = ontologyOf(`
version: 1
actions:
  read: { request: { path: /cart }, expect: { json: { $.total: 42 } } }
  send: { request: { method: POST, path: /cart, raw: "0123456789" }, shared_state: ok }
`)

async function play(
  name: string,
  { url, http2, steps: wanted, timeoutMs }: Targets[string],
): Promise<object> {
  const arms = (['baseline', 'canary'] as const).map((arm) => ({ arm, url, http2 }))
  const { traffic, steps, until } = recordTraffic({
    arms,
    ontology: ONTOLOGY,
    profiles: [profileOf('u1', ['read'], ['send'])],
    timeoutMs,
  })
  traffic.start({ kind: 'closed', concurrency: Math.min(20, wanted) })
  await until(() => steps.length >= wanted)
  await traffic.stop()
  await traffic.close()
  for (const { exchanges } of steps) {
    for (const { arm, outcome, reason = '' } of exchanges) {
      outcomes[name] ??= {}
      outcomes[name][`${arm} ${outcome}`] ??= reason
    }
  }
  return traffic
}

async function round(targets: Targets): Promise<void> {
  const waiting = Object.entries(targets)
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        all.push(new WeakRef(await play(...next)))
      }
    }),
  )
}

/** Twice, with a turn of the loop in between: some things are let go of by what the first freed. */
async function collected(): Promise<number> {
  for (let count = 0; count < 3; count += 1) {
    globalThis.gc?.()
    await sleep(20)
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 2 ** 20
}

const outcomes: Left['outcomes'] = {}
const all: WeakRef<object>[] = []
const before = process.getActiveResourcesInfo()
const targets = targetsSchema.parse(JSON.parse(process.argv[2] ?? ''))
const heapMib: number[] = []
for (let count = 0; count < ROUNDS; count += 1) {
  await round(targets)
  heapMib.push(await collected())
}
const active = process.getActiveResourcesInfo()
for (const one of before) {
  const index = active.indexOf(one)
  if (index >= 0) active.splice(index, 1)
}
const left: Left = {
  outcomes,
  active,
  heapMib,
  retained: all.filter((one) => one.deref() !== undefined).length,
}
process.stdout.write(JSON.stringify(left))
