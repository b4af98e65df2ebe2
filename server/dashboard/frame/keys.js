// @ts-check
/** `?` lists the keys. None of them acts on a probe or a rollout. */

import { element } from '../parts/dom.js'

/**
 * @param {readonly (readonly [string, string])[]} keys key and what it does
 */
export function listKeys(keys) {
  const rows = keys.map(([key, does]) => [
    element('dt', {}, element('kbd', {}, key)),
    element('dd', {}, does),
  ])
  const dialog = element(
    'dialog',
    { 'aria-labelledby': 'keys-title' },
    element(
      'form',
      { method: 'dialog' },
      element('h2', { id: 'keys-title' }, 'Keys'),
      element('dl', { class: 'keys' }, ...rows.flat()),
      element('p', { class: 'btns mt' }, element('button', { class: 'btn' }, 'Close')),
    ),
  )
  document.body.append(dialog)
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLInputElement
    const isOpen = document.querySelector('dialog[open]') !== null
    if (event.key !== '?' || isTyping || isOpen || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    dialog.showModal()
  })
}
