/** From a tape to what may be written: the proposed ontology, anonymous profiles, and a report. */

import type { Profile } from '../../core/contract/profile.ts'
import { UsageError } from '../../core/errors.ts'
import { fieldsOf, isSecretName } from '../../actions/propose/fields.ts'
import { importRequests } from '../derive/import.ts'
import type { LoggedRequest } from '../derive/read/request.ts'
import type { ImportReport } from '../derive/report.ts'

export interface OutcomeOptions {
  /** What fewer people than these did is dropped; 1 = one's own clicks. */
  readonly k: number
  /** Names of headers, query fields and fields of bodies whose values may be written; `all` but secrets. */
  readonly keepHeaders: readonly string[]
  readonly keepQuery: readonly string[]
  readonly keepBody: readonly string[]
  readonly keepBots: boolean
  readonly seed: number
  /** Address of the application, for the first line of the ontology. */
  readonly target: string
}

export interface Outcome {
  readonly yaml: string
  readonly actionCount: number
  readonly captureCount: number
  readonly profiles: readonly Profile[]
  readonly report: ImportReport
  /** What somebody has to look at, in sentences. */
  readonly remarks: readonly string[]
}

const ALL = 'all'
const MOST_NAMES = 2000

/**
 * @throws UsageError with code `nothing-recorded`, `too-few-people`, `nothing-to-propose` or `nothing-imported` where
 *   nothing is left that k people did
 */
export async function outcomeOf(
  requests: readonly LoggedRequest[],
  options: OutcomeOptions,
): Promise<Outcome> {
  if (requests.length === 0) throw nothingRecorded()
  const people = new Set(requests.map(({ address, user }) => user || address)).size
  if (people < options.k) throw tooFewPeople(people, options.k)
  const names = keptNames(requests, options)
  const imported = await importRequests(
    batchOf(requests),
    {
      format: 'har',
      file: `the recording of ${options.target}`,
      proposedFile: 'the proposed ontology',
      k: options.k,
      seed: options.seed,
      keepBots: options.keepBots,
      keepQuery: [...names.query],
      keepBody: [...names.body],
      keep: (part, name) => names[part].has(name),
    },
    { entries: requests.length, malformed: 0 },
  )
  const { proposal, report } = imported
  return {
    yaml: proposal?.yaml ?? '',
    actionCount: Object.keys(proposal?.document.actions ?? {}).length,
    captureCount: new Set(proposal?.correlations.map(({ name }) => name)).size,
    profiles: imported.profiles(),
    report,
    remarks: proposal?.remarks ?? [],
  }
}

/** As they are written: one a line. */
export function profilesText(profiles: readonly Profile[]): string {
  return profiles.map((profile) => `${JSON.stringify(profile)}\n`).join('')
}

async function* batchOf(requests: readonly LoggedRequest[]): AsyncGenerator<LoggedRequest[]> {
  yield [...requests]
}

interface KeptNames {
  readonly header: ReadonlySet<string>
  readonly query: ReadonlySet<string>
  readonly body: ReadonlySet<string>
}

/** `all` stands for every name that was seen and does not sound like a secret. */
function keptNames(requests: readonly LoggedRequest[], options: OutcomeOptions): KeptNames {
  const header = new Set(options.keepHeaders.map((name) => name.toLowerCase()))
  const query = new Set(options.keepQuery)
  const body = new Set(options.keepBody)
  for (const { target, bodies } of requests) {
    const search = target.split('?').slice(1).join('?')
    if (query.has(ALL)) addPlain(query, fieldsOf(search).keys())
    const text = bodies?.requestBody
    if (!body.has(ALL) || text === undefined) continue
    addPlain(body, bodyNames(text))
  }
  return { header, query, body }
}

function addPlain(names: Set<string>, seen: Iterable<string>): void {
  for (const name of seen) {
    if (names.size < MOST_NAMES && !isSecretName(name)) names.add(name)
  }
}

function bodyNames(text: string): Iterable<string> {
  try {
    const names = new Set<string>()
    JSON.parse(text, (name, value: unknown) => {
      if (name !== '') names.add(name)
      return value
    })
    return names
  } catch {
    return fieldsOf(text).keys()
  }
}

function nothingRecorded(): UsageError {
  return new UsageError('Cannot propose an ontology: no request was recorded', {
    code: 'nothing-recorded',
    mend: 'send requests to the address of the recorder, not to that of the application',
  })
}

function tooFewPeople(people: number, k: number): UsageError {
  const who = people === 1 ? 'one person' : `${people} people`
  return new UsageError(
    `Cannot write what was recorded: it is of ${who}, fewer than k, which is ${k}`,
    {
      code: 'too-few-people',
      where: '--k',
      mend: '--k 1 if the clicks are your own; --client-cookie NAME where many share an address',
    },
  )
}
