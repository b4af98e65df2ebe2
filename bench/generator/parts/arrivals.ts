/** Part 4: 400 sessions of five steps a second, which is 2 000 requests. */

import { arrivingSessions } from '../clients/artillery.ts'
import { lastLine, RESULTS } from '../clients/results.ts'
import { interleaved, loadFigures, type Candidate } from '../machine/rounds.ts'
import { measuredRun } from '../machine/run.ts'
import { allOf, atLeast, atMost, ours, times, type Part, type World } from './part.ts'

const SESSIONS_PER_SECOND = 400
const OURS = 'ours: 200 twin sessions'
const ARTILLERY = 'Artillery: 400 sessions'

export const arrivals: Part = {
  name: 'arrivals',
  run: async (world) => {
    const list: Candidate[] = [twinSessions(world)]
    const { artillery } = world.tools
    if (artillery !== undefined) list.push(artillerySessions(world, artillery))
    const results = await interleaved(list, world)
    const cpu = results.median(OURS, 'cpu')
    const ratio = results.ratio(ARTILLERY, 'cpu', OURS)
    return {
      tables: [
        {
          title: `Sessions that arrive: 2 000 requests a second for ${2 * world.seconds} s`,
          head: ['client', 'req/s', 'CPU µs/request, whole', 'from 3 s on', 'failed'],
          rows: results.names.map((name) => [
            results.label(name),
            results.show(name, 'rps', 0),
            results.show(name, 'cpu', 1),
            results.show(name, 'steady', 1),
            results.show(name, 'failed', 0),
          ]),
        },
      ],
      targets: [
        {
          id: 'T5',
          target: '400 sessions/s (2 000 req/s): ≤ 80 µs whole, ≤ 1/6 of Artillery',
          measured: `${results.show(OURS, 'cpu', 1)} µs; Artillery ${times(ratio, 1)}${results.mark(OURS, ARTILLERY)}`,
          isMet: allOf(atMost(cpu, 80), atLeast(ratio, 6)),
        },
      ],
    }
  },
}

function twinSessions(world: World): Candidate {
  const seconds = 2 * world.seconds
  const task = {
    kind: 'sessions',
    url: world.shop.url,
    area: '/private',
    // Two arms make two sessions of each.
    sessionsPerSecond: SESSIONS_PER_SECOND / 2,
    seconds,
  }
  return {
    name: OURS,
    run: async () => {
      const run = await measuredRun(ours(world, task), optionsOf(world))
      const load = RESULTS.load.parse(lastLine(run.stdout))
      return { figures: loadFigures(run, load), isNoisy: run.isNoisy }
    },
  }
}

function artillerySessions(world: World, bin: string): Candidate {
  const seconds = 2 * world.seconds
  return {
    name: ARTILLERY,
    run: async () => {
      const amount = { perSecond: SESSIONS_PER_SECOND, seconds }
      const job = arrivingSessions(bin, world.shop.url, '/private', amount)
      const run = await measuredRun(job.command, { ...optionsOf(world), env: job.env })
      return { figures: loadFigures(run, job.read()), isNoisy: run.isNoisy }
    },
  }
}

function optionsOf({ shop, seconds }: World): { serverPid: number; timeoutMs: number } {
  return { serverPid: shop.pid, timeoutMs: seconds * 20_000 + 90_000 }
}
