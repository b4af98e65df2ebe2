// @ts-check
/** The history of a baseline: a chart for each action and metric, the ones that moved first. */

import { listKeys } from './frame/keys.js'
import { enter } from './frame/session.js'
import { cardOf, hasMoved } from './history/card.js'
import { byId, element, setIcon, setText } from './parts/dom.js'
import { read } from './parts/live.js'
import { plural } from './parts/words.js'

/** @typedef {{ readonly name: string; readonly at: string }} Target */

/** Limits come from the ninth run on. */
const RUNS_WITHOUT_LIMITS = 8

/** @param {string} target */
async function show(target) {
  /** @type {ApiBaselineHistory} */
  const { charts, leftOut } = await read(`/targets/${encodeURIComponent(target)}/history`)
  const moved = charts.filter(hasMoved)
  say(target, charts, moved)
  const cards = [...moved, ...charts.filter((chart) => !hasMoved(chart))].map(cardOf)
  byId('charts').replaceChildren(...cards.map(({ card }) => card))
  // A canvas has its size only once it stands in the page.
  for (const { draw } of cards) draw()
  byId('left-out').hidden = leftOut === 0
  setText(byId('left-out'), `${plural(leftOut, 'more chart')}: ask the API for an action`)
}

/**
 * @param {string} target
 * @param {readonly ApiBaselineChart[]} charts
 * @param {readonly ApiBaselineChart[]} moved
 */
function say(target, charts, moved) {
  const runs = Math.max(0, ...charts.map(({ points }) => points.length))
  const names = [...new Set(moved.map(({ action }) => action))]
  const rest = names.length > 3 ? ` and ${names.length - 3} more` : ''
  setIcon(byId('state-icon'), moved.length > 0 ? 'invalid' : 'met')
  setText(
    byId('sentence'),
    runs === 0
      ? `The baseline of ${target} was not measured yet`
      : moved.length > 0
        ? `The baseline of ${target} left its history: ${names.slice(0, 3).join(', ')}${rest}`
        : runs <= RUNS_WITHOUT_LIMITS
          ? `The baseline of ${target} was measured in ${plural(runs, 'run')}: too few for limits`
          : `The baseline of ${target} is as in its last ${runs} runs`,
  )
}

/** @param {readonly Target[]} targets @param {string} chosen */
function offer(targets, chosen) {
  byId('targets').hidden = targets.length < 2
  byId('targets').replaceChildren(
    ...targets.map(({ name }) =>
      element(
        'a',
        {
          class: 'btn sm',
          href: `/history?target=${encodeURIComponent(name)}`,
          'aria-current': name === chosen ? 'page' : undefined,
        },
        name,
      ),
    ),
  )
}

listKeys([
  ['Tab', 'move between targets, charts and tables'],
  ['?', 'show this list'],
])
await enter()
/** @type {readonly Target[]} */
const targets = (await read('/targets')).targets
const chosen = new URLSearchParams(location.search).get('target') ?? targets[0]?.name
if (chosen === undefined) {
  setText(byId('sentence'), 'No baseline was measured yet: each probe adds its figures')
} else {
  offer(targets, chosen)
  await show(chosen).catch((problem) => {
    setIcon(byId('state-icon'), 'invalid')
    setText(byId('sentence'), problem.message)
  })
}
