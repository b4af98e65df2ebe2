/** Part 3: what each tool reports at 1 000 requests a second, against a server whose delay is known. */

import { arrivingGets } from '../clients/artillery.ts'
import { lastLine, RESULTS, type Open, type Truth } from '../clients/results.ts'
import { readWrk, wrkCommand } from '../clients/wrk.ts'
import { interleaved, type Candidate, type Figures, type Results } from '../machine/rounds.ts'
import { measuredRun, type Run } from '../machine/run.ts'
import { allOf, atLeast, atMost, client, ours, type Part, type Table, type World } from './part.ts'

const RATE = 1000
const OURS = 'ours'
const FLOOR = 'raw sockets, spinning'
/** The server answers nothing in the last tenth of each period; a steady stream then waits this. */
const SHORT_MS = 2
const STALL_SHARE = 0.1

type Mode = 'fixed' | 'tail' | 'stall'

export const latency: Part = {
  name: 'latency',
  run: async (world) => {
    const fixed = await measure(world, 'fixed')
    const tail = await measure(world, 'tail')
    const stall = await measure(world, 'stall')
    const openMeanMs = SHORT_MS + (STALL_SHARE * STALL_SHARE * periodMs(world)) / 2
    return {
      tables: [
        tableOf('fixed delay of 5 ms', fixed),
        tableOf('2 ms, every 100th 100 ms', tail),
        tableOf(
          `2 ms, and ${(periodMs(world) * STALL_SHARE).toFixed(0)} ms of no answers every ` +
            `${(periodMs(world) / 1000).toFixed(1)} s: a steady stream meets ${openMeanMs.toFixed(1)} ms`,
          stall,
        ),
      ],
      targets: [accuracyRow(fixed), stallRow(world, stall, openMeanMs)],
    }
  },
}

function accuracyRow(fixed: Results): Awaited<ReturnType<Part['run']>>['targets'][number] {
  const [p50, p99] = [fixed.median(OURS, 'errP50'), fixed.median(OURS, 'errP99')]
  const floor = fixed.median(FLOOR, 'errP99')
  const counts = floor !== undefined && floor <= 1
  const isMet = allOf(atMost(p50, 0.3), atMost(p99, 2))
  return {
    id: 'T4',
    target:
      '1 000/s, Poisson, 5 ms: error p50 ≤ 0.3, p99 ≤ 2 ms; counts if raw sockets have p99 ≤ 1',
    measured:
      `p50 ${fixed.show(OURS, 'errP50', 2)}, p99 ${fixed.show(OURS, 'errP99', 2)} ms; ` +
      `raw sockets p99 ${fixed.show(FLOOR, 'errP99', 2)}${counts ? '' : ': does not count here'}` +
      fixed.mark(OURS, FLOOR),
    isMet: counts ? isMet : undefined,
  }
}

function stallRow(
  world: World,
  stall: Results,
  openMeanMs: number,
): Awaited<ReturnType<Part['run']>>['targets'][number] {
  const mean = stall.median(OURS, 'meanMs')
  const [sent, dropped] = [stall.median(OURS, 'requests'), stall.median(OURS, 'dropped')]
  const counted = sent === undefined || dropped === undefined ? undefined : sent + dropped
  return {
    id: 'T9',
    target: 'stall: mean delay met ≥ 97 % of the open value, nothing dropped silently',
    measured:
      `${stall.show(OURS, 'meanMs', 1)} of ${openMeanMs.toFixed(1)} ms; ${sent ?? '–'} sent and ` +
      `${dropped ?? '–'} dropped of ${RATE * world.seconds}${stall.mark(OURS)}`,
    // The arrivals are Poisson, so their number is not exact.
    isMet: allOf(
      atLeast(mean, 0.97 * openMeanMs),
      atLeast(counted, RATE * world.seconds - 4 * Math.sqrt(RATE * world.seconds)),
    ),
  }
}

async function measure(world: World, mode: Mode): Promise<Results> {
  const { tools, delay, seconds } = world
  const list: Candidate[] = [ourClient(world, mode)]
  if (mode === 'fixed') list.push(floorClient(world))
  const url = `${delay.url}/plain`
  const autocannon = [process.execPath, client('autocannon.ts'), url, String(seconds), String(RATE)]
  list.push(
    tool(world, mode, 'autocannon -R', async (options) => {
      const run = await measuredRun(autocannon, options)
      return { run, open: RESULTS.open.parse(lastLine(run.stdout)) }
    }),
  )
  const { wrk, artillery } = tools
  if (wrk !== undefined) {
    list.push(
      tool(world, mode, 'wrk (closed loop)', async (options) => {
        const run = await measuredRun(wrkCommand(wrk, delay.url, seconds), options)
        return { run, open: readWrk(run.stdout) }
      }),
    )
  }
  if (artillery !== undefined) {
    list.push(
      tool(world, mode, 'Artillery', async (options) => {
        const job = arrivingGets(artillery, delay.url, { perSecond: RATE, seconds })
        const run = await measuredRun(job.command, { ...options, env: job.env })
        return { run, open: job.read() }
      }),
    )
  }
  return await interleaved(list, {
    ...world,
    tell: (line) => world.tell(`${mode}, ${line}`),
  })
}

function ourClient(world: World, mode: Mode): Candidate {
  const { delay, seconds } = world
  const begin = beginPath(world, mode)
  // The first second is the compiler's; the target says ten.
  const warmUpSeconds = Math.min(10, seconds)
  const task = { kind: 'open', url: delay.url, rate: RATE, warmUpSeconds, seconds, begin }
  return {
    name: OURS,
    run: async () => {
      const run = await measuredRun(ours(world, task), optionsOf(world))
      return { figures: await figuresOf(world, readOpen(run)), isNoisy: run.isNoisy }
    },
  }
}

function floorClient(world: World): Candidate {
  const { delay, seconds } = world
  const warmUp = Math.min(10, seconds)
  const args = [delay.url, RATE, warmUp, seconds, beginPath(world, 'fixed')].map(String)
  return {
    name: FLOOR,
    run: async () => {
      const command = [process.execPath, client('floor.ts'), ...args]
      const run = await measuredRun(command, optionsOf(world))
      return { figures: await figuresOf(world, readOpen(run)), isNoisy: run.isNoisy }
    },
  }
}

type RunOptions = ReturnType<typeof optionsOf>

function tool(
  world: World,
  mode: Mode,
  name: string,
  work: (options: RunOptions) => Promise<{ run: Run; open: Open }>,
): Candidate {
  return {
    name,
    run: async () => {
      await (await fetch(world.delay.url + beginPath(world, mode))).text()
      const { run, open } = await work(optionsOf(world))
      return { figures: await figuresOf(world, open), isNoisy: run.isNoisy }
    },
  }
}

async function figuresOf({ delay }: World, open: Open): Promise<Figures> {
  const truth: Truth = RESULTS.truth.parse(await (await fetch(`${delay.url}/truth`)).json())
  return {
    p50: open.reported.p50,
    trueP50: truth.p50Ms,
    p99: open.reported.p99,
    trueP99: truth.p99Ms,
    p999: open.reported.p999,
    trueP999: truth.p999Ms,
    meanMs: open.meanDelayMs ?? truth.meanMs,
    requests: open.requests,
    failed: open.failed,
    dropped: open.dropped,
    bursts: truth.bursts,
    errP50: open.error?.p50,
    errP99: open.error?.p99,
    errP999: open.error?.p999,
    lagP99: open.lag?.p99,
    serviceP99: open.service?.p99,
  }
}

function tableOf(title: string, results: Results): Table {
  const against = (name: string, figure: string, truth: string): string =>
    `${results.show(name, figure, 1)} (${results.median(name, truth)?.toFixed(1) ?? '–'})`
  return {
    title: `${RATE} requests a second, ${title}: reported (true), ms`,
    head: [
      'client',
      'p50',
      'p99',
      'p99.9',
      'error p50',
      'p99',
      'p99.9',
      'mean delay met',
      'sent',
      'dropped',
      'bursts',
    ],
    rows: results.names.map((name) => [
      results.label(name),
      against(name, 'p50', 'trueP50'),
      against(name, 'p99', 'trueP99'),
      against(name, 'p999', 'trueP999'),
      results.show(name, 'errP50', 2),
      results.show(name, 'errP99', 2),
      results.show(name, 'errP999', 2),
      results.show(name, 'meanMs', 1),
      results.show(name, 'requests', 0),
      results.show(name, 'dropped', 0),
      results.show(name, 'bursts', 1),
    ]),
  }
}

function readOpen(run: Run): Open {
  return RESULTS.open.parse(lastLine(run.stdout))
}

/** Whole periods in every run, so that the mean does not depend on where it begins. */
function periodMs({ seconds }: World): number {
  const whole = Math.max(1, Math.round(seconds / 5))
  return (seconds * 1000) / whole
}

function beginPath(world: World, mode: Mode): string {
  return `/begin?mode=${mode}&period=${periodMs(world)}`
}

function optionsOf({ delay, seconds }: World): { serverPid: number; timeoutMs: number } {
  return { serverPid: delay.pid, timeoutMs: seconds * 10_000 + 90_000 }
}
