import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { ArmServer } from '../../generator/arm-server.ts'
import { opened } from '../../generator/client/asking.ts'
import { hostileFrames, serveFrames } from '../../support/hostile/frames.ts'
import {
  broken,
  endless,
  fickle,
  serveHostile,
  unanswered,
  unreadable,
} from '../../support/hostile/servers.ts'
import type { Left, Targets } from '../../support/hostile/leaks.ts'

const run = promisify(execFile)
const SCRIPT = fileURLToPath(new URL('../../support/hostile/leaks.ts', import.meta.url))

/** What keeps both processes busy comes a few times only. */
const FLOOD = /flood|without an end|fast|headers of/

interface Served {
  readonly servers: ArmServer[]
  readonly targets: Targets
}

async function serveAll(): Promise<Served> {
  const servers: ArmServer[] = []
  const targets: Targets = {}
  const add = async (name: string, server: Promise<ArmServer>, more = {}): Promise<void> => {
    const there = await opened(server)
    servers.push(there)
    targets[name] = {
      url: there.url,
      http2: false,
      steps: FLOOD.test(name) ? 4 : 20,
      timeoutMs: 10_000,
      ...more,
    }
  }
  for (const kind of [unanswered, broken, fickle]) {
    for (const [name, answer] of Object.entries(kind)) await add(name, serveHostile(answer))
  }
  // They take a timeout each, or much to unpack.
  for (const [name, answer] of Object.entries(endless)) {
    await add(name, serveHostile(answer), { timeoutMs: 60 })
  }
  for (const [name, answer] of Object.entries(unreadable())) {
    await add(name, serveHostile(answer), { steps: 2 })
  }
  for (const [name, { answer, hello }] of Object.entries(hostileFrames)) {
    await add(`h2: ${name}`, serveFrames(answer, hello), { http2: true, timeoutMs: 100 })
  }
  return { servers, targets }
}

describe('traffic to hostile targets, hundreds of times, in both arms', () => {
  it('ends as outcomes with reasons, and leaves no socket, timer, user or memory', async () => {
    const { servers, targets } = await serveAll()
    const args = ['--expose-gc', SCRIPT, JSON.stringify(targets)]
    const { stdout, stderr } = await run(process.execPath, args, { maxBuffer: 2 ** 24 })
    expect(stderr).toBe('')
    const left: Left = JSON.parse(stdout)
    expect(left.active).toEqual([])
    expect(left.retained).toBe(0)
    const [first = 0, ...later] = left.heapMib
    for (const mib of later) expect(mib).toBeLessThan(first + 12)
    expect(Object.keys(left.outcomes).toSorted()).toEqual(Object.keys(targets).toSorted())
    for (const byArm of Object.values(left.outcomes)) {
      const told = Object.entries(byArm)
      for (const [outcome, reason] of told)
        if (!outcome.endsWith(' ok')) expect(reason).not.toBe('')
      for (const arm of ['baseline', 'canary']) {
        expect(told.some(([outcome]) => outcome.startsWith(arm))).toBe(true)
      }
    }
    await Promise.all(servers.map((server) => server.abandoned()))
  })
})
