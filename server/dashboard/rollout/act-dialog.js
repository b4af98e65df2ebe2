// @ts-check
/**
 * The dialog before an act: it names the weight from and to and the router, asks why, and its
 * confirmation repeats the act. Promotion over an open regression wants the rollout's name.
 */

import { byId, element, setText } from '../parts/dom.js'
import { hasOpenRegression, wordsOf } from './act-words.js'

/**
 * @param {string} path of the rollout
 * @param {(act: ApiAct, toBp: number | undefined) => void} onAsked the server took it
 */
export function createDialog(path, onAsked) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('act-dialog'))
  const confirm = /** @type {HTMLButtonElement} */ (byId('act-yes'))
  const reason = /** @type {HTMLInputElement} */ (byId('act-reason'))
  const name = /** @type {HTMLInputElement} */ (byId('act-name'))
  /** @type {{ act: ApiAct; rollout: ApiRollout; needsName: boolean } | undefined} */
  let open

  async function send() {
    if (open === undefined || confirm.disabled) return
    const { act, rollout, needsName } = open
    if (needsName && name.value.trim() !== rollout.name) {
      setText(byId('act-error'), `This is not the name of the rollout: it is “${rollout.name}”.`)
      name.focus()
      return
    }
    const given = reason.value.trim()
    confirm.disabled = true
    const problem = await post(`${path}/${act}`, given === '' ? {} : { reason: given })
    confirm.disabled = false
    if (problem !== undefined) {
      setText(byId('act-error'), problem)
      return
    }
    reason.value = ''
    dialog.close()
    onAsked(act, wordsOf(act, rollout).toBp)
  }

  byId('act-form').addEventListener('submit', (event) => {
    // Enter in a field confirms; the other button closes by itself.
    if (event.submitter?.getAttribute('value') === 'keep') return
    event.preventDefault()
    void send()
  })
  dialog.addEventListener('close', () => {
    open = undefined
  })
  return {
    /**
     * @param {ApiAct} act
     * @param {ApiRollout} rollout
     */
    show(act, rollout) {
      const words = wordsOf(act, rollout)
      const needsName = act === 'promote' && hasOpenRegression(rollout)
      open = { act, rollout, needsName }
      setText(byId('act-title'), words.question)
      byId('act-text').replaceChildren(...words.consequence.split('**').map(emphasised))
      setText(confirm, words.confirm)
      confirm.className = act === 'abort' ? 'btn danger' : 'btn primary'
      byId('act-name-row').hidden = !needsName
      const wants = `A regression is open. Enter “${rollout.name}” to promote all the same`
      setText(byId('act-name-label'), wants)
      name.value = ''
      setText(byId('act-error'), '')
      dialog.showModal()
      reason.focus()
    },
    /**
     * What the state does not allow any more is not asked.
     * @param {readonly ApiAct[]} acts
     */
    keepTo(acts) {
      if (open !== undefined && !acts.includes(open.act)) dialog.close()
    },
  }
}

/**
 * @param {string} part
 * @param {number} index
 */
function emphasised(part, index) {
  return index % 2 === 1 ? element('b', {}, part) : document.createTextNode(part)
}

/**
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<string | undefined>} why it was refused
 */
async function post(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => undefined)
  if (response?.ok === true) return undefined
  if (response === undefined) return 'The server does not answer; nothing was changed.'
  const problem = await response.json().catch(() => ({}))
  const detail = problem.detail ?? `The server answered ${response.status}`
  return problem.mend === undefined ? detail : `${detail}; ${problem.mend}`
}
