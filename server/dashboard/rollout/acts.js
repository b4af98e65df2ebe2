// @ts-check
/**
 * The buttons: only what the state allows, never below the fold. After the click the page says what
 * it waits for, until the router was read back; meanwhile only an abort can be asked for.
 */

import { byId, element, setText } from '../parts/dom.js'
import { capital, formatClock } from '../parts/words.js'
import { createDialog } from './act-dialog.js'
import { readBp } from './act-words.js'
import { hasEnded } from './state.js'

/**
 * @typedef {object} Asked
 * @property {ApiAct} act
 * @property {number} atMs
 * @property {number | undefined} toBp
 * @property {number} seq of the last decision before it
 */

const ORDER = /** @type {const} */ (['pause', 'resume', 'promote', 'finalize', 'abort'])
/** Without an answer of the router for so long, the buttons come back. */
const PATIENCE_MS = 120_000

/** @param {string} path of the rollout */
export function createActs(path) {
  /** @type {ApiRollout | undefined} */
  let shown
  /** @type {Asked | undefined} */
  let asked
  let canAct = false

  const dialog = createDialog(path, (act, toBp) => {
    asked = { act, atMs: Date.now(), toBp, seq: shown?.history.at(-1)?.seq ?? 0 }
    paint()
    byId('asked').focus()
  })

  function paint() {
    if (shown === undefined) return
    if (asked !== undefined && isAnswered(asked, shown)) asked = undefined
    const { acts: allowed } = shown
    const acts = canAct ? ORDER.filter((act) => allowed.includes(act)) : []
    const holder = byId('acts')
    holder.hidden = acts.length === 0
    const signature = `${acts.join()} ${asked?.atMs}`
    if (holder.dataset['shown'] !== signature) {
      holder.dataset['shown'] = signature
      holder.replaceChildren(...acts.map(buttonOf))
    }
    const when = asked === undefined ? '' : formatClock(asked.atMs)
    setText(byId('asked'), asked === undefined ? '' : `Asked ${when}, waiting for the router`)
    dialog.keepTo(acts)
  }

  /** @param {ApiAct} act */
  function buttonOf(act) {
    const button = element(
      'button',
      {
        type: 'button',
        class: act === 'abort' ? 'btn danger' : 'btn',
        disabled: asked !== undefined && (act !== 'abort' || asked.act === 'abort'),
      },
      `${capital(act)}…`,
    )
    button.addEventListener('click', () => {
      if (shown !== undefined) dialog.show(act, shown)
    })
    return button
  }

  return {
    /**
     * @param {ApiRollout} rollout
     * @param {boolean} mayAct
     */
    show(rollout, mayAct) {
      shown = rollout
      canAct = mayAct
      paint()
    },
  }
}

/**
 * @param {Asked} asked
 * @param {ApiRollout} rollout
 */
function isAnswered({ act, atMs, toBp, seq }, rollout) {
  if (hasEnded(rollout) || Date.now() - atMs > PATIENCE_MS) return true
  const since = rollout.history.filter((entry) => entry.seq > seq)
  if (since.some(({ reason }) => reason.code === 'act-refused')) return true
  if (act === 'abort' || act === 'finalize') return false
  if (act === 'pause') return rollout.state === 'paused'
  const isThere = toBp === undefined || (rollout.weightBp === toBp && readBp(rollout) === toBp)
  return since.some(({ reason }) => reason.code === `person-${act}`) && isThere
}
