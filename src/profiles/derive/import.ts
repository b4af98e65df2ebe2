/**
 * From what was recorded to profiles: people's visits as actions, without the people.
 *
 * A reader turns its source into requests (read/), which are selected and put under pseudonyms
 * (select.ts), mapped to actions (mapping.ts, intake.ts), cut into sessions (sessionise.ts) and made
 * anonymous (anonymise.ts). Everything streams but the steps, of which there is a limit.
 */

import type { Keep } from '../../actions/propose/fields.ts'
import type { Proposal } from '../../actions/propose/propose.ts'
import type { RecordedExchange } from '../../actions/propose/recorded.ts'
import type { Ontology } from '../../actions/ontology.ts'
import type { Profile } from '../../core/contract/profile.ts'
import { UsageError } from '../../core/errors.ts'
import { createRandom } from '../../core/random.ts'
import { withActivityLabels } from '../labels.ts'
import { resourceIntensityOf, type MeasuredCosts } from '../resource.ts'
import {
  dropRare,
  withData,
  withoutTimes,
  type MappedStep,
  type RecordedStep,
} from './anonymise.ts'
import { withoutCaptured } from './captured.ts'
import { createIntake, type Intake, type TakenIn } from './intake.ts'
import { lackingData } from './lacking.ts'
import { createPseudonyms, type Pseudonyms } from './pseudonyms.ts'
import { createReader, type FormatOptions } from './read/formats.ts'
import type { LineBatches } from './read/lines.ts'
import type { LoggedRequest, ReadCounts } from './read/request.ts'
import { createRemovals, REMOVALS, type ImportReport, type Removal } from './report.ts'
import { createSelector, type Selector } from './select.ts'
import { sessionise } from './sessionise.ts'

export interface ExchangeOptions {
  /** The name of the source that errors show. */
  readonly file: string
  /** Its routes name the actions; left out = an ontology is proposed from the requests. */
  readonly ontology?: Ontology
  /** The name that a proposed ontology gets. */
  readonly proposedFile?: string
  /** What fewer people than these did is dropped; 1 only for recordings of one's own doing. */
  readonly k: number
  readonly keepAssets?: boolean
  readonly keepBots?: boolean
  /** Names of query fields, and of fields of bodies, whose values are kept. */
  readonly keepQuery?: readonly string[]
  readonly keepBody?: readonly string[]
  /** What may stand in a proposed ontology; default: what the two lists name. */
  readonly keep?: Keep
  /** Seed of the jitter. Pseudonyms do not depend on it: a known seed would make them guessable. */
  readonly seed: number
  /** For tests; by default a random key that is thrown away. */
  readonly key?: Uint8Array
}

export type ImportOptions = ExchangeOptions & FormatOptions

export interface Imported {
  readonly ontology: Ontology
  readonly proposal: Proposal | undefined
  /** Anonymous, in no order that says anything. */
  readonly sessions: readonly (readonly RecordedStep[])[]
  readonly report: ImportReport
  /** A name for what is made of this import, different for each. */
  readonly name: string
  /** The sessions as profiles. @param measured what the actions cost in earlier runs */
  readonly profiles: (measured?: MeasuredCosts) => Profile[]
}

/** Steps of one session; a profile holds no more. */
const SESSION_STEP_LIMIT = 10_000
/** Methods that a proposed ontology may have. */
const PROPOSED_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * The sessions of the people in a log, an archive or a trace. Bots (by agent, or because they asked
 * for robots.txt), assets, failed requests, methods that no route has, and what no route of the
 * ontology takes are left out and counted.
 * @throws UsageError with code `bad-log` if the source is of another format, `missing-field`,
 *   `unknown-origin`, `unknown-service`, `bad-k`, `no-routes`, `nothing-to-propose`,
 *   `import-too-large` or `nothing-imported`
 */
export async function importRecording(
  lines: LineBatches,
  options: ImportOptions,
): Promise<Imported> {
  const counts = { entries: 0, malformed: 0 }
  const requests = createReader(options)(lines, { file: options.file, counts })
  return importRequests(requests, options, counts)
}

/**
 * The same for requests that somebody else reads, such as a recorder.
 * @param counts of what was read, complete when the requests are
 */
export async function importRequests(
  requests: AsyncIterable<readonly LoggedRequest[]>,
  options: ImportOptions,
  counts: Readonly<ReadCounts>,
): Promise<Imported> {
  const isOwn = options.format === 'har'
  checkOptions(options, isOwn)
  const work = prepare(options)
  const { selector, removed, intake } = work
  let requestCount = 0
  for await (const batch of requests) {
    requestCount += batch.length
    for (const request of batch) {
      const selected = selector.select(request)
      if (typeof selected === 'string') removed[selected] += 1
      else intake.add(selected)
    }
  }
  const read = { lines: counts.entries, skippedLines: counts.malformed, requests: requestCount }
  return finish(work, options, read, isOwn)
}

/**
 * The same for exchanges that are under pseudonyms already; bots are not looked for.
 * @throws UsageError as importRecording
 */
export function importExchanges(
  exchanges: Iterable<RecordedExchange>,
  options: ExchangeOptions,
): Imported {
  checkOptions(options, true)
  const work = prepare(options)
  let requests = 0
  for (const exchange of exchanges) {
    requests += 1
    const reason = work.selector.reasonToDrop(exchange)
    if (reason === undefined) work.intake.add(exchange)
    else work.removed[reason] += 1
  }
  return finish(work, options, { lines: requests, skippedLines: 0, requests }, true)
}

interface Work {
  readonly pseudonyms: Pseudonyms
  readonly removed: Record<Removal, number>
  readonly selector: Selector
  readonly intake: Intake
}

function prepare(options: ExchangeOptions): Work {
  const pseudonyms = createPseudonyms(options.key)
  const removed = createRemovals()
  const selector = createSelector({ ...options, methods: methodsOf(options.ontology) }, pseudonyms)
  const intake = createIntake({
    ...options,
    proposedFile: options.proposedFile ?? 'proposed-actions.yaml',
    allowed: { query: new Set(options.keepQuery), body: new Set(options.keepBody) },
    pseudonyms,
    removed,
    robots: selector.robots,
  })
  return { pseudonyms, removed, selector, intake }
}

type Read = Pick<ImportReport, 'lines' | 'skippedLines' | 'requests'>

/** @param isOwn it may be what one person did, who may keep it */
function finish(work: Work, options: ExchangeOptions, read: Read, isOwn: boolean): Imported {
  const { intake, selector, removed } = work
  const taken = intake.finish()
  const people =
    options.keepBots === true
      ? taken.steps
      : taken.steps.filter(({ client }) => !selector.robots.has(client))
  removed.bots += taken.steps.length - people.length
  const imported = anonymised(people, taken, options, { ...work, read })
  if (imported.sessions.length === 0) throw nothingImported(imported.report, options.file, isOwn)
  return imported
}

interface Surroundings {
  readonly pseudonyms: Pseudonyms
  readonly removed: Record<Removal, number>
  readonly read: Read
}

function anonymised(
  people: readonly MappedStep[],
  { ontology, proposal, queryValues, bodies }: TakenIn,
  { k, seed }: ExchangeOptions,
  { pseudonyms, removed, read }: Surroundings,
): Imported {
  const all = sessionise(people)
  const cut = all.map((session) => session.slice(0, SESSION_STEP_LIMIT))
  removed.longSessions = people.length - cut.reduce((sum, session) => sum + session.length, 0)
  const live = withoutCaptured(cut, proposal?.correlations ?? [])
  const rare = dropRare(live.sessions, k, ontology.actions.has('other'))
  removed.rareActions = rare.rareActions
  removed.rareValues = rare.rareValues
  const { sessions, personalValues } = withData(rare.sessions, pseudonyms)
  const report: ImportReport = {
    ...read,
    clients: new Set(people.map(({ client }) => client)).size,
    sessions: all.length,
    profiles: sessions.length,
    k,
    actions: countActions(sessions),
    removed,
    lacking: lackingData(ontology, sessions),
    changed: {
      queryValues,
      bodies,
      capturedValues: live.capturedValues,
      personalValues,
      ...rare.changed,
    },
  }
  return {
    ontology,
    proposal,
    sessions,
    report,
    name: `import-${pseudonyms('population')
      .replaceAll(/[^A-Za-z0-9]/g, '')
      .slice(0, 8)}`,
    profiles: (measured) => profilesOf(sessions, { ontology, seed, measured }, pseudonyms),
  }
}

function profilesOf(
  sessions: readonly (readonly RecordedStep[])[],
  made: { ontology: Ontology; seed: number; measured: MeasuredCosts | undefined },
  pseudonyms: Pseudonyms,
): Profile[] {
  const random = createRandom(made.seed, 'import')
  const profiles = sessions.map((session, index): Profile => {
    const steps = withoutTimes(session, random)
    return {
      user_id: pseudonyms(`session ${index} ${session[0]?.client}`),
      behavioral_patterns: steps,
      resource_intensity: resourceIntensityOf(steps, made.ontology, made.measured),
      geo_location: session[0]?.geo ?? 'ZZ',
      device_type: session[0]?.device ?? 'other',
      labels: [],
      source: 'derived',
    }
  })
  // By pseudonym, because the order of the log would tell who came after whom.
  const shuffled = profiles.toSorted((left, right) => (left.user_id < right.user_id ? -1 : 1))
  return withActivityLabels(shuffled)
}

function countActions(sessions: readonly (readonly RecordedStep[])[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const session of sessions) {
    for (const { action } of session) counts.set(action, (counts.get(action) ?? 0) + 1)
  }
  return Object.fromEntries([...counts].toSorted(([, left], [, right]) => right - left))
}

function methodsOf(ontology: Ontology | undefined): ReadonlySet<string> {
  if (ontology === undefined) return PROPOSED_METHODS
  return new Set(
    [...ontology.actions.values()].flatMap(({ routes }) => routes.map(({ method }) => method)),
  )
}

function checkOptions({ k, ontology, file }: ExchangeOptions, isOwn: boolean): void {
  const least = isOwn ? 1 : 2
  if (!Number.isInteger(k) || k < least || k > 1000) {
    throw new UsageError(`Cannot import file "${file}": k ${k} is not within ${least} to 1000`, {
      code: 'bad-k',
      where: '--k',
      mend:
        k === 1
          ? 'only a recording of your own doing, such as a HAR, may be kept as it is'
          : 'use 5, or more where few visitors must stay unrecognised',
    })
  }
  if (ontology === undefined) return
  if ([...ontology.actions.values()].every((action) => action.routes.length === 0)) {
    throw new UsageError(`Cannot import file "${file}": no action in ${ontology.file} has routes`, {
      code: 'no-routes',
      where: ontology.file,
      mend: 'give the actions routes like "GET /articles/:slug"',
    })
  }
}

function nothingImported(report: ImportReport, file: string, isOwn: boolean): UsageError {
  const reasons = REMOVALS.filter((reason) => report.removed[reason] > 0)
    .map((reason) => `${report.removed[reason]} ${reason}`)
    .join(', ')
  const rare = report.removed.rareActions + report.removed.rareValues > 0
  const own = isOwn && rare ? '; --k 1 keeps what one person did, if that is you' : ''
  return new UsageError(
    `Cannot import file "${file}": none of ${report.requests} requests is left`,
    {
      code: 'nothing-imported',
      where: file,
      mend: `check the routes of the ontology and k (removed: ${reasons || 'nothing'})${own}`,
    },
  )
}
