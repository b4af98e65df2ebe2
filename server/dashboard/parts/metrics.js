// @ts-check
/** The buttons that choose which metric of the selected action the charts show. */

import { element } from './dom.js'
import { metricWord } from './words.js'

const METRICS = ['latency_typical', 'latency_tail', 'errors']

/**
 * @param {HTMLElement} holder
 * @param {() => void} onChoose
 * @returns {{ chosen(): string, suggest(metric: string): void }} `suggest` counts until a person chooses
 */
export function createMetrics(holder, onChoose) {
  let chosen = METRICS[0] ?? ''
  let isByHand = false
  /** @param {string} name */
  function choose(name) {
    chosen = name
    for (const [index, button] of buttons.entries()) {
      button.setAttribute('aria-pressed', String(METRICS[index] === name))
    }
  }
  const buttons = METRICS.map((name) => {
    const pressed = String(name === chosen)
    const attributes = {
      type: /** @type {const} */ ('button'),
      class: 'btn sm',
      'aria-pressed': pressed,
    }
    const button = element('button', attributes, metricWord(name))
    button.addEventListener('click', () => {
      isByHand = true
      choose(name)
      onChoose()
    })
    return button
  })
  holder.replaceChildren(...buttons)
  return {
    chosen: () => chosen,
    suggest(metric) {
      if (!isByHand && metric !== chosen && METRICS.includes(metric)) choose(metric)
    },
  }
}
