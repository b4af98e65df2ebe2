/** Times as logs write them: ISO 8601, epoch in any unit, or the Common Log Format. */

import { parseLogTime } from './access-log.ts'

const ISO =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s*(Z|UTC|[+-]\d\d:?\d\d)?)?$/i

/**
 * Epoch milliseconds; undefined if it is no time. A number is taken for seconds, milliseconds,
 * micro- or nanoseconds by its size; a time without a zone for UTC.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === 'number') return epochMs(value)
  if (typeof value !== 'string' || value.length > 60) return undefined
  const text = value.trim()
  if (/^\d+(?:\.\d+)?$/.test(text)) return epochMs(Number(text))
  return parseIso(text) ?? parseLogTime(text.replace(/^\[|\]$/g, ''))
}

/** Each unit's numbers of the years 1990 to 2200 lie apart from those of the others. */
function epochMs(value: number): number | undefined {
  if (!Number.isFinite(value) || value < 6e8) return undefined
  if (value < 1e10) return value * 1000
  if (value < 1e13) return value
  if (value < 1e16) return value / 1e3
  return value < 1e19 ? value / 1e6 : undefined
}

function parseIso(text: string): number | undefined {
  const match = ISO.exec(text)
  if (match === null) return undefined
  const [, day, clock = '00:00', fraction = '0', zone = 'Z'] = match
  const offset = /^[+-]/.test(zone) ? zone.replace(/^(...)(\d\d)$/, '$1:$2') : 'Z'
  const timeMs = Date.parse(`${day}T${clock}${offset}`)
  return Number.isFinite(timeMs) ? timeMs + Number(`0.${fraction}`) * 1000 : undefined
}
