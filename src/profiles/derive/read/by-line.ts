/** Logs of one request a line: what is malformed is counted, and too much of it ends the import. */

import { UsageError } from '../../../core/errors.ts'
import type { LineBatches } from './lines.ts'
import { LOG_FORMATS, parseLogLine, type LogFormat } from './access-log.ts'
import type { LoggedRequest, ReadContext, Reader } from './request.ts'

/** More malformed lines than this share mean another format, not a few broken lines. */
const MALFORMED_SHARE = 0.05

export interface LineFormat {
  /** As errors call it: `combined`. */
  readonly name: string
  /** Undefined if the line is not of this format. */
  parse(line: string): LoggedRequest | undefined
  /** The error of a line that could not be parsed, where it says more than that. */
  faultOf?(line: string, where: string): UsageError | undefined
  /** After the last line. @throws UsageError where nothing of what was read is a request */
  finish?(): void
}

/** A reader of lines in this format. */
export function createLineReader(format: LineFormat): Reader {
  return (lines, context) => readByLine(lines, context, format)
}

export function accessLogFormat(name: LogFormat): LineFormat {
  const hasAgents = name === 'combined'
  return {
    name,
    parse(line) {
      const entry = parseLogLine(line, name)
      if (entry === undefined) return undefined
      const { address, timeMs, method, target, status, userAgent } = entry
      const agent = hasAgents ? userAgent : undefined
      return { address, user: '', userAgent: agent, geo: 'ZZ', timeMs, method, target, status }
    },
  }
}

async function* readByLine(
  lines: LineBatches,
  context: ReadContext,
  format: LineFormat,
): AsyncGenerator<LoggedRequest[]> {
  const { file, counts } = context
  let lineNumber = 0
  let firstFault: { readonly line: string; readonly where: string } | undefined
  for await (const batch of lines) {
    const requests: LoggedRequest[] = []
    for (const text of batch) {
      lineNumber += 1
      if (text.trim() === '') continue
      const line = text.endsWith('\r') ? text.slice(0, -1) : text
      counts.entries += 1
      const request = format.parse(line)
      if (request !== undefined) {
        requests.push(request)
        continue
      }
      counts.malformed += 1
      firstFault ??= { line, where: `${file}:${lineNumber}` }
      if (counts.entries === 1) throw faultOf(format, firstFault, 'is not in this format')
    }
    yield requests
  }
  const { entries, malformed } = counts
  if (entries === 0) throw badLog(format.name, `${file}:1`, 'is missing: the file is empty', '')
  if (firstFault !== undefined && malformed > MALFORMED_SHARE * entries) {
    const why = `is not in this format, nor are ${malformed} of ${entries} lines`
    throw faultOf(format, firstFault, why)
  }
  format.finish?.()
}

function faultOf(
  format: LineFormat,
  { line, where }: { readonly line: string; readonly where: string },
  why: string,
): UsageError {
  return format.faultOf?.(line, where) ?? badLog(format.name, where, why, line)
}

/** A file that is not of the format that was named; `line` is what the mend is guessed from. */
export function badLog(format: string, where: string, why: string, line: string): UsageError {
  const guess = guessFormat(line)
  const other = guess === format ? undefined : guess
  const asked = format === 'combined' ? 'common' : 'combined'
  return new UsageError(`Cannot import ${format} log: ${where} ${why}`, {
    code: 'bad-log',
    where,
    mend: `check the file, or try --format ${other ?? asked}`,
  })
}

/** The format that a first line looks like. */
export function guessFormat(line: string): string | undefined {
  const log = LOG_FORMATS.find((format) => parseLogLine(line, format) !== undefined)
  if (log !== undefined) return log
  if (!/^\s*[{[]/.test(line)) return undefined
  if (line.includes('"resourceSpans"')) return 'otlp'
  if (/^\s*\{\s*"log"\s*:\s*\{/.test(line)) return 'har'
  return line.includes('"behavioral_patterns"') ? 'profiles' : 'json'
}
