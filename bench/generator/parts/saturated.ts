/** Part 1: what a request costs, and how many there are, when everybody sends as much as it can. */

import { loopedSessions } from '../clients/artillery.ts'
import { lastLine, RESULTS } from '../clients/results.ts'
import type { Area } from '../clients/session.ts'
import { readWrk, wrkCommand } from '../clients/wrk.ts'
import { interleaved, loadFigures, type Candidate, type Results } from '../machine/rounds.ts'
import { measuredRun } from '../machine/run.ts'
import { allOf, atLeast, atMost, client, ours, times, type Part, type World } from './part.ts'

const USERS = 64
/** About what it does, to give it as much to do as the others do in their time. */
const ARTILLERY_RPS = 1500

const OURS = 'twin replay, cookies, compared'
const OURS_PLAIN = 'twin replay, cookies'
const OURS_OPEN = 'twin replay, no cookies'
const AUTOCANNON = 'autocannon, GET'
const WRK = 'wrk, GET'
const ARTILLERY = 'Artillery, session, cookies'
const ARTILLERY_OPEN = 'Artillery, session, no cookies'

export const saturated: Part = {
  name: 'saturated',
  run: async (world) => {
    const results = await interleaved(candidatesOf(world), world)
    return {
      tables: [
        {
          title: `Saturated: 64 users or connections, ${world.seconds} s, against ${world.shop.name}`,
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
      targets: targetsOf(results),
    }
  },
}

function candidatesOf(world: World): Candidate[] {
  const { wrk, artillery } = world.tools
  const list = [
    twins(world, OURS, '/private', true),
    twins(world, OURS_PLAIN, '/private', false),
    twins(world, OURS_OPEN, '/open', false),
    autocannonGet(world),
  ]
  if (wrk !== undefined) list.push(wrkGet(world, wrk))
  if (artillery !== undefined) {
    list.push(artilleryLoop(world, ARTILLERY, artillery, '/private'))
    list.push(artilleryLoop(world, ARTILLERY_OPEN, artillery, '/open'))
  }
  return list
}

function twins(world: World, name: string, area: Area, compared: boolean): Candidate {
  const { shop, seconds } = world
  const task = { kind: 'saturate', url: shop.url, area, users: USERS, seconds, compared }
  return {
    name,
    run: async () => {
      const run = await measuredRun(ours(world, task), optionsOf(world))
      const load = RESULTS.load.parse(lastLine(run.stdout))
      return { figures: loadFigures(run, load), isNoisy: run.isNoisy }
    },
  }
}

function autocannonGet(world: World): Candidate {
  const { shop, seconds } = world
  return {
    name: AUTOCANNON,
    run: async () => {
      const args = [client('autocannon.ts'), `${shop.url}/plain`, String(seconds)]
      const run = await measuredRun([process.execPath, ...args], optionsOf(world))
      const load = RESULTS.load.parse(lastLine(run.stdout))
      return { figures: loadFigures(run, load), isNoisy: run.isNoisy }
    },
  }
}

function wrkGet(world: World, bin: string): Candidate {
  const { shop, seconds } = world
  return {
    name: WRK,
    run: async () => {
      const run = await measuredRun(wrkCommand(bin, shop.url, seconds), optionsOf(world))
      return { figures: loadFigures(run, readWrk(run.stdout)), isNoisy: run.isNoisy }
    },
  }
}

function artilleryLoop(world: World, name: string, bin: string, area: Area): Candidate {
  const { shop, seconds } = world
  const loops = Math.max(1, Math.round((seconds * ARTILLERY_RPS) / (USERS * 5)))
  return {
    name,
    run: async () => {
      const job = loopedSessions(bin, shop.url, area, { users: USERS, loops })
      const run = await measuredRun(job.command, { ...optionsOf(world), env: job.env })
      return { figures: loadFigures(run, job.read()), isNoisy: run.isNoisy }
    },
  }
}

function optionsOf({ shop, seconds }: World): { serverPid: number; timeoutMs: number } {
  return { serverPid: shop.pid, timeoutMs: seconds * 20_000 + 60_000 }
}

function targetsOf(results: Results): Awaited<ReturnType<Part['run']>>['targets'] {
  const [cpu, rps] = [results.median(OURS, 'cpu'), results.median(OURS, 'rps')]
  const [cpuByAutocannon, rpsByAutocannon] = byOther(results, AUTOCANNON)
  const [cpuByWrk, rpsByWrk] = byOther(results, WRK)
  const [cpuByArtillery, rpsByArtillery] = byOther(results, ARTILLERY)
  const steady = results.ratio(ARTILLERY, 'steady', OURS)
  const inverse = cpuByArtillery === undefined ? undefined : 1 / cpuByArtillery
  return [
    {
      id: 'T1',
      target: 'twin replay, saturated: ≤ 25 µs/request whole, ≥ 40 000 req/s',
      measured: `${results.show(OURS, 'cpu', 1)} µs, ${results.show(OURS, 'rps', 0)} req/s${results.mark(OURS)}`,
      isMet: allOf(atMost(cpu, 25), atLeast(rps, 40_000)),
    },
    {
      id: 'T1r',
      target: 'CPU ≤ 1.5 × autocannon, ≤ 3.5 × wrk; req/s ≥ 0.65 ×, ≥ 0.29 ×',
      measured:
        `CPU ${times(cpuByAutocannon)}, ${times(cpuByWrk)}; ` +
        `req/s ${times(rpsByAutocannon)}, ${times(rpsByWrk)}${results.mark(OURS, AUTOCANNON, WRK)}`,
      isMet: allOf(
        atMost(cpuByAutocannon, 1.5),
        atMost(cpuByWrk, 3.5),
        atLeast(rpsByAutocannon, 0.65),
        atLeast(rpsByWrk, 0.29),
      ),
    },
    {
      id: 'T2',
      target: '≥ 15 × Artillery, session, CPU and req/s',
      measured: `CPU ${times(inverse, 1)} (from 3 s on ${times(steady, 1)}), req/s ${times(rpsByArtillery, 1)}${results.mark(OURS, ARTILLERY)}`,
      isMet: allOf(atLeast(inverse, 15), atLeast(rpsByArtillery, 15)),
    },
    {
      id: 'T3',
      target: '≥ 3 × k6, session, saturated',
      // PERFORMANCE: k6 has 0.24 of Artillery's CPU whole, 3.75 of its req/s; k6 itself is not run.
      measured:
        'k6 is not run; derived from Artillery by its ratios (0.24 of the CPU, 3.75 of the req/s): ' +
        `CPU ${times(inverse === undefined ? undefined : inverse * 0.24, 1)}, ` +
        `req/s ${times(rpsByArtillery === undefined ? undefined : rpsByArtillery / 3.75, 1)}`,
      isMet: undefined,
    },
  ]
}

/** Our CPU and req/s by the other's, round by round. */
function byOther(results: Results, other: string): [number | undefined, number | undefined] {
  return [results.ratio(OURS, 'cpu', other), results.ratio(OURS, 'rps', other)]
}
