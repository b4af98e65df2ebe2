// @ts-check
/** The buttons that choose which metric of the selected action the charts show. */

import { element } from './dom.js'
import { metricWord } from './words.js'

const METRICS = ['latency_typical', 'latency_tail', 'errors']

/**
 * @param {HTMLElement} holder
 * @param {() => void} onChoose
 * @returns {{ chosen(): string }}
 */
export function createMetrics(holder, onChoose) {
  let chosen = METRICS[0] ?? ''
  const buttons = METRICS.map((name) => {
    const pressed = String(name === chosen)
    const attributes = {
      type: /** @type {const} */ ('button'),
      class: 'btn sm',
      'aria-pressed': pressed,
    }
    const button = element('button', attributes, metricWord(name))
    button.addEventListener('click', () => {
      chosen = name
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button))
      onChoose()
    })
    return button
  })
  holder.replaceChildren(...buttons)
  return { chosen: () => chosen }
}
