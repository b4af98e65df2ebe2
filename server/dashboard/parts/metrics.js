// @ts-check
/** The buttons that choose which metric of the selected action the charts show. */

import { element } from './dom.js'
import { metricWord } from './words.js'

const METRICS = ['latency_typical', 'latency_tail', 'errors', 'responses', 'cpu', 'memory']
/** What is measured of any action; offered until more is known. */
const ALWAYS = METRICS.slice(0, 3)

/**
 * Only what the selected row measures has a button. A choice that a row does not have is kept for
 * the next row that has it.
 * @param {HTMLElement} holder
 * @param {() => void} onChoose
 */
export function createMetrics(holder, onChoose) {
  let wanted = METRICS[0] ?? ''
  let isByHand = false
  let suggested = wanted
  /** @type {readonly string[]} */
  let offered = ALWAYS
  const buttons = METRICS.map((name) => {
    const attributes = { type: /** @type {const} */ ('button'), class: 'btn sm' }
    const button = element('button', attributes, metricWord(name))
    button.addEventListener('click', () => {
      choose(name)
      onChoose()
    })
    return { name, button }
  })
  const chosen = () => (offered.includes(wanted) ? wanted : suggested)
  holder.replaceChildren(...buttons.map(({ button }) => button))
  paint()

  function paint() {
    for (const { name, button } of buttons) {
      button.hidden = !offered.includes(name)
      button.setAttribute('aria-pressed', String(name === chosen()))
    }
  }

  /** @param {string} name */
  function choose(name) {
    isByHand = true
    wanted = name
    paint()
  }

  return {
    chosen,
    /** By hand: from now on nothing is suggested. */
    choose,
    /**
     * @param {ApiAction | undefined} action the selected one, as far as it was judged
     * @param {string | undefined} guilty what to show until a person chooses
     */
    offer(action, guilty) {
      const measured = METRICS.filter((name) =>
        action?.metrics.some(({ metric }) => metric === name),
      )
      offered = measured.length === 0 ? ALWAYS : measured
      suggested = guilty !== undefined && offered.includes(guilty) ? guilty : (offered[0] ?? '')
      if (!isByHand) wanted = suggested
      paint()
    },
  }
}
