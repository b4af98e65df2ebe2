// @ts-check
/** The card "Mix and cost": what was sent of each action, what it cost, what the arms used. */

import { byId, setText } from '../parts/dom.js'
import { numbersTable } from '../parts/facts.js'
import { actionWord, capital, formatCount, formatMs, formatShare, plural } from '../parts/words.js'

const THIN = '\u202f'

/** @param {ApiProbe} probe */
export function showMix({ report }) {
  const mix = report?.mix ?? []
  const costs = report?.costs ?? []
  const arms = Object.entries(report?.arms ?? {})
  const areMeasured = arms.some(([, arm]) => (arm.cpuMsPerRequest ?? arm.rssMb) !== undefined)
  byId('mix-card').hidden =
    report === undefined || (mix.length === 0 && costs.length === 0 && !areMeasured)
  if (report === undefined) return
  byId('mix').replaceChildren(mixTable(mix, costs))
  byId('used').replaceChildren(...(areMeasured ? [usedTable(arms)] : []))
  const told = [
    `Delivered: of ${plural(report.pairs, 'pair')}; focus and short runs move it away from the natural mix.`,
    costs.length === 0
      ? ''
      : 'CPU by action is a regression over the blocks of the baseline: a hint, not a measurement.',
    areMeasured ? 'Growth is the slope of the least memory: a hint as well.' : '',
  ]
  setText(byId('mix-note'), told.filter((part) => part !== '').join(' '))
}

/**
 * @param {NonNullable<ApiReport['mix']>} mix
 * @param {NonNullable<ApiReport['costs']>} costs
 */
function mixTable(mix, costs) {
  const shares = new Map(mix.map((row) => [row.action, row]))
  const prices = new Map(costs.map((row) => [row.action, row]))
  const names = [...new Set([...shares.keys(), ...prices.keys()])]
  const hasCosts = costs.length > 0
  const heads = [
    'Action',
    'By nature',
    'Delivered',
    ...(hasCosts ? ['CPU per request, a hint'] : []),
  ]
  const rows = names.map((name) => {
    const share = shares.get(name)
    const cells = [share?.natural, share?.delivered].map((value) =>
      value === undefined ? '–' : formatShare(value),
    )
    return [actionWord(name), ...cells, ...(hasCosts ? [costWords(prices.get(name))] : [])]
  })
  return numbersTable(heads, rows)
}

/** @param {NonNullable<ApiReport['costs']>[number] | undefined} cost */
function costWords(cost) {
  if (cost === undefined) return 'not told apart'
  const ends = [cost.low, cost.high].map((end) => formatMs(end).split(THIN)[0])
  return `${formatMs(cost.cpuMs)} (${ends.join('–')})`
}

/** @param {readonly (readonly [string, ApiReport['arms']['canary'] & object])[]} arms */
function usedTable(arms) {
  const heads = ['Arm', 'CPU per request', 'Memory', 'Growth, a hint']
  const rows = arms.map(([name, arm]) => [
    capital(name),
    arm.cpuMsPerRequest === undefined ? 'not measured' : formatMs(arm.cpuMsPerRequest),
    arm.rssMb === undefined ? 'not measured' : megabytes(arm.rssMb),
    arm.rssMbPerMinute === undefined ? 'not measured' : `${growth(arm.rssMbPerMinute)}/min`,
  ])
  return numbersTable(heads, rows)
}

/** @param {number} value */
function megabytes(value) {
  return `${value >= 9.95 ? formatCount(value) : value.toFixed(1)}${THIN}MB`
}

/** @param {number} rate */
function growth(rate) {
  const size = Math.abs(rate)
  const sign = size < 0.05 ? '' : rate < 0 ? '−' : '+'
  return `${sign}${size.toFixed(size >= 9.95 ? 0 : 1)}${THIN}MB`
}
