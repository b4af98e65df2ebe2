// @ts-check
/** The phase bar: warm-up and phases, each as long as it took or is expected to take. */

import { drawing, setText } from './dom.js'
import { capital, formatSeconds } from './words.js'

/**
 * @typedef {object} Segment
 * @property {string} name
 * @property {number | undefined} seconds so far, or in all; undefined = not begun
 * @property {number} expected
 * @property {'done' | 'run' | 'next'} state
 */

const LEAST_SHARE = 9
const GAP = 0.4

/**
 * @param {ApiProbe} probe
 * @returns {Segment[]}
 */
export function segmentsOf(probe) {
  const { report, progress } = probe
  if (report !== undefined) {
    const warmup = { name: 'warm-up', seconds: report.warmupSeconds }
    return [warmup, ...report.phases].map(({ name, seconds }) => {
      return { name, seconds, expected: seconds, state: 'done' }
    })
  }
  const names = ['warm-up', ...(probe.plan?.phases ?? [])]
  const now = progress === undefined ? 0 : names.indexOf(progress.phase)
  return names.map((name, index) => {
    if (progress !== undefined && index < now) return pastSegment(probe, name)
    if (progress === undefined || index > now) {
      return { name, seconds: undefined, expected: 10, state: 'next' }
    }
    const { phaseSeconds, phaseLimitSeconds, remainingSeconds } = progress
    const isLast = index === names.length - 1
    const left = isLast ? remainingSeconds : undefined
    const expected = left === undefined ? phaseLimitSeconds : phaseSeconds + left
    return { name, seconds: phaseSeconds, expected: Math.max(phaseSeconds, expected), state: 'run' }
  })
}

/**
 * `Load phase, 41 s of about 2 min 30 s`.
 * @param {ApiProbe} probe
 */
export function phaseWords(probe) {
  const { report, progress } = probe
  if (report !== undefined) return `Ended after ${formatSeconds(report.seconds)}`
  if (probe.status === 'failed') return 'Failed'
  if (progress === undefined) return 'Starting'
  const { phase, phaseSeconds, phaseLimitSeconds } = progress
  const name = phase === 'warm-up' ? 'Warm-up' : `${capital(phase)} phase`
  return `${name}, ${formatSeconds(phaseSeconds)} of at most ${formatSeconds(phaseLimitSeconds)}`
}

/**
 * @param {SVGSVGElement} node
 * @param {readonly Segment[]} segments
 * @param {boolean} [isSmall] bars alone, for a line of a list
 */
export function drawPhases(node, segments, isSmall = false) {
  const total = segments.reduce((sum, segment) => sum + segment.expected, 0)
  const shares = segments.map(({ expected }) =>
    Math.max(LEAST_SHARE, (100 * expected) / (total || 1)),
  )
  const all = shares.reduce((sum, share) => sum + share, 0) + GAP * (segments.length - 1)
  const y = isSmall ? 16 : 18
  let x = 0
  const parts = segments.flatMap((segment, index) => {
    const width = (100 * (shares[index] ?? 0)) / all
    const at = x
    x += width + GAP
    const begun = segment.seconds === undefined ? 0 : segment.seconds / (segment.expected || 1)
    const filled = segment.state === 'done' ? 1 : begun
    const place = { x: `${at.toFixed(2)}%`, y, height: isSmall ? 8 : 10, rx: 3 }
    const label = drawing(
      'text',
      { x: place.x, y: 11, class: `pl ${segment.state}` },
      labelOf(segment),
    )
    const bars = [
      drawing('rect', { ...place, width: `${width.toFixed(2)}%`, class: 'pb' }),
      drawing('rect', {
        ...place,
        width: `${(width * Math.min(1, filled)).toFixed(2)}%`,
        class: segment.state === 'run' ? 'pf run' : 'pf',
      }),
    ]
    return isSmall ? bars : [label, ...bars]
  })
  const words = segments.map(labelOf).join(', ')
  const title = drawing('title')
  setText(title, words)
  node.replaceChildren(title, ...parts)
}

/** @param {Segment} segment */
function labelOf({ name, seconds, state }) {
  const took = seconds === undefined ? '' : ` ${formatSeconds(seconds)}`
  return `${capital(name)}${took}${state === 'done' ? ' ✓' : ''}`
}

/**
 * @param {ApiProbe} probe
 * @param {string} name
 * @returns {Segment}
 */
function pastSegment(probe, name) {
  const starts = probe.phases ?? []
  const index = starts.findIndex((entry) => entry.phase === name)
  const from = starts[index]?.at
  const to = starts[index + 1]?.at
  const isKnown = from !== undefined && to !== undefined
  const seconds = isKnown ? (Date.parse(to) - Date.parse(from)) / 1000 : undefined
  return { name, seconds, expected: seconds ?? 0, state: 'done' }
}
