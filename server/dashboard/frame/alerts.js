// @ts-check
/** Firing alerts: what, since when, and the way to the investigation and the runbook. */

import { element, icon } from '../parts/dom.js'
import { formatDay } from '../parts/words.js'

/**
 * One alert in a line; the name of its rollout is left out where it stands above.
 * @param {ApiAlert} alert
 * @param {string} [name]
 */
export function alertWords({ title, severity, since, investigation, runbook }, name) {
  const said =
    name !== undefined && title.startsWith(`${name}: `) ? title.slice(name.length + 2) : title
  const links = [
    investigation === undefined
      ? undefined
      : element(
          'a',
          { href: `/investigations/${encodeURIComponent(investigation)}` },
          'Open the investigation',
        ),
    // Only an address of the web is a link; anything else would be run by a click.
    runbook === undefined || !/^https?:\/\//.test(runbook)
      ? undefined
      : element('a', { href: runbook, rel: 'noreferrer' }, 'Runbook'),
  ]
  const line = element(
    'span',
    {},
    `Alert, ${severity}, since ${formatDay(since, Date.now())}: ${said}`,
  )
  for (const link of links) if (link !== undefined) line.append(' · ', link)
  return line
}

/** @param {ApiAlert} alert */
export function alertItem(alert) {
  return element('li', {}, icon('alert'), alertWords(alert))
}
