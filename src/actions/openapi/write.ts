/** The ontology as it is written: each operation an action, below what a reader should know. */

import type { OntologyInput } from '../../core/contract/ontology.ts'
import { writeYaml } from '../../core/yaml.ts'
import type { Links } from './links.ts'
import type { ActionInput, Operation } from './operations.ts'

const MAX_COMMENT = 100

/** Headers that all actions share stand once, in the defaults. */
export interface Shared {
  readonly headers: Readonly<Record<string, string>>
}

export function sharedOf(operations: readonly Operation[]): Shared {
  const [first, ...others] = operations.map(ownHeaders)
  const shared = Object.entries(first ?? {}).filter(
    ([name, value]) =>
      name !== 'accept' &&
      !name.startsWith('content-') &&
      !value.includes('{{data.') &&
      others.every((headers) => headers[name] === value),
  )
  const accept = mostCommon(operations.flatMap((operation) => acceptOf(operation) ?? []))
  return {
    headers: {
      ...(accept === undefined ? {} : { accept }),
      ...(others.length === 0 ? {} : Object.fromEntries(shared)),
    },
  }
}

function mostCommon(values: readonly string[]): string | undefined {
  const counts = [...Map.groupBy(values, (value) => value)]
  return counts.toSorted(([, one], [, other]) => other.length - one.length)[0]?.[0]
}

/** @param routed those whose route no other action has */
export function actionOf(
  operation: Operation,
  links: Links,
  shared: Shared,
  routed: ReadonlySet<Operation>,
): ActionInput {
  const { kind, mutates, method, target, body, answers } = operation
  const headers = Object.fromEntries(
    Object.entries(ownHeaders(operation)).filter(([name, value]) => shared.headers[name] !== value),
  )
  const query = operation.query.map(({ name, value }) => [
    name,
    links.queryValue(operation, name, value),
  ])
  const capture = links.captures(operation)
  return {
    kind,
    ...(mutates ? { mutates: true } : {}),
    request: {
      ...(method === 'GET' ? {} : { method }),
      path: pathOf(operation, links),
      ...(query.length === 0 ? {} : { query: Object.fromEntries(query) }),
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
      ...body,
    },
    ...(answers.statuses.length === 0 ? {} : { expect: { status: statusOf(operation) } }),
    ...(Object.keys(capture).length === 0 ? {} : { capture }),
    ...(routed.has(operation) && target.route ? { routes: [target.route.text] } : {}),
  }
}

export function documentOf(
  actions: ReadonlyMap<string, ActionInput>,
  shared: Shared,
): OntologyInput {
  const defaults = Object.keys(shared.headers).length === 0 ? {} : { defaults: shared }
  return { version: 1, ...defaults, actions: Object.fromEntries(actions) }
}

/** @param remarks lines above each action, beside what it is */
export function textOf(
  title: readonly string[],
  document: OntologyInput,
  operations: readonly Operation[],
  remarks: (operation: Operation) => readonly string[],
): string {
  const byName = new Map<string, string>()
  for (const operation of operations) {
    const { name, summary } = operation
    const lines = [...(summary === undefined ? [] : [summary]), ...remarks(operation)]
    if (lines.length > 0) byName.set(name, lines.map(clipped).join('\n'))
  }
  const text = writeYaml(document, title.join('\n'), { under: 'actions', byName })
  return text.endsWith('\n') ? text : `${text}\n`
}

function clipped(text: string): string {
  const [line = ''] = text.trim().split(/[\r\n]/)
  return line.length > MAX_COMMENT ? `${line.slice(0, MAX_COMMENT)}…` : line
}

function statusOf({ answers }: Operation): NonNullable<ActionInput['expect']>['status'] {
  const statuses = [...new Set(answers.statuses)]
  const [first] = statuses
  return first !== undefined && statuses.length === 1 ? first : statuses
}

function ownHeaders(operation: Operation): Record<string, string> {
  const accept = acceptOf(operation)
  return {
    ...(accept === undefined ? {} : { accept }),
    ...Object.fromEntries(operation.headers.map(({ name, value }) => [name, value])),
  }
}

/** Of what the operation answers with, JSON or the first; undefined where it does not say. */
function acceptOf({ answers }: Operation): string | undefined {
  const types = answers.types.filter((type) => /^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+$/.test(type))
  return types.find((type) => type === 'application/json') ?? types[0]
}

function pathOf(operation: Operation, links: Links): string {
  const { path, values } = operation.target
  return path.replaceAll(/\{([a-z0-9_]+)\}/g, (whole, key: string) => {
    const value = values.find((one) => one.key === key)
    return value === undefined ? whole : links.pathValue(operation, value)
  })
}
