/**
 * Takes in exchanges and makes steps of them. Without an ontology all exchanges wait until the last
 * one is there; then one is proposed, from a sample of whole sessions where they are many, and they
 * are mapped with it.
 */

import { parseOntology } from '../../actions/load.ts'
import type { Ontology } from '../../actions/ontology.ts'
import type { Keep } from '../../actions/propose/fields.ts'
import { proposeOntology, type Proposal } from '../../actions/propose/propose.ts'
import type { RecordedExchange } from '../../actions/propose/recorded.ts'
import { UsageError } from '../../core/errors.ts'
import type { MappedStep } from './anonymise.ts'
import { createMapper, type AllowLists, type Mapped } from './mapping.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import type { Removal } from './report.ts'
import { sampleSessions } from './sample.ts'

export interface IntakeOptions {
  /** Left out = one is proposed. */
  readonly ontology?: Ontology
  /** The name that a proposed ontology gets in errors. */
  readonly proposedFile: string
  /** The name of the source, for errors and the proposal's first line. */
  readonly file: string
  readonly k: number
  /** Of the sample that an ontology is proposed from. */
  readonly seed: number
  readonly allowed: AllowLists
  /** What may stand in a proposed ontology; left out = what is allowed. */
  readonly keep?: Keep
  readonly pseudonyms: Pseudonyms
  readonly removed: Record<Removal, number>
  /** Clients that turned out to be robots. */
  readonly robots: ReadonlySet<string>
}

export interface Intake {
  add(exchange: RecordedExchange): void
  /** After the last one. @throws UsageError with code `nothing-to-propose` */
  finish(): TakenIn
}

export interface TakenIn {
  readonly ontology: Ontology
  readonly proposal: Proposal | undefined
  readonly steps: readonly MappedStep[]
  readonly queryValues: number
  readonly bodies: number
}

/** Steps that are held in memory at once, about half a kilobyte each at the peak. */
const STEP_LIMIT = 2_000_000
/** Exchanges that an ontology is proposed from; of more, a sample. */
const PROPOSAL_LIMIT = 50_000
/** What is rare is left out and the rest proposed anew, which can make other things rare. */
const PROPOSAL_ROUNDS = 3

export function createIntake(options: IntakeOptions): Intake {
  const { file, allowed, pseudonyms, removed } = options
  const steps: MappedStep[] = []
  const waiting: RecordedExchange[] = []
  let proposal: Proposal | undefined
  const map = options.ontology && createMapper(options.ontology, allowed, pseudonyms)
  let queryValues = 0
  let bodies = 0

  const take = (exchange: RecordedExchange, mapped: Mapped | undefined): void => {
    if (mapped === undefined) {
      removed.unmapped += 1
      return
    }
    if (steps.length >= STEP_LIMIT) throw tooLarge(file)
    if (mapped.isWithoutQuery) queryValues += 1
    if (mapped.isWithoutBody) bodies += 1
    const { client, person, timeMs, device, geo } = exchange
    const { action, forms } = mapped
    steps.push({ client, person, timeMs, device, geo, action, forms })
  }
  const propose = (): Ontology => {
    const people = waiting.filter(({ client }) => !options.robots.has(client))
    const sample = sampleSessions(people, PROPOSAL_LIMIT, options.seed)
    const proposed = proposeCommon(sample, people.length, options)
    const remarks = remarksOf(sample.length, people.length)
    proposal = { ...proposed.proposal, remarks: [...remarks, ...proposed.proposal.remarks] }
    const made = createMapper(proposed.ontology, allowed, pseudonyms)
    // One after the other, so that no two forms of all of them are held.
    waiting.reverse()
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) take(next, made(next))
    return proposed.ontology
  }
  return {
    add(exchange) {
      if (map !== undefined) return take(exchange, map(exchange))
      if (waiting.length >= STEP_LIMIT) throw tooLarge(file)
      waiting.push(exchange)
    },
    finish() {
      const ontology = options.ontology ?? propose()
      return { ontology, proposal, steps, queryValues, bodies }
    },
  }
}

/** An ontology that names nothing which fewer than k people did: paths are personal, too. */
function proposeCommon(
  exchanges: readonly RecordedExchange[],
  all: number,
  { proposedFile, file, k, allowed, keep, pseudonyms }: IntakeOptions,
): { proposal: Proposal; ontology: Ontology } {
  let common = exchanges
  const part = all > exchanges.length ? `${exchanges.length} of ${all} requests of ` : ''
  for (let round = 1; ; round += 1) {
    const proposal = proposeOntology(common, {
      k,
      origin: `from ${part}${file}`,
      keep: keep ?? createKeep(allowed, k),
    })
    if (Object.keys(proposal.document.actions).length === 0) throw nothingToPropose(file, k)
    const ontology = parseOntology(proposal.yaml, proposedFile)
    const map = createMapper(ontology, allowed, pseudonyms)
    const actions = common.map((exchange) => map(exchange)?.action)
    const people = new Map<string, Set<string>>()
    for (const [index, { person }] of common.entries()) {
      const action = actions[index] ?? ''
      people.set(action, (people.get(action) ?? new Set()).add(person))
    }
    const left = common.filter((_, index) => (people.get(actions[index] ?? '')?.size ?? 0) >= k)
    if (left.length === common.length || round >= PROPOSAL_ROUNDS) return { proposal, ontology }
    common = left
  }
}

/** None where the proposal knows all requests. */
function remarksOf(looked: number, all: number): string[] {
  if (looked === all) return []
  return [
    `The ontology was proposed from ${looked} of ${all} requests, whole sessions drawn evenly from all;` +
      ' what it does not know is counted as not mapped.',
  ]
}

/** Bodies are dropped, so the ontology must not wait for their values either. */
function createKeep(allowed: AllowLists, k: number): Keep {
  return (part, name) => {
    if (part === 'header') return false
    if (allowed[part].has(name)) return true
    // Of one's own clicks the query may stay but for secrets, which only their name lets in.
    return part === 'query' && k === 1 ? undefined : false
  }
}

function nothingToPropose(file: string, k: number): UsageError {
  const people = k === 1 ? '' : ` that ${k} people asked for`
  return new UsageError(`Cannot propose an ontology: ${file} has no page or call${people}`, {
    code: 'nothing-to-propose',
    where: file,
    mend: 'import more of it, or name an ontology with --actions',
  })
}

function tooLarge(file: string): UsageError {
  return new UsageError(
    `Cannot import file "${file}": it has more than ${STEP_LIMIT} page requests`,
    { code: 'import-too-large', where: file, mend: 'import a part of it, such as a day' },
  )
}
