/**
 * What the store of profiles does with many: how fast it takes them in, and how soon it answers.
 * Prints a table in Markdown. The rate leaves out what making the profiles costs; the way they were
 * written before runs beside it on a fifth of them (it slows down with their number).
 *
 *   node bench/profiles/compare.ts [--count 1000000] [--folder FOLDER] [--no-earlier]
 */

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabase } from '../../profiles-db/open.ts'
import type { Criteria } from '../../src/core/contract/criteria.ts'
import { parseProfiles } from '../../src/profiles/read.ts'
import { createProfileStore, type ProfileStore } from '../../src/profiles/store.ts'
import { importAsBefore } from './earlier.ts'
import { COUNTRIES, NEVER_TOGETHER, people } from './people.ts'

const RATE_GOAL = 50_000
const PAGE_GOAL_MS = 5
const DRAW_GOAL_MS = 50
const REPEATS = 40

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    folder: { type: 'string' },
    'no-earlier': { type: 'boolean', default: false },
  },
})
const count = Number(values.count)
const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'outrider-profiles-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const [left, right] = NEVER_TOGETHER
const PARTS = ['', '-A', '-B', '-C']
const PAGES: readonly (readonly [name: string, criteria: Criteria])[] = [
  ['everybody', {}],
  ['one label', { label: 'buyer' }],
  ['a country and a device', { geo_location: 'US', device_type: 'mobile' }],
  ['a rare label and a country', { label: 'rare', geo_location: 'DE' }],
  [
    'a label, an action, a country, a device',
    {
      label: 'buyer',
      action: 'checkout',
      geo_location: ['US', 'DE'],
      device_type: 'desktop',
    },
  ],
  ['a wide amount and a label', { 'resource_intensity.cpu_ms': { gte: 20 }, label: 'buyer' }],
  ['a narrow amount', { 'resource_intensity.cpu_ms': { gte: 500 } }],
  ['one user', { user_id: 'user-777' }],
]
/** Each of the two is common, but hardly anybody has both. */
const WORST: Criteria = { label: [left], behavioral_pattern: [right] }
/** Conditions that leave less than a page: every one of them must be looked at to the end. */
const RARELY: readonly (readonly [name: string, criteria: Criteria])[] = [
  ['two that rarely meet', WORST],
  ['three that rarely meet', { ...WORST, geo_location: 'US' }],
  ['four that rarely meet', { ...WORST, geo_location: 'US', device_type: 'desktop' }],
  [
    'two of whom one is any of 36',
    { ...WORST, geo_location: COUNTRIES.flatMap((place) => PARTS.map((part) => place + part)) },
  ],
  ['two that rarely meet and a wide amount', { ...WORST, 'resource_intensity.cpu_ms': { gte: 9 } }],
  [
    'four amounts that rarely meet',
    {
      'resource_intensity.cpu_ms': { gte: 150 },
      'resource_intensity.memory_mb': { lte: 2 },
      'resource_intensity.network_kb': { lte: 50 },
      'resource_intensity.period_s': { lte: 60 },
    },
  ],
]

function main(): void {
  const rows: string[][] = []
  rows.push(...importRows())
  const db = openDatabase(join(folder, 'now.db'))
  const store = createProfileStore(db)
  const [replaced] = store.page({ user_id: 'user-777' }, { limit: 1 }).profiles
  if (replaced === undefined) throw new RangeError('user-777 was not stored')
  for (const [name, criteria] of PAGES) {
    rows.push(timed(`page of 50: ${name}`, PAGE_GOAL_MS, () => store.page(criteria, { limit: 50 })))
  }
  for (const [name, criteria] of RARELY) {
    rows.push(timed(`page of 50: ${name}`, PAGE_GOAL_MS, () => store.page(criteria, { limit: 50 })))
  }
  rows.push(timed('page of 50: everybody, in the middle', PAGE_GOAL_MS, nextPages(store)))
  rows.push(timed('one user replaced', undefined, () => store.put(replaced)))
  for (const [name, criteria] of PAGES.slice(0, 5)) {
    let seed = 0
    rows.push(
      timed(`1 000 at random: ${name}`, DRAW_GOAL_MS, () => store.draw(criteria, 1000, ++seed)),
    )
  }
  rows.push(
    timed('1 000 at random: two that rarely meet', DRAW_GOAL_MS, () => {
      store.draw(WORST, 1000, 1)
    }),
  )
  db.close()
  print(rows)
}

/** Each call reads the page after the one before. */
function nextPages(store: ProfileStore): () => void {
  let cursor = store.page({}, { limit: 50 }).nextCursor
  return () => {
    cursor = store.page({}, cursor === undefined ? { limit: 50 } : { limit: 50, cursor }).nextCursor
  }
}

function importRows(): string[][] {
  const making = elapsed(() => drain(people(count)))
  const db = openDatabase(join(folder, 'now.db'))
  const cpu = process.cpuUsage()
  const ms = elapsed(() => createProfileStore(db).insert(people(count))) - making
  const spent = process.cpuUsage(cpu)
  db.close()
  const rate = count / (ms / 1000)
  const megabytes = statSync(join(folder, 'now.db')).size / 2 ** 20
  const rows = [
    [`import of ${count}`, `${rate.toFixed(0)}/s`, `≥ ${RATE_GOAL}/s`, verdict(rate >= RATE_GOAL)],
    [
      '… CPU a profile, with making it',
      `${((spent.user + spent.system) / count).toFixed(1)} µs`,
      '',
      '',
    ],
    ['… size of the file', `${megabytes.toFixed(0)} MB`, '', ''],
    ['… most memory (RSS)', `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`, '', ''],
  ]
  const few = Math.max(1, Math.floor(count / 5))
  if (!values['no-earlier']) rows.push(...besideEarlier(few))
  rows.push(['reading NDJSON (parsed, checked)', `${readingRate().toFixed(0)}/s`, '', ''])
  return rows
}

/** In turns, so that a machine that slows down slows both. */
function besideEarlier(few: number): string[][] {
  const now: number[] = []
  const earlier: number[] = []
  for (let round = 0; round < 3; round += 1) {
    const making = elapsed(() => drain(people(few)))
    const db = openDatabase(join(folder, `now-${round}.db`))
    now.push(elapsed(() => createProfileStore(db).insert(people(few))) - making)
    db.close()
    earlier.push(importAsBefore(join(folder, `earlier-${round}.db`), people(few)) - making)
  }
  const ratios = now.map((ms, index) => (earlier[index] ?? Number.NaN) / ms)
  const [ratio, rate] = [median(ratios), few / (median(earlier) / 1000)]
  return [
    [`import of ${few} as before migration 004`, `${rate.toFixed(0)}/s`, '', ''],
    ['… now ÷ before, in turns', `${ratio.toFixed(1)} ×`, '', ''],
  ]
}

function readingRate(): number {
  const lines = Array.from(people(Math.min(count, 50_000)), (profile) => JSON.stringify(profile))
  const text = lines.join('\n')
  return lines.length / (elapsed(() => parseProfiles(text, 'people.ndjson')) / 1000)
}

function timed(name: string, goalMs: number | undefined, work: () => unknown): string[] {
  work()
  const cpu = process.cpuUsage()
  const took = Array.from({ length: REPEATS }, () => elapsed(work)).toSorted((a, b) => a - b)
  const middle = median(took)
  const worst = took.at(-1) ?? Number.NaN
  const spent = process.cpuUsage(cpu)
  const cpuMs = (spent.user + spent.system) / 1000 / REPEATS
  const shown = `${middle.toFixed(2)} ms (most ${worst.toFixed(2)}, CPU ${cpuMs.toFixed(2)})`
  if (goalMs === undefined) return [name, shown, '', '']
  return [name, shown, `≤ ${goalMs} ms`, verdict(middle <= goalMs)]
}

function elapsed(work: () => unknown): number {
  const startedMs = performance.now()
  work()
  return performance.now() - startedMs
}

function drain(items: Iterable<unknown>): void {
  for (const item of items) if (item === undefined) throw new RangeError('nothing was made')
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'missed'
}

function print(rows: readonly (readonly string[])[]): void {
  console.log('| | measured | goal | |\n| --- | --: | --: | --- |')
  for (const row of rows) console.log(`| ${row.join(' | ')} |`)
}

main()
