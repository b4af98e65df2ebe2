// @ts-check
/** The stop button: a dialog says what it does, asks why, and the confirmation repeats the act. */

import { byId, setText } from '../parts/dom.js'
import { formatClock } from '../parts/words.js'

/**
 * @param {string} id
 * @param {() => string} consequence
 */
export function createStop(id, consequence) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('stop-dialog'))
  const button = /** @type {HTMLButtonElement} */ (byId('stop'))
  const confirm = /** @type {HTMLButtonElement} */ (byId('stop-yes'))
  const reason = /** @type {HTMLInputElement} */ (byId('stop-reason'))

  async function ask() {
    confirm.disabled = true
    const given = reason.value.trim()
    const response = await fetch(`/probes/${encodeURIComponent(id)}/stop`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(given === '' ? {} : { reason: given }),
    }).catch(() => undefined)
    confirm.disabled = false
    if (response?.ok === true || response?.status === 409) {
      dialog.close()
      button.disabled = true
      setText(button, `Asked ${formatClock(Date.now())}, waiting for the report`)
      return
    }
    const problem = response === undefined ? undefined : await response.json()
    setText(
      byId('stop-error'),
      problem?.detail ?? 'The server does not answer; nothing was changed.',
    )
  }

  button.addEventListener('click', () => {
    setText(byId('stop-text'), consequence())
    setText(byId('stop-error'), '')
    dialog.showModal()
    reason.focus()
  })
  confirm.addEventListener('click', () => void ask())
  reason.addEventListener('keydown', (event) => {
    // Enter in a field would press the form's own button, which keeps the probe running.
    if (event.key !== 'Enter') return
    event.preventDefault()
    void ask()
  })
}
