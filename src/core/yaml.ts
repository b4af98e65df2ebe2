/** YAML with places: each value can be traced back to the line it stands on. */

import { LineCounter, isMap, isNode, isSeq, isScalar, parseDocument, type Document } from 'yaml'
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

function valueOf(document: Document.Parsed, file: string): unknown {
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
  document: Document.Parsed,
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
