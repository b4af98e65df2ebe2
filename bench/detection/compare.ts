/**
 * How soon and how surely, beside the rules of other tools: the study behind the goals of the
 * engine, on simulated traces. Seeded. Finished runs are kept in the folder, so a study that was
 * stopped goes on; runs of other sources are not counted.
 *
 *   node bench/detection/compare.ts [--runs 1000] [--quick] [--only alarms,detection]
 *     [--workers 2] [--minutes 60] [--out .outrider/detection]
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeMarkdown } from './drawing/markdown.ts'
import { writePage } from './drawing/page.ts'
import { runJobs } from './pool.ts'
import { openRunLog } from './run-log.ts'
import { findGoals } from './studies/goals.ts'
import { STUDIES, studyOf } from './studies/all.ts'

const QUICK_RUNS = 30

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    workers: { type: 'string', default: '2' },
    minutes: { type: 'string', default: '240' },
    out: { type: 'string', default: '.outrider/detection' },
  },
})
const runs = values.quick ? QUICK_RUNS : Number(values.runs)
const studies = values.only === undefined ? STUDIES : values.only.split(',').map(studyOf)
const jobs = studies.flatMap((study) => study.jobs(runs))
const log = openRunLog(values.out)
const missing = jobs.filter((job) => log.find(job) === undefined)
console.log(`${jobs.length} runs, ${jobs.length - missing.length} of them done before`)

const startedAt = performance.now()
const lastMoment = startedAt + 60_000 * Number(values.minutes)
let done = 0
await runJobs(
  missing,
  Number(values.workers),
  (outcome) => {
    log.add(outcome)
    done += 1
    if (process.stderr.isTTY || done % 50 === 0) process.stderr.write(`${progress()}\r`)
  },
  () => performance.now() > lastMoment,
)
process.stderr.write(`${progress()}\n`)

const outcomes = jobs.flatMap((job) => log.find(job) ?? [])
const sections = [
  ...findGoals(outcomes),
  ...studies.flatMap((study) => {
    const own = outcomes.filter(({ job }) => job.study === study.name)
    return own.length === 0 ? [] : [study.summarise(own)]
  }),
]
const markdown = writeMarkdown(sections)
console.log(markdown)
writeFileSync(join(values.out, 'RESULTS.md'), markdown)
writeFileSync(join(values.out, 'results.json'), `${JSON.stringify(sections, neverInWords, 1)}\n`)
writeFileSync(join(values.out, 'results.html'), writePage(sections))
console.log(`Written to ${values.out}: RESULTS.md, results.json, results.html, runs.jsonl`)

/** JSON has no infinities. */
function neverInWords(_: string, value: unknown): unknown {
  return value === Infinity ? 'never' : value
}

function progress(): string {
  const spent = (performance.now() - startedAt) / 1000
  const left = done === 0 ? Number.NaN : (spent / done) * (missing.length - done)
  const last = Number.isNaN(left) ? '' : `, about ${(left / 60).toFixed(1)} min left`
  return `${done} of ${missing.length} runs, ${(spent / 60).toFixed(1)} min${last}   `
}
