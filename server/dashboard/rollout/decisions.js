// @ts-check
/**
 * The history as people read it. Routine (a raise, one more held tick) is the line of the chart and
 * folds in the list; what is out of the ordinary is a mark, with one number in both places.
 */

import { formatWeight } from '../parts/words.js'
import { ENDS, stateWord } from './state.js'

/**
 * @typedef {object} Decision
 * @property {number} seq
 * @property {number} atMs
 * @property {'trouble' | 'mark' | 'plain' | 'routine'} kind
 * @property {string} text
 * @property {string} [lead] the part of the text that a finding said
 * @property {number} [number] of its mark
 * @property {number} fromBp
 * @property {number} toBp equal to `fromBp` where the weight stayed
 * @property {number} folded routine before it that is not shown
 */

/** Reasons that stand for harm: a diamond. */
const TROUBLE = new Set([
  'alarm',
  'critical',
  'live-guard',
  'gate-regressed',
  'reversals-exhausted',
])
/** Reasons that a person should know of: a circle. */
const NOTABLE = new Set([
  'weight-moved',
  'router-unreachable',
  'router-refused',
  'router-not-at-zero',
  'not-read-back',
  'split-disagrees',
  'lowered-after-restart',
  'gate-inconclusive',
  'gate-invalid',
  'load-not-delivered',
  'no-pairs',
  'generator-strained',
  'promotion-failed',
  'awaiting-person',
  'stage-gate',
  'act-refused',
  'gave-up',
])
const ROUTINE = new Set([
  'no-alarm',
  'clear',
  'proven',
  'hold-ticks',
  'not-clear',
  'just-reduced',
  'stage-time',
  'awaiting-proof',
])
/** A state and the weight it brings are one decision when they come together. */
const TOGETHER_MS = 2000

/** @param {string} code */
export const isTrouble = (code) => TROUBLE.has(code)

/**
 * All decisions, oldest first, those out of the ordinary numbered.
 * @param {ApiRollout['history']} history
 * @returns {Decision[]}
 */
export function decisionsOf(history) {
  const merged = mergeReadBack(history).filter((entry, index, all) => !isEcho(entry, index, all))
  let weightBp = 0
  let number = 0
  return merged.map((entry) => {
    const fromBp = entry.fromBp ?? weightBp
    const toBp = entry.toBp ?? fromBp
    weightBp = toBp
    const kind = kindOf(entry)
    const isMarked = kind === 'trouble' || kind === 'mark'
    if (isMarked) number += 1
    return {
      seq: entry.seq,
      atMs: Date.parse(entry.at),
      kind,
      text: textOf(entry),
      ...(kind === 'trouble' ? { lead: entry.reason.message } : {}),
      ...(isMarked ? { number } : {}),
      fromBp,
      toBp,
      folded: 0,
    }
  })
}

/**
 * Neighbouring routine becomes its newest member, which says how many it stands for.
 * @param {readonly Decision[]} decisions
 * @returns {Decision[]}
 */
export function foldRoutine(decisions) {
  /** @type {Decision[]} */
  const shown = []
  for (const decision of decisions) {
    const before = shown.at(-1)
    if (decision.kind === 'routine' && before?.kind === 'routine') {
      shown[shown.length - 1] = { ...decision, folded: before.folded + 1 }
    } else shown.push(decision)
  }
  return shown
}

/**
 * A weight is written down when it is asked for and again when it is read back: one line.
 * @param {ApiRollout['history']} history
 * @returns {(ApiHistoryEntry & { readBackMs?: number })[]}
 */
function mergeReadBack(history) {
  /** @type {(ApiHistoryEntry & { readBackMs?: number })[]} */
  const merged = []
  for (const entry of history) {
    const asked = merged.findLastIndex(({ kind, verified }) => kind === 'weight' && !verified)
    const before = merged[asked]
    const isReadBack = entry.kind === 'weight' && entry.verified === true
    if (isReadBack && before !== undefined && before.toBp === entry.toBp) {
      const readBackMs = Date.parse(entry.at) - Date.parse(before.at)
      merged[asked] = { ...before, verified: true, readBackMs }
    } else merged.push(entry)
  }
  return merged
}

/**
 * A state that only repeats what the weight beside it says.
 * @param {ApiHistoryEntry} entry
 * @param {number} index
 * @param {readonly ApiHistoryEntry[]} all
 */
function isEcho(entry, index, all) {
  if (entry.kind !== 'state') return false
  return [all[index - 1], all[index + 1]].some(
    (other) =>
      other?.kind === 'weight' &&
      other.reason.code === entry.reason.code &&
      Math.abs(Date.parse(other.at) - Date.parse(entry.at)) <= TOGETHER_MS,
  )
}

/**
 * @param {ApiHistoryEntry} entry
 * @returns {Decision['kind']}
 */
function kindOf({ kind, reason, actor, state }) {
  // An end repeats the reason of the way to it.
  if (kind === 'state' && ENDS.includes(state)) return 'plain'
  if (kind === 'finding' || (TROUBLE.has(reason.code) && kind !== 'alert')) return 'trouble'
  if (kind === 'alert') return 'plain'
  if (NOTABLE.has(reason.code) || reason.code.startsWith('person-')) return 'mark'
  if (actor !== 'policy' && kind !== 'note' && reason.code !== 'created') return 'mark'
  return ROUTINE.has(reason.code) ? 'routine' : 'plain'
}

/** @param {ApiHistoryEntry & { readBackMs?: number }} entry */
function textOf(entry) {
  const { kind, fromBp, toBp, reason, state, verified, readBackMs } = entry
  const message = reason.message.replace(/\.$/, '')
  if (kind === 'weight' && toBp !== undefined) {
    const move = fromBp === undefined ? `Set to ${formatWeight(toBp)}` : moveWords(fromBp, toBp)
    const took = readBackMs === undefined ? '' : ` Read back after ${tenths(readBackMs)}.`
    const waits = verified === false ? ' Not read back yet.' : ''
    return `${move}: ${message}.${took}${waits}`
  }
  if (reason.code === 'created') return `Started by ${entry.actor}: ${message}.`
  if (kind === 'state') return `${stateWord(state)}: ${message}.`
  if (kind === 'alert') return `Alert: ${message}.`
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
}

/**
 * @param {number} fromBp
 * @param {number} toBp
 */
function moveWords(fromBp, toBp) {
  if (fromBp === toBp) return `Kept at ${formatWeight(toBp)}`
  return `${toBp > fromBp ? 'Raised' : 'Lowered'} ${fromBp / 100} → ${formatWeight(toBp)}`
}

/** @param {number} ms */
function tenths(ms) {
  return `${(Math.max(0, ms) / 1000).toFixed(1)}\u202fs`
}
