/** From an access log to profiles: people's visits as actions, without the people. */

import type { Profile } from '../../core/contract/profile.ts'
import { UsageError } from '../../core/errors.ts'
import { createRandom } from '../../core/random.ts'
import type { Ontology } from '../../actions/ontology.ts'
import { createRouteMatcher } from '../../actions/routes.ts'
import { withActivityLabels } from '../labels.ts'
import { resourceIntensityOf, type MeasuredCosts } from '../resource.ts'
import { parseLogLine, type LogEntry, type LogFormat } from './access-log.ts'
import { createAgentJudge } from './agent.ts'
import {
  createPseudonyms,
  dropRare,
  withoutTimes,
  type Pseudonyms,
  type RecordedStep,
} from './anonymise.ts'
import { sessionise } from './sessionise.ts'

export interface ImportOptions {
  readonly format: LogFormat
  readonly ontology: Ontology
  /** The name that errors show. */
  readonly file: string
  /** Path values and actions of fewer addresses than these are dropped. */
  readonly k: number
  readonly keepAssets?: boolean
  readonly keepBots?: boolean
  /** Seed of the jitter. Pseudonyms do not depend on it: a known seed would make them guessable. */
  readonly seed: number
  /** For tests; by default a random key that is thrown away. */
  readonly key?: Uint8Array
  /** What the actions cost in earlier runs; left out = what the ontology says. */
  readonly measured?: MeasuredCosts
}

export interface ImportReport {
  readonly lines: number
  /** Lines that could be read. */
  readonly requests: number
  readonly skippedLines: number
  /** Clients, sessions and steps of people, before anything rare is dropped. */
  readonly clients: number
  readonly sessions: number
  readonly profiles: number
  /** Steps in the profiles, by action. */
  readonly actions: Readonly<Record<string, number>>
  /** Requests that are not in the profiles, by reason; `queryValues`: kept without their query. */
  readonly removed: Readonly<Record<Removal, number>>
}

type Removal =
  | 'bots'
  | 'assets'
  | 'otherMethods'
  | 'failed'
  | 'unmapped'
  | 'rareValues'
  | 'rareActions'
  | 'longSessions'
  | 'queryValues'

/** More malformed lines than this share mean another format, not a few broken lines. */
const MALFORMED_SHARE = 0.05
/** Steps that are held in memory at once. */
const STEP_LIMIT = 5_000_000
/** Steps of one session; a profile holds no more. */
const SESSION_STEP_LIMIT = 10_000
/** What a page brings along: the browser asks for it, not the person. */
const ASSET = /\.(?:css|m?js|map|png|jpe?g|gif|ico|svg|webp|avif|bmp|woff2?|ttf|otf|eot)$/i

/**
 * Profiles of the people in a log, one for each session. Bots (by agent, or because they asked for
 * robots.txt), assets, failed requests, other methods than GET and HEAD, and what no route of the
 * ontology takes are left out and counted.
 * @throws UsageError with code `bad-log` if the first line or more than 5 % are malformed,
 *   `bad-k`, `no-routes`, `import-too-large` or `nothing-imported`
 */
export async function importAccessLog(
  lines: AsyncIterable<string>,
  options: ImportOptions,
): Promise<{ profiles: Profile[]; report: ImportReport }> {
  checkOptions(options)
  const pseudonyms = createPseudonyms(options.key)
  const read = await readSteps(lines, options, pseudonyms)
  const people = options.keepBots
    ? read.steps
    : read.steps.filter(({ client }) => !read.robots.has(client))
  const sessions = sessionise(people)
  const { sessions: kept, rareValues, rareActions } = dropRare(sessions, options.k)
  const { profiles, longSessions } = profilesOf(kept, options, pseudonyms)
  const report = {
    lines: read.lines,
    requests: read.lines - read.skippedLines,
    skippedLines: read.skippedLines,
    clients: new Set(people.map(({ client }) => client)).size,
    sessions: sessions.length,
    profiles: profiles.length,
    actions: countActions(profiles),
    removed: {
      ...read.removed,
      bots: read.removed.bots + read.steps.length - people.length,
      rareValues,
      rareActions,
      longSessions,
    },
  }
  if (profiles.length === 0) throw nothingImported(report, options.file)
  return { profiles, report }
}

interface ReadLog {
  readonly steps: RecordedStep[]
  /** Clients that asked for robots.txt. */
  readonly robots: ReadonlySet<string>
  readonly lines: number
  readonly skippedLines: number
  readonly removed: Record<Removal, number>
}

async function readSteps(
  lines: AsyncIterable<string>,
  options: ImportOptions,
  pseudonyms: Pseudonyms,
): Promise<ReadLog> {
  const { format, file } = options
  const sort = createSorter(options, pseudonyms)
  let lineNumber = 0
  let lineCount = 0
  let skippedLines = 0
  let firstBad = 0
  for await (const line of lines) {
    lineNumber += 1
    if (line.trim() === '') continue
    lineCount += 1
    const entry = parseLogLine(line.replace(/\r$/, ''), format)
    if (entry !== undefined) {
      sort.add(entry)
      continue
    }
    skippedLines += 1
    if (firstBad === 0) firstBad = lineNumber
    if (lineCount === 1) throw badLog(file, lineNumber, 'is not in this format', format)
  }
  if (lineCount === 0) throw badLog(file, 1, 'is missing: the file is empty', format)
  if (skippedLines > MALFORMED_SHARE * lineCount) {
    const share = `is not in this format, nor are ${skippedLines} of ${lineCount} lines`
    throw badLog(file, firstBad, share, format)
  }
  return { ...sort.sorted(), lines: lineCount, skippedLines }
}

type Sorted = Pick<ReadLog, 'steps' | 'robots' | 'removed'>

/** Decides of each request whether it is a step, and if not, why. */
function createSorter(
  options: ImportOptions,
  pseudonyms: Pseudonyms,
): { add(entry: LogEntry): void; sorted(): Sorted } {
  const judgeAgent = createAgentJudge(options.format === 'combined')
  const findRoute = createRouteMatcher(options.ontology)
  const steps: RecordedStep[] = []
  const robots = new Set<string>()
  const removed: Record<Removal, number> = {
    bots: 0,
    assets: 0,
    otherMethods: 0,
    failed: 0,
    unmapped: 0,
    rareValues: 0,
    rareActions: 0,
    longSessions: 0,
    queryValues: 0,
  }
  const add = (entry: LogEntry): void => {
    const agent = judgeAgent(entry.userAgent)
    const [path = ''] = entry.target.split(/[?#]/, 1)
    const client = pseudonyms(`${entry.address}\0${entry.userAgent}`)
    if (path === '/robots.txt') robots.add(client)
    const reason = reasonToDrop(entry, path, agent.isBot, options)
    // The query never reaches the matcher, so no value of it can reach the data.
    const route = reason === undefined ? findRoute(entry.method, path) : undefined
    if (route === undefined) {
      removed[reason ?? 'unmapped'] += 1
      return
    }
    if (path.length < entry.target.length) removed.queryValues += 1
    if (steps.length >= STEP_LIMIT) throw tooLarge(options.file)
    const address = pseudonyms(entry.address)
    steps.push({ client, address, timeMs: entry.timeMs, device: agent.device, ...route })
  }
  return { add, sorted: () => ({ steps, robots, removed }) }
}

function reasonToDrop(
  entry: LogEntry,
  path: string,
  isBot: boolean,
  options: ImportOptions,
): Removal | undefined {
  if (isBot && options.keepBots !== true) return 'bots'
  if (ASSET.test(path) && options.keepAssets !== true) return 'assets'
  if (entry.method !== 'GET' && entry.method !== 'HEAD') return 'otherMethods'
  if (entry.status < 200 || entry.status >= 400) return 'failed'
  return undefined
}

function profilesOf(
  sessions: readonly (readonly RecordedStep[])[],
  { ontology, seed, measured }: ImportOptions,
  pseudonyms: Pseudonyms,
): { profiles: Profile[]; longSessions: number } {
  const random = createRandom(seed, 'import')
  let longSessions = 0
  const profiles = sessions.map((session, index): Profile => {
    longSessions += Math.max(0, session.length - SESSION_STEP_LIMIT)
    const steps = withoutTimes(session.slice(0, SESSION_STEP_LIMIT), random)
    return {
      user_id: pseudonyms(`session ${index} ${session[0]?.client}`),
      behavioral_patterns: steps,
      resource_intensity: resourceIntensityOf(steps, ontology, measured),
      geo_location: 'ZZ',
      device_type: session[0]?.device ?? 'other',
      labels: [],
      source: 'derived',
    }
  })
  // By pseudonym, because the order of the log would tell who came after whom.
  const shuffled = profiles.toSorted((left, right) => (left.user_id < right.user_id ? -1 : 1))
  return { profiles: withActivityLabels(shuffled), longSessions }
}

function countActions(profiles: readonly Profile[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { action } of profiles.flatMap((profile) => profile.behavioral_patterns)) {
    counts.set(action, (counts.get(action) ?? 0) + 1)
  }
  return Object.fromEntries([...counts].toSorted(([, left], [, right]) => right - left))
}

function checkOptions({ k, ontology, file }: ImportOptions): void {
  if (!Number.isInteger(k) || k < 2 || k > 1000) {
    throw new UsageError(`Cannot import log "${file}": k ${k} is not within 2 to 1000`, {
      code: 'bad-k',
      where: '--k',
      mend: 'use 5, or more where few visitors must stay unrecognised',
    })
  }
  if ([...ontology.actions.values()].every((action) => action.routes.length === 0)) {
    throw new UsageError(`Cannot import log "${file}": no action in ${ontology.file} has routes`, {
      code: 'no-routes',
      where: ontology.file,
      mend: 'give the actions routes like "GET /articles/:slug"',
    })
  }
}

function badLog(file: string, line: number, why: string, format: LogFormat): UsageError {
  const other = format === 'combined' ? 'common' : 'combined'
  const where = `${file}:${line}`
  return new UsageError(`Cannot import ${format} log: ${where} ${why}`, {
    code: 'bad-log',
    where,
    mend: `check the file, or try --format ${other}`,
  })
}

function tooLarge(file: string): UsageError {
  return new UsageError(
    `Cannot import log "${file}": it has more than ${STEP_LIMIT} page requests`,
    {
      code: 'import-too-large',
      where: file,
      mend: 'import a day of it',
    },
  )
}

function nothingImported(report: ImportReport, file: string): UsageError {
  const reasons = Object.entries(report.removed)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ')
  return new UsageError(
    `Cannot import log "${file}": none of ${report.requests} requests is left`,
    {
      code: 'nothing-imported',
      where: file,
      mend: `check the routes of the ontology and k (removed: ${reasons || 'nothing'})`,
    },
  )
}
