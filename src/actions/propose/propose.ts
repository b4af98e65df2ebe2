/**
 * An ontology proposed from recorded exchanges: what the requests have in common becomes actions,
 * what varies becomes data, and values that an earlier answer gave become captures.
 *
 * Nothing is invented: every action has a route that takes the requests it was made from, expects
 * the status that was seen, and says in a comment how often that was.
 */

import type { OntologyInput } from '../../core/contract/ontology.ts'
import { writeYaml } from '../../core/yaml.ts'
import type { RecordedExchange } from './recorded.ts'
import { correlate } from './correlate.ts'
import type { Correlation } from './correlate.ts'
import { writeAction } from './document.ts'
import type { Written } from './document.ts'
import type { Keep } from './fields.ts'
import { actionName } from './path/action-name.ts'
import { surveyOf } from './survey.ts'
import type { Draft, Survey } from './survey.ts'

export interface ProposeOptions {
  /** A value that so many people sent alike may stand in the ontology; default 1. */
  readonly k?: number
  /** Which values may stand in the ontology or in data; default: all but secrets. */
  readonly keep?: Keep
  /** Most actions; the least requested are left out. Default and at most 500. */
  readonly mostActions?: number
  /** Where the exchanges come from, for the first line: `recorded from http://127.0.0.1:8080`. */
  readonly origin?: string
}

export interface Proposal {
  readonly document: OntologyInput
  readonly yaml: string
  readonly correlations: readonly Correlation[]
  /** What was left out and what somebody has to look at, in sentences. */
  readonly remarks: readonly string[]
}

const MOST_ACTIONS = 500

/** Without one exchange that was answered, the document has no action. */
export function proposeOntology(
  exchanges: Iterable<RecordedExchange>,
  options: ProposeOptions = {},
): Proposal {
  const { k = 1, keep = () => undefined, mostActions = MOST_ACTIONS } = options
  const list = Array.isArray(exchanges) ? exchanges : [...exchanges]
  const survey = surveyOf(
    list,
    Math.min(mostActions, MOST_ACTIONS),
    (name) => keep('header', name) === true,
  )
  const names = namesOf(survey.drafts)
  const nameOf = (draft: Draft): string => names.get(draft) ?? ''
  const found = correlate(list, survey, nameOf)
  const written = new Map<string, Written>()
  for (const draft of survey.drafts) {
    written.set(
      nameOf(draft),
      writeAction(draft, {
        showing: { keep, k, logins: survey.logins, isOffered: survey.isOffered },
        fillings: found.fillings.get(draft) ?? new Map(),
        captures: found.captures.get(draft) ?? {},
        hasItems: hasItems(draft, survey.drafts),
      }),
    )
  }
  const actions = Object.fromEntries([...written].map(([name, { action }]) => [name, action]))
  const remarks = [...leftOutRemarks(survey), ...openRemarks(written)]
  const correlations = found.correlations.map((correlation) => withData(correlation, written))
  const document = { version: 1 as const, actions }
  return {
    document,
    yaml: yamlOf(document, written, options.origin),
    correlations,
    remarks,
  }
}

/** By how often they were requested, so that the plain names go to what is requested most. */
function namesOf(drafts: readonly Draft[]): Map<Draft, string> {
  const taken = new Set<string>()
  return new Map(
    drafts.map((draft) => {
      const { method, segments, operation } = draft
      const named = {
        method,
        segments,
        query: draft.query.all().map(({ name }) => name),
        hasItems: hasItems(draft, drafts),
        ...(operation === undefined ? {} : { operation: operation.value }),
      }
      return [draft, actionName(named, taken)]
    }),
  )
}

/** Some other action asks for one of what this path holds. */
function hasItems({ segments }: Draft, drafts: readonly Draft[]): boolean {
  return drafts.some(
    (other) =>
      other.segments.length === segments.length + 1 &&
      other.segments.at(-1)?.kind === 'parameter' &&
      segments.every((segment, index) => isSameSegment(segment, other.segments[index])),
  )
}

function isSameSegment(
  one: Draft['segments'][number],
  other: Draft['segments'][number] | undefined,
): boolean {
  if (one.kind !== other?.kind) return false
  return one.kind !== 'literal' || other.kind !== 'literal' || one.text === other.text
}

function leftOutRemarks({ leftOut }: Survey): string[] {
  const { methods, paths, failed, rare } = leftOut
  const reasons: [number, string][] = [
    [failed, 'nothing at their paths ever answered well'],
    [methods, 'actions do not have their method (OPTIONS, CONNECT and the like)'],
    [paths, 'no route can take their paths'],
    [rare, 'their actions are beyond the limit'],
  ]
  return reasons
    .filter(([count]) => count > 0)
    .map(([count, why]) => `${count} ${count === 1 ? 'request' : 'requests'} left out: ${why}`)
}

function openRemarks(written: ReadonlyMap<string, Written>): string[] {
  return [...written].flatMap(([name, { open }]) => open.map((line) => `${name}: ${line}`))
}

function yamlOf(
  document: Proposal['document'],
  written: ReadonlyMap<string, Written>,
  origin: string | undefined,
): string {
  const byName = new Map(
    [...written].map(([name, { comment, open }]) => [name, [comment, ...open].join('\n')]),
  )
  const heading = [
    `An ontology proposed by outrider${origin === undefined ? '' : `, ${origin}`}.`,
    'Look through it: what changes data, what may fail, which fields of the answers are noise.',
  ]
  return writeYaml(document, heading.join('\n'), { under: 'actions', byName })
}

function withData(correlation: Correlation, written: ReadonlyMap<string, Written>): Correlation {
  const dataName = written.get(correlation.to)?.dataNames.get(correlation.slot)
  return dataName === undefined ? correlation : { ...correlation, dataName }
}
