// @ts-check
/** A rollout's document and its readings as events change them: data in, data out. */

const HISTORY_LIMIT = 500
const READING_LIMIT = 720
export const ENDS = ['promoted', 'rolled_back', 'aborted', 'failed']
/** Events of the stream; all but the last two are kept by the server and have a number. */
export const KINDS = ['state', 'weight', 'finding', 'alert', 'note', 'end', 'reading', 'block']

/** @param {{ state: string }} rollout */
export const hasEnded = ({ state }) => ENDS.includes(state)

/** @type {Record<string, string>} */
const STATE_WORDS = {
  pending: 'Waiting',
  probing: 'Probing',
  ramping: 'Ramping',
  holding: 'Holding',
  paused: 'Paused',
  promoting: 'Promoting',
  rolling_back: 'Rolling back',
  promoted: 'Promoted',
  rolled_back: 'Rolled back',
  aborted: 'Aborted',
  failed: 'Failed',
}

/** @param {string} state */
export const stateWord = (state) => STATE_WORDS[state] ?? state

/**
 * The document after an event. What an event does not say (the ladder, what a person may ask for)
 * stays until the document is read anew.
 * @param {ApiRollout} document
 * @param {string} kind
 * @param {any} data the event as the contract has it
 * @returns {ApiRollout}
 */
export function hear(document, kind, data) {
  const { seq, at, actor, reason, sentence, state } = data
  switch (kind) {
    case 'block':
      return { ...data.document, history: document.history }
    case 'state': {
      const entry = { seq, at, kind, state, actor, reason }
      const said = { state, weightBp: data.weightBp, reason, sentence }
      return { ...document, ...said, history: withEntry(document.history, entry) }
    }
    case 'weight': {
      const { fromBp, toBp, verified } = data
      const entry = { seq, at, kind, state, fromBp, toBp, actor, reason, verified }
      const weight = verified ? { weightBp: toBp, intendedBp: toBp } : { intendedBp: toBp }
      return { ...document, ...weight, history: withEntry(document.history, entry) }
    }
    case 'note': {
      const entry = { seq, at, kind, state: document.state, actor: 'policy', reason }
      return { ...document, history: withEntry(document.history, entry) }
    }
    case 'end':
      return { ...document, state, sentence, endedAt: at, acts: [] }
    default:
      return document
  }
}

/**
 * @param {readonly ApiReading[]} readings
 * @param {ApiReading} reading
 */
export function withReading(readings, reading) {
  return [...readings.filter(({ at }) => at !== reading.at), reading].slice(-READING_LIMIT)
}

/**
 * @param {ApiRollout['history']} history
 * @param {any} entry
 */
function withEntry(history, entry) {
  if (history.some(({ seq }) => seq === entry.seq)) return history
  return [...history, entry].slice(-HISTORY_LIMIT)
}
