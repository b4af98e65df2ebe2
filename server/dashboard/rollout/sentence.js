// @ts-check
/** The sentence on top, its consequence, what needs a person, and the title of the window. */

import { byId, element, setIcon, setText } from '../parts/dom.js'
import { formatWeight } from '../parts/words.js'
import { isTrouble } from './decisions.js'
import { hasEnded, stateWord } from './state.js'

let announced = ''

/** @param {ApiRollout} rollout */
export function showSentence(rollout) {
  const { state, verdict, sentence, reason, weightBp, name, version, router, target, id } = rollout
  const node = byId('sentence')
  // A change of state or verdict is said aloud; a figure that counts is not.
  const news = `${state} ${verdict} ${reason.code}`
  node.setAttribute('aria-live', news === announced ? 'off' : 'polite')
  announced = news
  setSentence(node, sentence, guiltyPart(rollout))
  setIcon(byId('state-icon'), state)
  const isVersionNew = version !== undefined && !name.includes(version)
  setText(byId('name'), isVersionNew ? `${name} ${version}` : name)
  setText(byId('place'), ` on ${router}, of ${target} (${id})`)
  setText(byId('consequence'), consequenceOf(rollout))
  const weight = hasEnded(rollout) && weightBp === 0 ? '' : ` ${formatWeight(weightBp)}`
  document.title = `${stateWord(state)}${weight} · ${name} · Outrider`
}

/** @param {ApiRollout} rollout */
function consequenceOf({ consequence, controlled, endedAt }) {
  const lonely =
    controlled || endedAt !== undefined
      ? undefined
      : 'No process controls it: it stands still until one takes it up.'
  return [lonely, consequence].filter((part) => part !== undefined).join(' ')
}

/**
 * The finding inside the sentence, if it is one: it ends with its interval.
 * @param {ApiRollout} rollout
 */
function guiltyPart({ sentence, reason, verdict }) {
  if (!isTrouble(reason.code) && verdict !== 'regressed') return ''
  const said = sentence.slice(sentence.indexOf(': ') + 2)
  const finding = said.match(/^[^;]*?\([^)]*\d–[^)]*\)/)?.[0]
  if (finding !== undefined) return finding
  return isTrouble(reason.code) && sentence.includes(reason.message) ? reason.message : ''
}

/**
 * @param {HTMLElement} node
 * @param {string} sentence
 * @param {string} guilty
 */
function setSentence(node, sentence, guilty) {
  if (guilty === '') return setText(node, sentence)
  if (node.textContent === sentence && node.dataset['guilty'] === guilty) return undefined
  node.dataset['guilty'] = guilty
  const at = sentence.indexOf(guilty)
  const parts = [sentence.slice(0, at), sentence.slice(at + guilty.length)]
  return node.replaceChildren(
    parts[0] ?? '',
    element('span', { class: 'bad' }, guilty),
    parts[1] ?? '',
  )
}
