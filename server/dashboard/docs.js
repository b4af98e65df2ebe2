// @ts-check
/** The API for people, drawn from /openapi.json. */

import { byId, element } from './parts/dom.js'
import { read } from './parts/live.js'

/** @typedef {Record<string, any>} Json */

/**
 * @param {string} path
 * @param {string} method
 * @param {Json} operation
 */
function operationCard(path, method, operation) {
  const bodies = Object.entries(/** @type {Json} */ (operation['requestBody']?.content ?? {}))
  const parameters = /** @type {Json[]} */ (operation['parameters'] ?? [])
  const answers = Object.entries(/** @type {Json} */ (operation['responses']))
  const title = element('h2', {}, element('code', {}, `${method.toUpperCase()} ${path}`))
  return element(
    'section',
    { class: 'card mt' },
    element('header', {}, title, element('span', { class: 'sm mut' }, operation['summary'])),
    ...(parameters.length === 0 ? [] : [listOf('Parameters', parameters.map(parameterItem))]),
    ...bodies.map(([type, body]) => schemaOf(`Body, ${type}`, body.schema)),
    listOf('Answers', answers.filter(([status]) => status !== 'default').map(answerItem)),
    ...answers.flatMap(([status, answer]) =>
      status.startsWith('2')
        ? Object.entries(/** @type {Json} */ (answer.content ?? {})).flatMap(([type, entry]) =>
            entry.schema === undefined ? [] : [schemaOf(`Answer ${status}, ${type}`, entry.schema)],
          )
        : [],
    ),
  )
}

/**
 * @param {string} title
 * @param {readonly HTMLElement[]} items
 */
function listOf(title, items) {
  return element('div', {}, element('h3', {}, title), element('ul', { class: 'list' }, ...items))
}

/** @param {Json} parameter */
function parameterItem(parameter) {
  const { name, in: place, required, schema } = parameter
  const words = ` ${place}${required ? ', required' : ''} · ${JSON.stringify(schema)}`
  return element(
    'li',
    {},
    element('code', {}, name),
    element('span', { class: 'mut sm wrap' }, words),
  )
}

/** @param {[string, Json]} answer */
function answerItem([status, answer]) {
  return element('li', {}, element('code', {}, status), ` ${answer['description']}`)
}

/**
 * @param {string} title
 * @param {unknown} schema
 */
function schemaOf(title, schema) {
  const text = element('pre', { tabindex: 0 }, JSON.stringify(schema, undefined, 2))
  return element('details', {}, element('summary', {}, title), text)
}

const description = await read('/openapi.json')
for (const [path, operations] of Object.entries(/** @type {Json} */ (description.paths))) {
  for (const [method, operation] of Object.entries(/** @type {Json} */ (operations))) {
    byId('operations').append(operationCard(path, method, operation))
  }
}
