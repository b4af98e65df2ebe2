/**
 * Compares two answers to one request. What differs is named by its path, so that it can be counted
 * over many pairs:
 *
 * - `status`, and `header:NAME` for the headers that speak of the answer itself;
 * - JSON by structure and value: `$.items[*].price`;
 * - HTML by its parts: `html:title`, `html:td`, `html:structure` (see html.ts);
 * - other text by its lines: `text`;
 * - what cannot be read, or is of another kind than the other: `body`, and `size` where the lengths
 *   differ by more than a tenth;
 * - `other` for what is beyond the limits.
 *
 * Which of it is noise is not decided here: a second answer of the baseline shows that.
 */

import type { AnswerDiff } from '../../core/answers.ts'
import type { AnswerView, Parsed } from './answer.ts'
import { differencesOfHeaders } from './headers.ts'
import { STRUCTURE, structureShape, type HtmlParts } from './html.ts'
import type { Ignored } from './ignored.ts'
import { jsonText, type Json } from './json.ts'
import { OTHER_PATH, pathOf } from './path.ts'
import { differenceOfText, excerptsOf, findListDifference } from './text.ts'
import { walkJson, type JsonDifference } from './walk.ts'

export { readAnswer, type AnswerView } from './answer.ts'

/** Paths of one pair; the rest of them are `other`. */
export const MOST_PATHS = 100
/** Found before they are sorted and cut, so that the cut does not depend on the order of members. */
const MOST_FOUND = 1000
const SIZE_SHARE = 0.1

/** Neither list has a path twice; the second is a part of the first. */
export function compareAnswers(
  first: AnswerView,
  other: AnswerView,
  ignored?: Ignored,
): AnswerDiff {
  const shapes = new Map<string, boolean>()
  visit(first, other, ignored, (path, hasOtherShape) => {
    const known = shapes.get(path)
    const kept = known === undefined && shapes.size >= MOST_FOUND ? OTHER_PATH : path
    shapes.set(kept, hasOtherShape || shapes.get(kept) === true)
    return kept === path
  })
  return diffOf(shapes)
}

function diffOf(shapes: ReadonlyMap<string, boolean>): AnswerDiff {
  const found = [...shapes].toSorted(([one], [two]) => (one < two ? -1 : 1))
  const kept = found.length > MOST_PATHS ? found.slice(0, MOST_PATHS - 1) : found
  const cut = found.slice(kept.length)
  if (cut.length > 0) kept.push([OTHER_PATH, cut.some(([, hasOtherShape]) => hasOtherShape)])
  const paths = kept.map(([path]) => path)
  const withOtherShape = kept.flatMap(([path, hasOtherShape]) => (hasOtherShape ? [path] : []))
  return { paths: [...new Set(paths)], shapes: [...new Set(withOtherShape)] }
}

/** What stands in both answers where they differ. */
export interface FieldTexts {
  readonly path: string
  readonly first: string
  readonly other: string
}

/** A value is read up to here for an example. */
export const MOST_TEXT_CHARS = 20_000

/**
 * What both answers have at the first place of each of these paths where they differ, in full, so
 * that secrets can be found in it; a value that is missing is `(nothing)`.
 */
export function textsOf(
  first: AnswerView,
  other: AnswerView,
  paths: ReadonlySet<string>,
  ignored?: Ignored,
): FieldTexts[] {
  const found = new Map<string, FieldTexts>()
  visit(first, other, ignored, (path, _, texts) => {
    if (!paths.has(path) || found.has(path)) return true
    const [one, two] = texts()
    const [first, other] = [one.slice(0, MOST_TEXT_CHARS), two.slice(0, MOST_TEXT_CHARS)]
    found.set(path, { path, first, other })
    return found.size < paths.size
  })
  return [...found.values()]
}

export const MOST_EXAMPLE_CHARS = 80

/**
 * Both values at the first place where that path differs, at most 80 characters each; undefined
 * where it does not. They are as the target sent them: not for showing before they are redacted.
 */
export function exampleOf(
  first: AnswerView,
  other: AnswerView,
  path: string,
  ignored?: Ignored,
): { readonly baseline: string; readonly canary: string } | undefined {
  const [texts] = textsOf(first, other, new Set([path]), ignored)
  if (texts === undefined) return undefined
  const [baseline, canary] = excerptsOf(texts.first, texts.other, MOST_EXAMPLE_CHARS)
  return { baseline, canary }
}

/**
 * @param texts both values, made only where they are asked for
 * @returns false where no more has to be told
 */
type Found = (path: string, hasOtherShape: boolean, texts: () => [string, string]) => boolean

function visit(
  first: AnswerView,
  other: AnswerView,
  ignored: Ignored | undefined,
  found: Found,
): void {
  const told: Found =
    ignored === undefined
      ? found
      : (path, hasOtherShape, texts) =>
          (!path.startsWith('$') && ignored.path(path)) || found(path, hasOtherShape, texts)
  const isSame = samenessOf(first, other)
  if (first.status !== other.status) {
    told('status', true, () => [String(first.status), String(other.status)])
  }
  for (const header of differencesOfHeaders(first.headers, other.headers, isSame)) {
    const { path, hasOtherShape } = header
    told(path, hasOtherShape, () => [header.first ?? NOTHING, header.other ?? NOTHING])
  }
  visitBodies(first, other, ignored, isSame, told)
}

const NOTHING = '(nothing)'

type IsSame = (first: string, other: string) => boolean

/** Whether texts that differ say the same, each in the words of its own arm. */
function samenessOf({ own: firstOwn }: AnswerView, { own: otherOwn }: AnswerView): IsSame {
  if (firstOwn === undefined || otherOwn === undefined) return () => false
  return (first, other) => firstOwn(first) === otherOwn(other)
}

function visitBodies(
  first: AnswerView,
  other: AnswerView,
  ignored: Ignored | undefined,
  isSame: IsSame,
  found: Found,
): void {
  const { wire } = first.body
  if (wire === undefined || other.body.wire === undefined) return visitSizes(first, other, found)
  if (isEqual(wire, other.body.wire)) return
  const [one, two] = [first.body.parsed(), other.body.parsed()]
  if (one.kind === 'json' && two.kind === 'json') {
    visitJson(one.value, two.value, first, other, ignored, found)
  } else if (one.kind === 'html' && two.kind === 'html') {
    visitHtml(one.parts, two.parts, isSame, found)
  } else if ('text' in one && 'text' in two && one.kind === two.kind) {
    if (one.text === two.text || isSame(one.text, two.text)) return
    const { hasOtherShape } = differenceOfText(one.text, two.text)
    found(one.kind === 'text' ? 'text' : 'body', hasOtherShape, () => [one.text, two.text])
  } else if (one.kind !== two.kind) {
    found('body', true, () => [describe(one, first), describe(two, other)])
  } else if (one.kind === 'binary') {
    visitBytes(first, other, found)
  }
}

function visitJson(
  one: Json,
  two: Json,
  { own: firstOwn }: AnswerView,
  { own: otherOwn }: AnswerView,
  ignored: Ignored | undefined,
  found: Found,
): void {
  walkJson(one, two, {
    place: ignored?.root(one, two),
    ...(firstOwn === undefined ? {} : { firstOwn }),
    ...(otherOwn === undefined ? {} : { otherOwn }),
    found(difference) {
      const { kind, steps, hasOtherShape } = difference
      const path = kind === 'rest' ? OTHER_PATH : pathOf(steps)
      return found(path, hasOtherShape, () => textsOfJson(difference))
    },
  })
}

function textsOfJson({ kind, first, other }: JsonDifference): [string, string] {
  if (kind === 'length' && Array.isArray(first) && Array.isArray(other)) {
    return [`${first.length} elements`, `${other.length} elements`]
  }
  return [jsonText(first, MOST_TEXT_CHARS), jsonText(other, MOST_TEXT_CHARS)]
}

function visitHtml(one: HtmlParts, two: HtmlParts, isSame: IsSame, found: Found): void {
  for (const path of new Set([...one.keys(), ...two.keys()])) {
    const [left, right] = [one.get(path) ?? [], two.get(path) ?? []]
    const difference = findListDifference(left, right, isSame)
    if (difference === undefined) continue
    const hasOtherShape =
      path === STRUCTURE ? structureShape(left) !== structureShape(right) : difference.hasOtherShape
    found(path, hasOtherShape, () => [difference.first, difference.other])
  }
}

/** What cannot be read is the same only if its bytes are. */
function visitBytes(first: AnswerView, other: AnswerView, found: Found): void {
  const [one, two] = [first.body.plain(), other.body.plain()]
  if (one !== undefined && two !== undefined && isEqual(one, two)) return
  found('body', false, () => [sizeText(first), sizeText(other)])
  visitSizes(first, other, found)
}

function visitSizes(first: AnswerView, other: AnswerView, found: Found): void {
  const [one, two] = [first.body.bytes, other.body.bytes]
  if (Math.abs(one - two) <= SIZE_SHARE * Math.max(one, two)) return
  found('size', true, () => [sizeText(first), sizeText(other)])
}

function sizeText({ body }: AnswerView): string {
  return `${body.bytes} bytes`
}

const KINDS: Readonly<Record<Parsed['kind'], string>> = {
  json: 'JSON',
  'broken-json': 'no valid JSON',
  html: 'HTML',
  text: 'text',
  binary: 'binary',
  empty: 'empty',
}

function describe({ kind }: Parsed, view: AnswerView): string {
  return kind === 'empty' ? KINDS[kind] : `${KINDS[kind]}, ${sizeText(view)}`
}

function isEqual(one: Uint8Array, two: Uint8Array): boolean {
  return one.length === two.length && Buffer.compare(one, two) === 0
}
