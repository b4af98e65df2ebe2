/**
 * The door: unknown input goes in, a typed value or one clear error comes out. Where a value came
 * from (file and line, JSON pointer, flag) is the caller's to say, through `locate`.
 */

import * as z from 'zod'
import { UsageError } from './errors.ts'
import { suggest } from './suggest.ts'

type Path = readonly PropertyKey[]

export interface Door {
  /** What is read, for the message: `ontology`, `profile`, `criteria`. */
  readonly what: string
  /** Kebab-case code of the error, such as `bad-ontology`. */
  readonly code: string
  /** The place of the value at this path: `shop.yaml:41` or `/criteria/devise_type`. */
  readonly locate: (path: Path) => string
}

/**
 * The parsed value.
 * @throws UsageError that names the place, the field, the reason and the mend
 */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  door: Door,
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const first = deepest(result.error.issues)
  const unknownKey = first.code === 'unrecognized_keys' ? first.keys[0] : undefined
  const path = unknownKey === undefined ? first.path : [...first.path, unknownKey]
  const field = path.map(String).join('.')
  const where = door.locate(path)
  const name = field === '' ? '' : `"${field}" in `
  if (unknownKey !== undefined) {
    throw new UsageError(`Cannot read ${door.what}: ${name}${where} is not a known key`, {
      code: door.code,
      where,
      mend: suggest(unknownKey, keysAt(schema, first.path)),
    })
  }
  throw new UsageError(`Cannot read ${door.what}: ${name}${where}: ${reasonOf(first)}`, {
    code: door.code,
    where,
    mend: mendOf(first, valueAt(value, path)),
  })
}

/** A JSON pointer (RFC 6901) of a path. */
export function jsonPointer(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** An unknown key often explains a missing one; else the issue that got furthest says most. */
function deepest(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  let best: z.core.$ZodIssue | undefined
  for (const issue of issues) {
    const inner = issue.code === 'invalid_union' && issue.errors.length > 0 ? unfold(issue) : issue
    if (best === undefined || rank(inner) > rank(best)) best = inner
  }
  if (best === undefined) throw new TypeError('A failed parse must have an issue')
  return best
}

function rank(issue: z.core.$ZodIssue): number {
  return issue.path.length + (issue.code === 'unrecognized_keys' ? 1.5 : 0)
}

function unfold(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue {
  const branches = issue.errors.filter((branch) => branch.length > 0).map(deepest)
  const inner = branches.reduce<z.core.$ZodIssue | undefined>(
    (best, next) => (best === undefined || next.path.length > best.path.length ? next : best),
    undefined,
  )
  if (inner === undefined || inner.path.length === 0) {
    const unknown = unknownToAll(branches)
    if (unknown !== undefined) return { ...unknown, path: [...issue.path] }
    return branches.length === 1 && inner !== undefined
      ? { ...inner, path: [...issue.path, ...inner.path] }
      : issue
  }
  return { ...inner, path: [...issue.path, ...inner.path] }
}

/** The refusal of a key that no branch of a union knows. */
function unknownToAll(
  branches: readonly z.core.$ZodIssue[],
): z.core.$ZodIssueUnrecognizedKeys | undefined {
  const refusals = branches.filter((branch) => branch.code === 'unrecognized_keys')
  const [first] = refusals
  const key = first?.keys.find((name) => refusals.every((refusal) => refusal.keys.includes(name)))
  return first === undefined || key === undefined ? undefined : { ...first, keys: [key] }
}

/** What is wrong with a key of a record is said by the issue inside. */
function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_key') return issue.message
  return `the name ${issue.issues[0]?.message ?? 'is not allowed'}`
}

function mendOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_key') return 'rename it'
  if (issue.code === 'custom' && typeof issue.params?.mend === 'string') return issue.params.mend
  const shown = JSON.stringify(value)
  const current = shown === undefined ? 'it is missing' : `its value is ${shown.slice(0, 80)}`
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String)
    return typeof value === 'string' ? suggest(value, allowed) : `allowed: ${allowed.join(', ')}`
  }
  return current
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined
    current = Reflect.get(current, key)
  }
  return current
}

/** The keys an object schema knows at a path; empty where the schema has no fixed keys. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let current: unknown = schema
  for (const key of path) {
    const inner = unwrap(current)
    if (inner instanceof z.ZodObject) current = inner.shape[String(key)]
    else if (inner instanceof z.ZodRecord) current = inner.valueType
    else if (inner instanceof z.ZodArray) current = inner.element
    else return []
  }
  const choices = current instanceof z.ZodUnion ? current.options : [current]
  return choices
    .map(unwrap)
    .flatMap((choice) => (choice instanceof z.ZodObject ? Object.keys(choice.shape) : []))
}

function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodUnion) {
    return schema.options.map(unwrap).find((option) => option instanceof z.ZodObject) ?? schema
  }
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return unwrap(schema.unwrap())
  }
  if (schema instanceof z.ZodPipe) return unwrap(schema.in)
  return schema
}
