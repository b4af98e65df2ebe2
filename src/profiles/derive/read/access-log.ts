/**
 * Lines of access logs in the Common and the Combined Log Format, as Apache and nginx write them.
 * @see https://httpd.apache.org/docs/2.4/logs.html
 */

export const LOG_FORMATS = ['combined', 'common'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

export interface LogEntry {
  readonly address: string
  readonly timeMs: number
  /** Empty where the client sent no HTTP, such as `"-"` for a connection that timed out. */
  readonly method: string
  /** Path with query as it was asked for. */
  readonly target: string
  readonly status: number
  /** Empty in the Common format, and where the client named none. */
  readonly userAgent: string
}

/** Longer lines are malformed: servers limit a request's line and headers to 8 KiB each. */
const LINE_LIMIT = 32_768

/** Quotes inside a field stand as `\"`. Each part excludes its end, so matching is linear. */
const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`
const COMMON = String.raw`^(\S+) \S+ [^[]*\[([^\]]{1,40})\] ${QUOTED} (\d{3}) (?:\d+|-)`
const PATTERNS: Readonly<Record<LogFormat, RegExp>> = {
  common: new RegExp(String.raw`${COMMON}\s*$`),
  // More fields after the agent are common (host, time taken) and are not looked at.
  combined: new RegExp(String.raw`${COMMON} ${QUOTED} ${QUOTED}(?:\s.*)?$`),
}

/** The entry of one line; undefined if the line is not of this format. */
export function parseLogLine(line: string, format: LogFormat): LogEntry | undefined {
  if (line.length > LINE_LIMIT) return undefined
  const match = PATTERNS[format].exec(line)
  if (match === null) return undefined
  const [, address = '', time = '', request = '', status = '', , userAgent = '-'] = match
  const timeMs = parseLogTime(time)
  if (timeMs === undefined) return undefined
  const [, method = '', target = ''] = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?$/.exec(request) ?? []
  return {
    address,
    timeMs,
    method,
    target,
    status: Number(status),
    userAgent: userAgent === '-' ? '' : userAgent,
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Epoch milliseconds of `17/May/2015:10:05:03 +0000`. */
export function parseLogTime(text: string): number | undefined {
  const match =
    /^(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(text)
  if (match === null) return undefined
  const [, day, monthName = '', year, hour, minute, second, sign, zoneHours, zoneMinutes] = match
  const month = MONTHS.indexOf(monthName)
  if (month === -1) return undefined
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -1 : 1)
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second)]
  return Date.UTC(Number(year), month, d, h, m, s) - zone * 60_000
}
