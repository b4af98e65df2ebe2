/** Part 2: the highest rate of one worker and of two, and what a second one costs at a fixed rate. */

import { lastLine, RESULTS } from '../clients/results.ts'
import { CORES } from '../machine/cores.ts'
import { interleaved, loadFigures, type Candidate } from '../machine/rounds.ts'
import { measuredRun } from '../machine/run.ts'
import { atLeast, atMost, client, times, type Part, type World } from './part.ts'

/** Requests a second. */
const FIXED_RATE = 10_000

export const workers: Part = {
  name: 'workers',
  run: async (world) => {
    const names = { one: 'one worker', two: 'two workers' }
    const most = await interleaved(
      [candidate(world, names.one, 1), candidate(world, names.two, 2)],
      world,
    )
    const fixed = await interleaved(
      [candidate(world, names.one, 1, FIXED_RATE), candidate(world, names.two, 2, FIXED_RATE)],
      world,
    )
    const gain = most.ratio(names.two, 'rps', names.one)
    const cost = fixed.ratio(names.two, 'cpu', names.one)
    const hasCores = CORES >= 4
    return {
      tables: [
        {
          title: 'Workers: one arm, five-step sessions of 64 users; and at 10 000 req/s',
          head: ['', 'req/s', 'CPU µs/request', 'at 10 000: req/s', 'CPU µs/request'],
          rows: [names.one, names.two].map((name) => [
            most.label(name),
            most.show(name, 'rps', 0),
            most.show(name, 'cpu', 1),
            fixed.show(name, 'rps', 0),
            fixed.show(name, 'cpu', 1),
          ]),
        },
      ],
      targets: [
        {
          id: 'T8',
          target: hasCores
            ? 'two workers ≥ 1.8 × one'
            : 'two workers at 10 000 req/s ≤ 1.15 × the CPU of one (fewer than 4 cores)',
          measured: `${times(hasCores ? gain : cost)}${(hasCores ? most : fixed).mark(names.one, names.two)}`,
          isMet: hasCores ? atLeast(gain, 1.8) : atMost(cost, 1.15),
        },
      ],
    }
  },
}

function candidate(world: World, name: string, count: number, rate?: number): Candidate {
  const { shop, seconds } = world
  const task = { kind: 'workers', url: shop.url, workers: count, rate, seconds }
  // From the sources: its threads find their own file beside them.
  const command = [process.execPath, client('ours.ts'), JSON.stringify(task)]
  return {
    name,
    run: async () => {
      const options = { serverPid: shop.pid, timeoutMs: seconds * 5000 + 60_000 }
      const run = await measuredRun(command, options)
      const load = RESULTS.load.parse(lastLine(run.stdout))
      return { figures: loadFigures(run, load), isNoisy: run.isNoisy }
    },
  }
}
