/**
 * Takes in exchanges and makes steps of them. Without an ontology the first exchanges wait until
 * there are enough to propose one from; then they and all that follow are mapped with it.
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

export interface IntakeOptions {
  /** Left out = one is proposed. */
  readonly ontology?: Ontology
  /** The name that a proposed ontology gets in errors. */
  readonly proposedFile: string
  /** The name of the source, for errors and the proposal's first line. */
  readonly file: string
  readonly k: number
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
/** Exchanges that an ontology is proposed from; later ones are mapped with it. */
const PROPOSAL_LIMIT = 50_000
/** What is rare is left out and the rest proposed anew, which can make other things rare. */
const PROPOSAL_ROUNDS = 3

export function createIntake(options: IntakeOptions): Intake {
  const { file, allowed, pseudonyms, removed } = options
  const steps: MappedStep[] = []
  const waiting: RecordedExchange[] = []
  let proposal: Proposal | undefined
  let ontology = options.ontology
  let map = ontology && createMapper(ontology, allowed, pseudonyms)
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
  const propose = (): { ontology: Ontology; map: NonNullable<typeof map> } => {
    const people = waiting.filter(({ client }) => !options.robots.has(client))
    const proposed = proposeCommon(people, options)
    proposal = proposed.proposal
    const made = createMapper(proposed.ontology, allowed, pseudonyms)
    for (const exchange of waiting.splice(0)) take(exchange, made(exchange))
    return { ontology: proposed.ontology, map: made }
  }
  return {
    add(exchange) {
      if (map !== undefined) return take(exchange, map(exchange))
      waiting.push(exchange)
      if (waiting.length >= PROPOSAL_LIMIT) ({ ontology, map } = propose())
    },
    finish() {
      if (ontology === undefined) ({ ontology, map } = propose())
      return { ontology, proposal, steps, queryValues, bodies }
    },
  }
}

/** An ontology that names nothing which fewer than k people did: paths are personal, too. */
function proposeCommon(
  exchanges: readonly RecordedExchange[],
  { proposedFile, file, k, allowed, keep, pseudonyms }: IntakeOptions,
): { proposal: Proposal; ontology: Ontology } {
  let common = exchanges
  for (let round = 1; ; round += 1) {
    const proposal = proposeOntology(common, {
      k,
      origin: `from ${file}`,
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
