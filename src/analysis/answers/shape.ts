/**
 * Shapes: what stays the same when a noisy field varies. A date stays a date and an id an id of its
 * kind, whatever its value, so a field that differs between two answers of one service can still be
 * compared by what it is. Magnitudes are no part of a shape: a duration in milliseconds would
 * otherwise tell which arm is slower, which is not what answers are compared for.
 */

import { isList, type Json } from './json.ts'

/** The first that fits counts. All are anchored and take time in proportion to the text. */
const FORMATS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['date', /^\d{4}-\d{2}-\d{2}$/],
  // Fraction and zone may come and go: a time whose milliseconds were cut is a time still.
  [
    'date-time',
    /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?([Zz]|[+-]\d{2}:?\d{2}))?$/,
  ],
  ['http-date', /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/],
  ['uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i],
  ['epoch', /^1\d{9}(\d{3}){0,3}(\.\d+)?$/],
  ['integer', /^[+-]?\d+$/],
  ['decimal', /^[+-]?\d*[.,]\d+$/],
  ['url', /^([a-z][a-z0-9+.-]*:)?\/\/\S+$/i],
  ['e-mail', /^[^\s@]+@[^\s@]+$/],
]
/** Formats are short; of longer texts only a URL is looked for. */
const MOST_FORMAT_CHARS = 320

/** A format class, `hex:32` with its length, or a class of lengths: `text:4` has 8 to 15 characters. */
export function shapeOfText(text: string): string {
  if (text.length <= MOST_FORMAT_CHARS) {
    for (const [name, pattern] of FORMATS) if (pattern.test(text)) return name
    if (text.length >= 8 && /^[0-9a-f]+$/i.test(text)) return `hex:${text.length}`
  } else if (/^https?:\/\/\S+$/i.test(text)) return 'url'
  return `text:${32 - Math.clz32(text.length)}`
}

/** Of an array its length, of an object nothing but that it is one. */
export function shapeOf(value: Json): string {
  if (typeof value === 'string') return shapeOfText(value)
  if (typeof value === 'number' || typeof value === 'bigint') return shapeOfNumber(Number(value))
  if (isList(value)) return `array:${value.length}`
  return value === null ? 'null' : typeof value
}

/** Seconds, milliseconds and microseconds since 1970, from 2001 to 2096. */
function shapeOfNumber(value: number): string {
  for (const [unit, perSecond] of EPOCH_UNITS) {
    if (value >= 1e9 * perSecond && value < 4e9 * perSecond) return unit
  }
  return 'number'
}

const EPOCH_UNITS = [
  ['epoch-s', 1],
  ['epoch-ms', 1e3],
  ['epoch-us', 1e6],
] as const
