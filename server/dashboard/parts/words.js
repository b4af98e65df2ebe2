// @ts-check
/** Numbers and names as people read them: few figures, the unit beside them, the sign always said. */

const THIN = '\u202f'

/** @type {Record<string, string>} */
const METRIC_WORDS = {
  latency_typical: 'typical latency',
  latency_tail: 'tail',
  errors: 'errors',
  responses: 'responses',
  cpu: 'CPU',
  memory: 'memory',
}

/** @type {Record<string, string>} */
const SKIP_WORDS = {
  'mutations-not-allowed': 'not sent: mutations are not allowed',
  'shared-state': 'not sent: twins would share its state',
  'needs-skipped': 'not sent: it needs a skipped action',
  'no-ontology-entry': 'not sent: the ontology does not know it',
}

/** @param {string} metric */
export const metricWord = (metric) => METRIC_WORDS[metric] ?? metric

/**
 * For a narrow column.
 * @param {string} metric
 */
export const shortMetricWord = (metric) =>
  metric === 'latency_typical' ? 'typical' : metricWord(metric)

/** @param {string} code */
export const skipWord = (code) => SKIP_WORDS[code] ?? `not sent: ${code}`

/** @param {string} action */
export function actionWord(action) {
  if (action === '*') return 'whole service'
  return action === 'rare' ? 'rare actions, together' : action
}

/** @param {string} word */
export const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1)

/**
 * `12 034`.
 * @param {number} count
 */
export function formatCount(count) {
  return Math.round(count)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, THIN)
}

/**
 * `1.31`.
 * @param {number} ratio
 */
export function formatRatio(ratio) {
  return ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)
}

/**
 * `+0.5 pp` of a difference of shares.
 * @param {number} difference
 */
export function formatPoints(difference) {
  const points = difference * 100
  const size = Math.abs(points)
  const digits = size < 0.095 && size > 0 ? 2 : 1
  if (size < 0.005) return `0${THIN}pp`
  return `${points > 0 ? '+' : '−'}${size.toFixed(digits)}${THIN}pp`
}

/**
 * `5 %`, `12.5 %` of basis points.
 * @param {number} weightBp
 */
export const formatWeight = (weightBp) => `${weightBp / 100}${THIN}%`

/**
 * `4.87` of basis points, for an estimate.
 * @param {number} weightBp
 */
export function formatObserved(weightBp) {
  return (weightBp / 100).toFixed(weightBp >= 1000 ? 1 : 2)
}

/**
 * `1 probe`, `2 probes`.
 * @param {number} count
 * @param {string} word
 */
export const plural = (count, word) => `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`

/**
 * Evidence as a multiple: `×2.6`, `×19 300`, `×10⁹`. Rounded down: what is said must hold.
 * @param {number} ln
 */
export function formatTimes(ln) {
  const size = Math.exp(Math.min(ln, 300))
  if (ln >= Math.log(100_000)) return `×10${superscript(Math.floor(ln / Math.LN10))}`
  if (size < 10) return `×${Math.floor(size * 100) / 100}`
  const step = 10 ** Math.max(0, Math.floor(Math.log10(size)) - 2)
  return `×${formatCount(Math.floor(size / step) * step)}`
}

/**
 * Control characters and those that turn the direction of text become visible, so that what a
 * target says cannot pretend to be something else.
 * @param {string} text
 */
export function showControls(text) {
  return text.replaceAll(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, (sign) => {
    const code = sign.codePointAt(0) ?? 0
    if (sign === '\n' || sign === '\t') return sign
    if (code < 0x20) return String.fromCodePoint(0x2400 + code)
    return code === 0x7f ? '␡' : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
  })
}

/**
 * `0.2 %`.
 * @param {number} share
 */
export function formatShare(share) {
  const percent = share * 100
  const digits = percent !== 0 && Math.abs(percent) < 99.95 ? (Math.abs(percent) < 0.1 ? 2 : 1) : 0
  return `${percent.toFixed(digits)}${THIN}%`
}

/**
 * `9.1 ms`.
 * @param {number} ms
 */
export function formatMs(ms) {
  return `${ms >= 100 ? formatCount(ms) : ms.toFixed(ms >= 10 ? 1 : 2)}${THIN}ms`
}

/**
 * `41 s`, `1 min 50 s`, `2 h 5 min`.
 * @param {number} seconds
 */
export function formatSeconds(seconds) {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole}${THIN}s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return two(minutes, 'min', whole % 60, 's')
  return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
}

/**
 * `1:50`, for a countdown.
 * @param {number} seconds
 */
export function formatCountdown(seconds) {
  const whole = Math.max(0, Math.round(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

/**
 * A power of ten as people write it: `0.01`, `100`, `10 000`, `10⁹`.
 * @param {number} exponent
 */
export function formatPower(exponent) {
  if (exponent < -3 || exponent > 5) return `10${superscript(exponent)}`
  return exponent < 0 ? (10 ** exponent).toFixed(-exponent) : formatCount(10 ** exponent)
}

/**
 * `14:05:19`, in this browser's time.
 * @param {number} wallMs
 */
export function formatClock(wallMs) {
  return new Date(wallMs).toLocaleTimeString('en-GB')
}

/**
 * `14:05`.
 * @param {number} wallMs
 */
export function formatMinute(wallMs) {
  return new Date(wallMs).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}

/**
 * `today 11:20`, `18 Nov 09:04`.
 * @param {string} iso
 * @param {number} nowMs
 */
export function formatDay(iso, nowMs) {
  const then = new Date(iso)
  const time = then.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  const isToday = then.toDateString() === new Date(nowMs).toDateString()
  const day = then.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
  return `${isToday ? 'today' : day} ${time}`
}

/**
 * Estimate and interval of an effect: `1.31×` and `(1.22–1.41)`.
 * @param {ApiEffect} effect
 * @returns {{ estimate: string; interval: string }}
 */
export function effectWords(effect) {
  const { kind, estimate, low, high } = effect
  const isRatio = kind === 'ratio'
  const isKnown = low !== undefined || high !== undefined
  const interval = isKnown ? span(isRatio, low, high) : '(estimate)'
  return { estimate: isRatio ? `${formatRatio(estimate)}×` : formatPoints(estimate), interval }
}

/**
 * An end that is not known is a question mark.
 * @param {boolean} isRatio
 * @param {number | undefined} low
 * @param {number | undefined} high
 */
function span(isRatio, low, high) {
  const [from, to] = [low, high].map((value) => {
    if (value === undefined) return '?'
    return isRatio ? formatRatio(value) : (value * 100).toFixed(1).replace('-', '−')
  })
  return `(${from}–${to})`
}

/**
 * @param {number} large
 * @param {string} largeUnit
 * @param {number} small
 * @param {string} smallUnit
 */
function two(large, largeUnit, small, smallUnit) {
  const first = `${large}${THIN}${largeUnit}`
  return small === 0 ? first : `${first} ${small}${THIN}${smallUnit}`
}

/** @param {number} value */
function superscript(value) {
  return String(value)
    .split('')
    .map((sign) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt('-0123456789'.indexOf(sign)))
    .join('')
}
