/** Part 5: memory with 1 000 thinking users, and over a long run. */

import { lastLine, RESULTS } from '../clients/results.ts'
import { interleaved, type Candidate, type Figures } from '../machine/rounds.ts'
import { measuredRun, type Run } from '../machine/run.ts'
import { allOf, atMost, ours, type Part, type TargetRow, type World } from './part.ts'

const USERS = 1000
const ARMS = 2
const RATE = 5000
const SETTLED_SECONDS = 10
const THINKING = `${USERS} thinking twin users`
const NOBODY = 'no users'

export const memory: Part = {
  name: 'memory',
  run: async (world) => {
    const list = [thinking(world, NOBODY, 0), thinking(world, THINKING, USERS)]
    const results = await interleaved(list, world)
    const [with0, with1000] = [results.median(NOBODY, 'rssMb'), results.median(THINKING, 'rssMb')]
    const perUserKb =
      with0 === undefined || with1000 === undefined
        ? undefined
        : ((with1000 - with0) * 1024) / (USERS * ARMS)
    return {
      tables: [
        {
          title: 'Memory of users who logged in once and think, each with a connection per arm',
          head: ['', 'RSS MB', 'heap MB', 'connections'],
          rows: results.names.map((name) => [
            results.label(name),
            results.show(name, 'rssMb', 1),
            results.show(name, 'heapMb', 1),
            results.show(name, 'connections', 0),
          ]),
        },
      ],
      targets: [
        {
          id: 'T6',
          target:
            '1 000 thinking twin users, a connection per arm: ≤ 160 MB RSS, ≤ 45 kB per user and arm',
          measured: `${results.show(THINKING, 'rssMb', 1)} MB, ${perUserKb?.toFixed(1) ?? '–'} kB${results.mark(NOBODY, THINKING)}`,
          isMet: allOf(atMost(with1000, 160), atMost(perUserKb, 45)),
        },
        await longRun(world),
      ],
    }
  },
}

function thinking(world: World, name: string, users: number): Candidate {
  const seconds = Math.min(SETTLED_SECONDS, 2 * world.seconds)
  const task = { kind: 'memory', url: world.shop.url, users, seconds }
  return {
    name,
    run: async () => {
      const run = await measuredRun(ours(world, task), {
        serverPid: world.shop.pid,
        timeoutMs: 120_000,
      })
      return { figures: figuresOf(run), isNoisy: run.isNoisy }
    },
  }
}

function figuresOf(run: Run): Figures {
  return { ...RESULTS.memory.parse(lastLine(run.stdout)) }
}

async function longRun(world: World): Promise<TargetRow> {
  // Scaled down so far, a short run says little; the row says how long it was.
  const unit = world.isLong ? 60 : Math.min(60, 6 * world.seconds)
  const [earlySeconds, lateSeconds] = world.isLong ? [3 * unit, 15 * unit] : [unit, 3 * unit]
  const task = { kind: 'long', url: world.shop.url, rate: RATE, earlySeconds, lateSeconds }
  const run = await measuredRun(ours(world, task, '--expose-gc'), {
    serverPid: world.shop.pid,
    timeoutMs: lateSeconds * 2000 + 60_000,
  })
  const { early, late, failed } = RESULTS.long.parse(lastLine(run.stdout))
  const [heap, rss] = [late.heapMb / early.heapMb, late.rssMb / early.rssMb]
  world.tell(
    `long run: heap ${early.heapMb.toFixed(1)} to ${late.heapMb.toFixed(1)} MB, RSS ${early.rssMb.toFixed(1)} to ${late.rssMb.toFixed(1)} MB, ${failed} failed`,
  )
  return {
    id: 'T7',
    target: `flat at 5 000 req/s, minute 15 against 3: heap after gc ≤ +5 %, RSS ≤ +10 %`,
    measured:
      `second ${lateSeconds} against ${earlySeconds}: heap ${percent(heap)}, RSS ${percent(rss)}` +
      (world.isLong ? '' : ' (short run; --long for the whole)') +
      (run.isNoisy ? ' (noisy)' : ''),
    isMet: allOf(atMost(heap, 1.05), atMost(rss, 1.1)),
  }
}

function percent(ratio: number): string {
  const change = 100 * (ratio - 1)
  return `${change < 0 ? '−' : '+'}${Math.abs(change).toFixed(1)} %`
}
