/** The words of a plan: what must be proven, how long it takes, what would be found. */

import type { ClaimForecast, Detection } from '../../outrider.ts'
import { NARROW_SPACE, formatPercent } from '../../report/numbers.ts'

/** `typical ≤ 10 %`, `tail share ≤ 2.5 pp` */
export function claimWords({ metric, margin }: ClaimForecast): string {
  switch (metric) {
    case 'latency_typical':
      return `typical ≤ ${formatPercent(margin)}`
    case 'latency_tail':
      return `tail share ≤ ${points(margin)}`
    case 'errors':
    case 'responses':
      return `${metric} ≤ ${points(margin)}`
    case 'cpu':
      return `CPU ≤ ${formatPercent(margin)}`
    case 'memory':
      return `memory ≤ ${formatPercent(margin)}`
  }
}

/** `28 s (17–48)`; a star where pairs of real runs stand for a formula. */
export function expectedWords({ expected, basis }: ClaimForecast): string {
  if (expected === undefined) return 'not planned'
  const { seconds, p10Seconds, p90Seconds } = expected
  const unit = unitOf(p90Seconds)
  const star = basis === 'measured' ? '*' : ''
  const range = `${inUnit(p10Seconds, unit)}–${inUnit(p90Seconds, unit)}`
  return `${inUnit(seconds, unit)}${NARROW_SPACE}${unit.name}${star} (${range})`
}

interface Unit {
  readonly name: string
  readonly seconds: number
}

const UNITS: readonly (Unit & { readonly upTo: number })[] = [
  { name: 's', seconds: 1, upTo: 100 },
  { name: 'min', seconds: 60, upTo: 6000 },
  { name: 'h', seconds: 3600, upTo: Infinity },
]

/** The unit in which so many seconds have two figures. */
function unitOf(seconds: number): Unit {
  return UNITS.find(({ upTo }) => seconds < upTo) ?? { name: 's', seconds: 1 }
}

function inUnit(seconds: number, unit: Unit): string {
  const value = seconds / unit.seconds
  return String(Number(value.toFixed(unit.seconds > 1 && value < 9.95 ? 1 : 0)))
}

/** `25 s`, or that it would not be found. */
export function detectionWords(detection: Detection | undefined): string {
  if (detection === undefined) return ''
  const { seconds } = detection
  if (seconds === undefined) return 'never'
  const unit = unitOf(seconds)
  return `${inUnit(seconds, unit)}${NARROW_SPACE}${unit.name}`
}

/** `7 %` slower. */
export function ratioWords(ratio: number | undefined): string {
  return ratio === undefined ? 'none' : `+${formatPercent(ratio - 1)}`
}

/** `--max-duration 15m, --rate 120 or --healthy-margin errors=4pp`; undefined where nothing helps. */
export function remedyWords({ metric, remedy }: ClaimForecast): string | undefined {
  const { maxDurationSeconds, rate, margin } = remedy ?? {}
  const isRatio = metric === 'latency_typical'
  const ways = [
    ...(maxDurationSeconds === undefined ? [] : [`--max-duration ${maxDurationSeconds / 60}m`]),
    ...(rate === undefined ? [] : [`--rate ${rate}`]),
    ...(margin === undefined
      ? []
      : [`--healthy-margin ${marginKey(metric)}=${number(margin * 100)}${isRatio ? '%' : 'pp'}`]),
  ]
  if (ways.length < 2) return ways[0]
  return `${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}`
}

function marginKey(metric: ClaimForecast['metric']): string {
  return metric === 'latency_tail' ? 'latency_tail_share' : metric
}

function points(share: number): string {
  return `${number(share * 100)}${NARROW_SPACE}pp`
}

function number(value: number): string {
  return String(Number(value.toFixed(2)))
}
