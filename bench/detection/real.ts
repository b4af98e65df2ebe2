/**
 * How soon and how surely on recorded traces: real servers of this machine, probed by the product,
 * and the same samples through the rules of other tools. Equal arms, defects that were put in and
 * honest ones, one run after the other: leave the machine alone meanwhile. Finished runs are kept.
 *
 *   node bench/detection/real.ts [--equal 20] [--defects 2] [--only cpu-50,leak]
 *     [--out .outrider/detection]
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeMarkdown } from './drawing/markdown.ts'
import { writePage } from './drawing/page.ts'
import { VERSIONS, versionOf, type VersionName } from './real/defects.ts'
import { probeShop, type RecordedRun } from './real/probe-shop.ts'
import { summariseRecorded } from './real/summary.ts'

const { values } = parseArgs({
  options: {
    equal: { type: 'string', default: '20' },
    defects: { type: 'string', default: '2' },
    only: { type: 'string' },
    out: { type: 'string', default: '.outrider/detection' },
  },
})
const versions =
  values.only === undefined ? VERSIONS : values.only.split(',').map((name) => versionOf(name))
mkdirSync(values.out, { recursive: true })
const file = join(values.out, 'recorded.jsonl')
const runs: RecordedRun[] = existsSync(file)
  ? readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RecordedRun)
  : []

for (const { name, kind } of versions) {
  const wanted = Number(kind === 'equal' ? values.equal : values.defects)
  for (let seed = 1; seed <= wanted; seed += 1) {
    if (!runs.some((run) => run.version === name && run.seed === seed)) await record(name, seed)
  }
}
const sections = summariseRecorded(runs)
const markdown = writeMarkdown(sections)
console.log(markdown)
writeFileSync(join(values.out, 'RECORDED.md'), markdown)
writeFileSync(join(values.out, 'recorded.html'), writePage(sections))

async function record(name: VersionName, seed: number): Promise<void> {
  const run = await probeShop(name, seed)
  runs.push(run)
  appendFileSync(file, `${JSON.stringify(run)}\n`)
  const found = run.findings.map(
    ({ action, metric, detectedAt }) => `${action} ${metric} ${detectedAt.toFixed(1)} s`,
  )
  const why = run.reasons.length === 0 ? '' : ` (${run.reasons.join(', ')})`
  console.error(`${name} ${seed}: ${run.verdict}${why}, ${found.join(', ') || 'nothing found'}`)
}
