// @ts-check
/** What could be chance, said plainly: what the evidence rules out, and what it does not. */

import { byId, element, icon } from '../parts/dom.js'
import { formatTimes } from '../parts/words.js'

/** @param {ApiInvestigation} investigation */
export function showChance({ finding, segments, exchanges }) {
  const { transient, role } = finding
  const items = [
    proofItem(finding),
    item(
      'inconclusive',
      'The arms differ, for whatever reason.',
      'A machine that is slower by itself looks the same. Compare the baseline with itself here: `outrider probe --aa`.',
    ),
    ...(segments.length === 0
      ? []
      : [
          item(
            'inconclusive',
            'Segments were looked at afterwards.',
            'The more of them, the likelier that one stands out by chance: check before acting on one.',
          ),
        ]),
    ...(exchanges.length === 0
      ? []
      : [
          item(
            'inconclusive',
            'The pairs are examples.',
            'They were kept because they stand out; shares are of the kept pairs.',
          ),
        ]),
    ...(transient
      ? [
          item(
            'inconclusive',
            'It went away again.',
            'The newest pairs look like those of the baseline.',
          ),
        ]
      : []),
    ...(role === 'victim'
      ? [
          item(
            'victim',
            'A victim:',
            'pairs that met no request of the cause are well. The cause is chosen on the same data: a label, no proof.',
          ),
        ]
      : []),
    ...(role === 'under_load'
      ? [item('inconclusive', 'Only under load:', 'one user at a time did not see it.')]
      : []),
  ]
  byId('chance').replaceChildren(...items)
}

/** @param {ApiFinding} finding */
function proofItem({ rule, lnEvidence, lnThreshold }) {
  if (rule === 'critical') {
    return item(
      'regressed',
      'A fixed rule found it:',
      'the canary failed outright while the baseline was well. It is no statement about how often.',
    )
  }
  const needed = formatTimes(lnThreshold)
  if (lnEvidence < lnThreshold) {
    return item(
      'inconclusive',
      `Evidence ${formatTimes(lnEvidence)}, alone it would need ${needed}.`,
      'The run as a whole alarmed, and this is what speaks loudest in it: a strong lead.',
    )
  }
  return item(
    'regressed',
    `Evidence ${formatTimes(lnEvidence)} of ${needed} needed.`,
    `Of canaries that are no worse than the margin, at most one in ${needed.slice(1)} ever reaches it, however often one looks.`,
  )
}

/**
 * @param {string} kind
 * @param {string} lead
 * @param {string} text
 */
function item(kind, lead, text) {
  return element(
    'li',
    {},
    icon(kind),
    element('span', {}, element('b', {}, lead), ' ', ...text.split('`').map(codeOf)),
  )
}

/**
 * @param {string} part
 * @param {number} index
 */
function codeOf(part, index) {
  return index % 2 === 1 ? element('code', {}, part) : part
}
