/**
 * Our generator beside autocannon, wrk and Artillery in one run: what a request costs, the highest
 * rate, how true the latencies are, and memory. Candidates take turns in random order; a run that
 * something else on the machine disturbed is repeated, then marked. Prints Markdown.
 *
 *   node bench/generator/compare.ts [--rounds 5] [--seconds 10]
 *     [--only saturated,workers,latency,arrivals,memory] [--long] [--take-noisy] [--seed 1]
 */

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { createRandom } from '../../src/core/random.ts'
import { bundled } from './machine/bundle.ts'
import { describeCores } from './machine/cores.ts'
import { takeNoisyRuns } from './machine/run.ts'
import { findTools } from './machine/tools.ts'
import { arrivals } from './parts/arrivals.ts'
import { latency } from './parts/latency.ts'
import { memory } from './parts/memory.ts'
import { client, type Part, type PartResult, type TargetRow } from './parts/part.ts'
import { saturated } from './parts/saturated.ts'
import { workers } from './parts/workers.ts'
import { startDelay, startShop } from './servers/start.ts'

const PARTS: readonly Part[] = [saturated, workers, latency, arrivals, memory]

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    long: { type: 'boolean', default: false },
    'take-noisy': { type: 'boolean', default: false },
  },
})

const chosen = values.only?.split(',') ?? PARTS.map(({ name }) => name)
const unknown = chosen.find((name) => !PARTS.some((part) => part.name === name))
if (unknown !== undefined) {
  console.error(
    `There is no part "${unknown}"; there are ${PARTS.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}
if (values['take-noisy']) takeNoisyRuns()

const tell = (line: string): void => console.error(line)
const tools = await findTools(tell)
const ours = await bundled(client('ours.ts'))
const [shop, delay] = await Promise.all([startShop(), startDelay()])
const results: PartResult[] = []
try {
  for (const part of PARTS.filter(({ name }) => chosen.includes(name))) {
    tell(`part ${part.name}`)
    results.push(
      await part.run({
        tools,
        ours,
        shop,
        delay,
        tell,
        rounds: Number(values.rounds),
        seconds: Number(values.seconds),
        isLong: values.long,
        random: createRandom(Number(values.seed), part.name),
      }),
    )
  }
} finally {
  shop.stop()
  delay.stop()
}
print()

function print(): void {
  console.log(
    `${values.rounds} rounds of ${values.seconds} s, seed ${values.seed}; ${describeCores()} ` +
      `(${cpus()[0]?.model ?? 'unknown'}); Node ${process.version}; median [least–most]\n`,
  )
  printTable(
    'Targets',
    ['', 'target', 'measured', ''],
    results.flatMap(({ targets }) => targets.map(rowOf)),
  )
  for (const { title, head, rows } of results.flatMap(({ tables }) => tables)) {
    printTable(title, head, rows)
  }
}

function rowOf({ id, target, measured, isMet }: TargetRow): string[] {
  const verdict = isMet === undefined ? 'not measured' : isMet ? 'met' : '**missed**'
  return [id, target, measured, verdict]
}

function printTable(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  console.log(`## ${title}\n`)
  console.log(`| ${head.join(' | ')} |`)
  console.log(`| ${head.map((_, index) => (index === 0 ? '---' : '--:')).join(' | ')} |`)
  for (const row of rows) console.log(`| ${row.join(' | ')} |`)
  console.log('')
}
