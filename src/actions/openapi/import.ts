/**
 * From an OpenAPI 3 document to an ontology that works as it is: it compiles, each action can be
 * built, and what could not be made of the document is named.
 */

import type { OntologyInput } from '../../core/contract/ontology.ts'
import { ontologySchema } from '../../core/contract/ontology.ts'
import type { JsonValue, ProfileInput } from '../../core/contract/profile.ts'
import { UsageError, messageOf } from '../../core/errors.ts'
import { parseOntology } from '../load.ts'
import { compileOntology } from '../ontology.ts'
import type { Ontology } from '../ontology.ts'
import { at, refuse, textAt } from './read/document.ts'
import type { OpenApiDocument } from './read/document.ts'
import { readOpenApi } from './read/parse.ts'
import { linksOf } from './links.ts'
import type { Links } from './links.ts'
import { operationsOf } from './operations.ts'
import type { ActionInput, LeftOut, Operation, Wanted } from './operations.ts'
import { dataOf, lacksOf, profilesOf } from './samples.ts'
import { actionOf, documentOf, sharedOf, textOf } from './write.ts'

export interface OpenApiImport {
  readonly ontology: Ontology
  /** The ontology as YAML, with comments. */
  readonly text: string
  /** Users who walk the actions that change nothing; none where the document has no values. */
  readonly profiles: readonly ProfileInput[]
  /** Data with which each action can be built, made up where the document has no value. */
  readonly samples: ReadonlyMap<string, Readonly<Record<string, JsonValue>>>
  readonly summary: ImportSummary
}

export interface ImportSummary {
  readonly title: string
  /** `3.0.3` */
  readonly openapi: string
  readonly actions: number
  /** Names of actions that change data. */
  readonly mutating: readonly string[]
  /** Actions with the names in their data that the document has no value for. */
  readonly needData: readonly { readonly action: string; readonly data: readonly string[] }[]
  /** Captures that later actions use. */
  readonly captures: number
  /** What stands in `OUTRIDER_SECRET_NAME`. */
  readonly secrets: readonly { readonly name: string; readonly holds: string }[]
  /** Ways to prove who asks that the document defines, while most of it asks for none. */
  readonly unasked: readonly string[]
  readonly leftOut: readonly LeftOut[]
  /** What was left out of an action that was made. */
  readonly notes: readonly { readonly action: string; readonly note: string }[]
  readonly profiles: number
}

/** As large as an ontology may be that is read again. */
const MAX_TEXT_BYTES = 8 * 2 ** 20

/**
 * @param file the name that errors show
 * @throws UsageError with code `bad-openapi` or `bad-yaml`
 */
export function importOpenApi(text: string, file: string, wanted: Wanted = {}): OpenApiImport {
  const document = readOpenApi(text, file)
  const read = operationsOf(document, wanted)
  const leftOut = [...read.leftOut]
  const operations = read.operations.filter((operation) => {
    const why = whyNot(operation)
    if (why === undefined) return true
    leftOut.push({ operation: `${operation.method} ${operation.target.path}`, why })
    return false
  })
  if (operations.length === 0) throw nothing(file, leftOut)
  const links = linksOf(document, operations)
  const shared = sharedOf(operations)
  const routed = routedOf(operations)
  const actions = new Map<string, ActionInput>(
    operations.map((one) => [one.name, actionOf(one, links, shared, routed)]),
  )
  const title = titleOf(document)
  const written = textOf(
    headOf(title, document),
    documentOf(actions, shared),
    operations,
    (operation) => remarksOn(operation, links, routed),
  )
  if (Buffer.byteLength(written) > MAX_TEXT_BYTES) {
    const why = 'its ontology would be larger than 8 MiB'
    throw refuse(file, why, 'take a part of it with --only GET, or split it')
  }
  const profiles = profilesOf(operations, links)
  return {
    ontology: parseOntology(written, 'actions.yaml'),
    text: written,
    profiles,
    samples: new Map(operations.map((operation) => [operation.name, dataOf(operation)])),
    summary: {
      ...summaryOf(document, title, operations, links, leftOut, profiles.length),
      unasked: read.unasked,
    },
  }
}

/** Each is compiled alone first, so that one that cannot be sent does not stop the others. */
function whyNot(operation: Operation): string | undefined {
  const links = linksOf(NO_DOCUMENT, [])
  const action = actionOf(operation, links, { headers: {} }, new Set([operation]))
  const input: OntologyInput = { version: 1, actions: { it: action } }
  const parsed = ontologySchema.safeParse(input)
  if (!parsed.success) return `it cannot be written: ${parsed.error.issues[0]?.message ?? ''}`
  try {
    compileOntology(parsed.data, { value: parsed.data, locate: () => 'it' }, 'it')
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown
    return `it cannot be sent: ${messageOf(thrown).replace(/^[^:]*: "[^"]*" in it: /, '')}`
  }
}

const NO_DOCUMENT: OpenApiDocument = {
  file: '',
  root: {},
  version: '3.1.0',
  resolve: (value) => value,
}

/** Of several operations with one route only the first is found in logs. */
function routedOf(operations: readonly Operation[]): Set<Operation> {
  const owners = new Map<string, Operation>()
  for (const operation of operations) {
    const shape = operation.target.route?.shape
    if (shape !== undefined && !owners.has(shape)) owners.set(shape, operation)
  }
  return new Set(owners.values())
}

function titleOf(document: OpenApiDocument): string {
  const info = at(document.root, 'info')
  const version = at(info, 'version')
  const name = textAt(info, 'title') ?? document.file
  // An unquoted 1.0 is a number in YAML.
  const known = typeof version === 'string' || typeof version === 'number' ? ` ${version}` : ''
  return `${name}${known}`.trim().slice(0, 200)
}

function headOf(title: string, document: OpenApiDocument): string[] {
  return [
    `Actions of ${title}, imported from OpenAPI ${document.version}.`,
    'Check it with "outrider actions check", and say what the document could not: which data real',
    'users bring, what an answer must hold, how slow it may be, which fields of it always differ.',
  ]
}

function remarksOn(operation: Operation, links: Links, routed: ReadonlySet<Operation>): string[] {
  const lacks = lacksOf(operation, links)
  const remarks = [...operation.notes]
  if (lacks.length > 0) remarks.push(`Needs data: ${lacks.join(', ')}.`)
  if (operation.madeUp.length > 0) remarks.push(`Made up: ${operation.madeUp.join(', ')}.`)
  if (!routed.has(operation)) {
    remarks.push(
      operation.target.route === undefined
        ? 'No route: logs cannot be mapped to such a path.'
        : 'No route: another action has the same.',
    )
  }
  return remarks
}

function summaryOf(
  document: OpenApiDocument,
  title: string,
  operations: readonly Operation[],
  links: Links,
  leftOut: readonly LeftOut[],
  profiles: number,
): Omit<ImportSummary, 'unasked'> {
  const secrets = new Map(operations.flatMap((operation) => [...operation.secrets]))
  return {
    title,
    openapi: document.version,
    actions: operations.length,
    mutating: operations.filter(({ mutates }) => mutates).map(({ name }) => name),
    needData: operations
      .map((operation) => ({ action: operation.name, data: lacksOf(operation, links) }))
      .filter(({ data }) => data.length > 0),
    captures: links.count,
    secrets: [...secrets].map(([name, holds]) => ({ name, holds })),
    leftOut,
    notes: operations.flatMap(({ name, notes }) => notes.map((note) => ({ action: name, note }))),
    profiles,
  }
}

function nothing(file: string, leftOut: readonly LeftOut[]): UsageError {
  const [first] = leftOut
  if (first === undefined) {
    return refuse(file, 'it has no operation to import', 'check its paths, or leave --only out')
  }
  const why = `none of its ${leftOut.length} operations can be sent; ${first.operation}: ${first.why}`
  return refuse(file, why, 'mend the document')
}
