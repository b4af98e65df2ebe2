/** Numbers as people read them: two or three figures, the unit behind, intervals in brackets. */

import type { Effect } from '../core/contract/report.ts'

/** Parts thousands and stands before `%`: a line is never broken there. */
export const NARROW_SPACE = '\u202F'

/** `1 204` with narrow no-break spaces; a fraction is rounded away. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, NARROW_SPACE)
}

/** `3 %`, `9.1 %`, `0.05 %` of a share. */
export function formatPercent(share: number): string {
  const percent = share * 100
  return `${formatFigures(percent, figuresFor(percent))}${NARROW_SPACE}%`
}

/** `0.4 s`, `14 s`, `1 min 50 s`, `2 h 5 min` of an amount ≥ 0. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds)
  if (seconds < 1) return `${formatFigures(seconds, 1)}${NARROW_SPACE}s`
  if (whole < 60) return `${whole}${NARROW_SPACE}s`
  const [large, small, units] =
    whole < 3600
      ? [Math.floor(whole / 60), whole % 60, ['min', 's']]
      : [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), ['h', 'min']]
  const head = `${formatCount(large)}${NARROW_SPACE}${units[0]}`
  return small === 0 ? head : `${head}${NARROW_SPACE}${small}${NARROW_SPACE}${units[1]}`
}

/** `9.1 ms`, `0.42 ms`, `1 204 ms`. */
export function formatMs(ms: number): string {
  const figures = ms >= 1000 ? formatCount(ms) : formatFigures(ms, figuresFor(ms))
  return `${figures}${NARROW_SPACE}ms`
}

/**
 * `1.31× (1.22–1.41)` or `+1.8 pp (0.9–3.0)`. No estimate stands without its interval: an end that
 * is not known is a question mark, and a figure that has no interval says that it is an estimate.
 */
export function formatEffect(effect: Effect): string {
  const { low, high } = effect
  const text = formatWithEnds(effect)
  return low === undefined && high === undefined ? text.replace(/\(.*\)$/, '(estimate)') : text
}

function formatWithEnds(effect: Effect): string {
  if (effect.kind === 'ratio') {
    const [low, high] = [effect.low, effect.high].map((end) =>
      end === undefined ? '?' : formatRatio(end),
    )
    return `${formatRatio(effect.estimate)}× (${low}–${high})`
  }
  const points = [effect.estimate, effect.low, effect.high].map((share) =>
    share === undefined ? undefined : share * 100,
  )
  const largest = Math.max(...points.map((point) => Math.abs(point ?? 0)))
  const digits = largest >= 10 ? 0 : largest >= 1 ? 1 : 2
  const [estimate, low, high] = points.map((point) =>
    point === undefined ? '?' : fixed(point, digits),
  )
  const sign = effect.estimate > 0 ? '+' : ''
  const between = `${low}${high}`.includes('−') ? ' to ' : '–'
  return `${sign}${estimate}${NARROW_SPACE}pp (${low}${between}${high})`
}

/** `1.31`, `12.4`, `120`. */
function formatRatio(ratio: number): string {
  return fixed(ratio, ratio >= 99.5 ? 0 : ratio >= 9.95 ? 1 : 2)
}

function figuresFor(value: number): number {
  const size = Math.abs(value)
  return size >= 9.95 ? 0 : size >= 0.995 ? 1 : 2
}

/** Fixed digits without the zeros that say nothing. */
function formatFigures(value: number, digits: number): string {
  const text = fixed(value, digits)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** With a true minus sign and never "−0.0"; beyond a thousand only that it is. */
function fixed(value: number, digits: number): string {
  if (Math.abs(value) >= 999.5) return value > 0 ? '>999' : '<−999'
  const text = Math.abs(value).toFixed(digits)
  return value < 0 && Number(text) !== 0 ? `−${text}` : text
}
