/**
 * The log of finished runs, one JSON line each, so that a long study may be stopped and goes on
 * where it was. A line counts only for the sources that wrote it: results of another engine are
 * never mixed in.
 */

import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Job, Outcome } from './studies/study.ts'

const ROOT = join(import.meta.dirname, '../..')
/** What a result depends on. */
const SOURCES = [
  'src/analysis',
  'src/core',
  'bench/detection/simulation',
  'bench/detection/studies',
]

export interface RunLog {
  find(job: Job): Outcome<unknown> | undefined
  add(outcome: Outcome<unknown>): void
}

interface Line extends Outcome<unknown> {
  readonly sources: string
}

export function openRunLog(folder: string): RunLog {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'runs.jsonl')
  const sources = digestOf(SOURCES)
  const known = new Map<string, Outcome<unknown>>()
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  for (const line of lines) {
    const found = parseLine(line)
    if (found?.sources === sources) known.set(keyOf(found.job), found)
  }
  return {
    find: (job) => known.get(keyOf(job)),
    add(outcome) {
      known.set(keyOf(outcome.job), outcome)
      appendFileSync(file, `${JSON.stringify({ sources, ...outcome })}\n`)
    },
  }
}

/** A line that a stopped run left half written is none. */
function parseLine(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line
  } catch {
    return undefined
  }
}

function keyOf({ study, case: name, seed }: Job): string {
  return `${study}\n${name}\n${seed}`
}

function digestOf(folders: readonly string[]): string {
  const hash = createHash('sha256')
  for (const folder of folders) {
    const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    for (const file of files.filter((name) => name.endsWith('.ts')).toSorted()) {
      hash.update(file).update(readFileSync(join(ROOT, folder, file)))
    }
  }
  return hash.digest('hex').slice(0, 16)
}
