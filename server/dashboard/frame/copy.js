// @ts-check
/** Copy buttons: each copies the code that stands before it. */

import { setText } from '../parts/dom.js'

/** Makes every button of a `.cmd` copy. */
export function offerCopies() {
  for (const button of document.querySelectorAll('.cmd button')) {
    button.addEventListener('click', () => void copy(button))
  }
}

/** @param {Element} button */
async function copy(button) {
  const code = button.previousElementSibling
  try {
    const raw = code instanceof HTMLElement ? code.dataset['raw'] : undefined
    await navigator.clipboard.writeText(raw ?? code?.textContent ?? '')
    setText(button, 'Copied')
  } catch {
    // Without the right to the clipboard (plain HTTP from elsewhere), the text is at least chosen.
    if (code !== null) getSelection()?.selectAllChildren(code)
    setText(button, 'Press Ctrl+C')
  }
}
