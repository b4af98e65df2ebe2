/**
 * The Prometheus text format 0.0.4 and OpenMetrics 1.0, read tolerantly: a line that makes no sense
 * is left out, because one odd exporter line must not hide the process beside it. Only samples of
 * the wanted metrics are read closely; of the other lines only the form is looked at.
 *
 * @see https://github.com/prometheus/docs, exposition_formats.md; OpenMetrics: RFC draft of 2022
 */

export interface ExposedSample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  /** May be infinite or no number at all. */
  readonly value: number
  /** Whether the line says when it was measured: then it is passed on from elsewhere. */
  readonly isDated: boolean
}

export interface Exposition {
  readonly samples: readonly ExposedSample[]
  /** Lines that have the form of a sample, of any metric. */
  readonly sampleLines: number
  readonly badLines: number
  /** Names of metrics, for "did you mean"; not more than a thousand. */
  readonly names: ReadonlySet<string>
}

const MOST_SAMPLES = 100_000
const MOST_NAMES = 1_000
const MOST_LABELS = 200

const SAMPLE_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*(?=[{\s])/
/** `{"a.b", c="d"} 1` of Prometheus 3: such a name cannot be wanted, but it is no mistake. */
const QUOTED_NAME = /^\{"(?:[^"\\]|\\.)*"\s*[,}]/
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_.]*/y
/** What follows the labels: a value, perhaps a time, perhaps an exemplar. */
const REST = /^\s*(\S+)(?:\s+([+-]?[\d.][\d.eE+-]*))?\s*(?:#\s.*)?$/
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** The samples of these metrics in the order of the text. */
export function readExposition(text: string, wanted: ReadonlySet<string>): Exposition {
  const samples: ExposedSample[] = []
  const names = new Set<string>()
  let sampleLines = 0
  let badLines = 0
  for (const line of linesOf(text)) {
    if (line.startsWith('#') || line.trim() === '') continue
    const name = SAMPLE_NAME.exec(line)?.[0]
    if (name === undefined && !QUOTED_NAME.test(line)) {
      badLines += 1
      continue
    }
    const sample =
      name !== undefined && wanted.has(name) && samples.length < MOST_SAMPLES
        ? sampleOf(name, line)
        : 'not wanted'
    if (sample === undefined) {
      badLines += 1
      continue
    }
    sampleLines += 1
    if (name !== undefined && names.size < MOST_NAMES) names.add(name)
    if (sample !== 'not wanted') samples.push(sample)
  }
  return { samples, sampleLines, badLines, names }
}

function* linesOf(text: string): Generator<string> {
  let from = 0
  while (from < text.length) {
    const end = text.indexOf('\n', from)
    const to = end === -1 ? text.length : end
    yield text.slice(from, to)
    from = to + 1
  }
}

function sampleOf(name: string, line: string): ExposedSample | undefined {
  const labelled = labelsOf(line, name.length)
  if (labelled === undefined) return undefined
  const rest = REST.exec(line.slice(labelled.end))
  const value = rest?.[1] === undefined ? undefined : valueOf(rest[1])
  if (value === undefined) return undefined
  return { name, labels: labelled.labels, value, isDated: rest?.[2] !== undefined }
}

/** Numbers as Go writes them. */
function valueOf(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text)
  switch (text.toLowerCase()) {
    case '+inf':
    case 'inf':
    case '+infinity':
    case 'infinity':
      return Infinity
    case '-inf':
    case '-infinity':
      return -Infinity
    case 'nan':
      return NaN
    default:
      return undefined
  }
}

interface Labelled {
  readonly labels: ReadonlyMap<string, string>
  /** Where the line goes on. */
  readonly end: number
}

function labelsOf(line: string, from: number): Labelled | undefined {
  const labels = new Map<string, string>()
  let at = afterBlanks(line, from)
  if (line[at] !== '{') return { labels, end: from }
  at = afterBlanks(line, at + 1)
  while (line[at] !== '}') {
    LABEL_NAME.lastIndex = at
    const key = LABEL_NAME.exec(line)?.[0]
    if (key === undefined || labels.size >= MOST_LABELS) return undefined
    at = afterBlanks(line, at + key.length)
    if (line[at] !== '=') return undefined
    const value = quotedAt(line, afterBlanks(line, at + 1))
    if (value === undefined) return undefined
    labels.set(key, value.text)
    at = afterBlanks(line, value.end)
    if (line[at] === ',') at = afterBlanks(line, at + 1)
    else if (line[at] !== '}') return undefined
  }
  return { labels, end: at + 1 }
}

function afterBlanks(line: string, from: number): number {
  let at = from
  while (line[at] === ' ' || line[at] === '\t') at += 1
  return at
}

/** A label's value: `\\`, `\"` and `\n` are the only escapes; others stand for themselves. */
function quotedAt(line: string, from: number): { text: string; end: number } | undefined {
  if (line[from] !== '"') return undefined
  for (let at = from + 1; at < line.length; at += 1) {
    if (line[at] === '\\') at += 1
    else if (line[at] === '"') return { text: unescaped(line.slice(from + 1, at)), end: at + 1 }
  }
  return undefined
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}
