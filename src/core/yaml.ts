/** YAML with places: each value can be traced back to the line it stands on. */

import {
  Document,
  LineCounter,
  Scalar,
  isMap,
  isNode,
  isSeq,
  isScalar,
  parseDocument,
  visit,
} from 'yaml'
import { UsageError, messageOf } from './errors.ts'

export interface YamlSource {
  readonly value: unknown
  /** `file:line` of the value (or of the key, for an unknown key) at this path. */
  readonly locate: (path: readonly PropertyKey[]) => string
}

/**
 * @param file the name that errors show
 * @throws UsageError with code `bad-yaml` and the line of the first fault
 */
export function parseYaml(text: string, file: string): YamlSource {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: true })
  const fault = document.errors[0]
  if (fault) {
    const where = `${file}:${lineCounter.linePos(fault.pos[0]).line}`
    throw new UsageError(`Cannot read YAML: ${where}: ${fault.message}`, {
      code: 'bad-yaml',
      where,
      mend: 'mend the line, then try again',
    })
  }
  return {
    value: valueOf(document, file),
    locate: (path) => `${file}:${lineOf(document, lineCounter, path)}`,
  }
}

/** Longer ones are written over several lines. */
const FLOW_CHARACTERS = 80

/**
 * Plain data as YAML for people: what is short stands on one line, the rest is indented.
 * @param heading comment above, without `#`
 * @param comments above the entries of the map `under`, by name
 */
export function writeYaml(
  value: unknown,
  heading: string,
  comments?: { readonly under: string; readonly byName: ReadonlyMap<string, string> },
): string {
  const document = new Document(value, { aliasDuplicateObjects: false })
  document.commentBefore = commentOf(heading)
  const map = comments === undefined ? undefined : document.get(comments.under, true)
  for (const { key } of isMap(map) ? map.items : []) {
    const comment = isScalar(key) ? comments?.byName.get(String(key.value)) : undefined
    if (isScalar(key) && comment !== undefined) key.commentBefore = commentOf(comment)
  }
  visit(document, {
    Pair: (_, { key }) => {
      // Bare it would merge another map into this one.
      if (isScalar(key) && key.value === '<<') key.type = Scalar.QUOTE_DOUBLE
    },
  })
  visit(document, {
    Collection: (_, node, path) => {
      if (path.length === 1 || JSON.stringify(node).length > FLOW_CHARACTERS) return undefined
      node.flow = true
      return visit.SKIP
    },
  })
  return document.toString({ lineWidth: 100, flowCollectionPadding: true })
}

/** What was recorded may hold signs that end a line and so the comment. */
function commentOf(text: string): string {
  return text.replaceAll(/[^\P{C}\n]|[\u2028\u2029]/gu, ' ').replaceAll(/^(?=.)/gm, ' ')
}

function valueOf(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (thrown) {
    throw new UsageError(`Cannot read YAML: ${file}: ${messageOf(thrown)}`, {
      code: 'bad-yaml',
      where: file,
      mend: 'mend its anchors and aliases, then try again',
      cause: thrown,
    })
  }
}

function lineOf(
  document: ReturnType<typeof parseDocument>,
  lineCounter: LineCounter,
  path: readonly PropertyKey[],
): number {
  let offset = 0
  let node: unknown = document.contents
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      if (!pair) break
      if (isNode(pair.key) && pair.key.range) offset = pair.key.range[0]
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(key)]
      if (!isNode(item)) break
      if (item.range) offset = item.range[0]
      node = item
    } else break
  }
  return lineCounter.linePos(offset).line
}
