/** The ontology, compiled: each action with everything that a request and its check need. */

import type { ActionDocument, HttpMethod, OntologyDocument } from '../core/contract/ontology.ts'
import { suggest } from '../core/suggest.ts'
import { RARE_POOL } from '../core/verdict.ts'
import type { YamlSource } from '../core/yaml.ts'
import { compileCaptures } from './capture.ts'
import type { Capture } from './capture.ts'
import { compileExpectation } from './expect.ts'
import type { Expectation } from './expect.ts'
import { checkIgnore } from './ignore.ts'
import { checkHeaderName } from './request/headers.ts'
import { placeOf } from './place.ts'
import type { Place } from './place.ts'
import { compileRequest } from './request.ts'
import type { CompiledRequest } from './request.ts'
import { compileRoute, tailNameOf } from './route.ts'
import type { Route } from './route.ts'
import type { Choice, Reference } from './template.ts'

export interface Action {
  readonly name: string
  readonly document: ActionDocument
  /** As the document says, by default any method but GET, HEAD and OPTIONS. */
  readonly mutates: boolean
  readonly timeoutMs: number
  /** Some template of the action's own request names `{{arm}}` or `{{session.id}}`. */
  readonly namesTwin: boolean
  /** Captured names that its templates cannot be filled without. */
  readonly needs: readonly string[]
  /** Captured names that its templates read, also where an alternative would do. */
  readonly uses: readonly string[]
  readonly captures: readonly string[]
  /** Names of the secrets that its templates cannot be filled without. */
  readonly secrets: readonly string[]
  /** An expectation or a capture reads the body. */
  readonly needsBody: boolean
  readonly followRedirects: number
  readonly request: CompiledRequest
  readonly expectation: Expectation
  readonly captureList: readonly Capture[]
  readonly routes: readonly Route[]
}

export interface Ontology {
  /** What errors call it: the file's name. */
  readonly file: string
  readonly document: OntologyDocument
  readonly actions: ReadonlyMap<string, Action>
}

const SAFE_METHODS: readonly HttpMethod[] = ['GET', 'HEAD', 'OPTIONS']

/**
 * Compiles every template, path, pattern and route once.
 * @param source where the values of `document` stand, for the errors
 * @throws UsageError that names file, line and field: codes `bad-ontology`, `bad-template`,
 *   `bad-path`, `bad-header`, `bad-body`, `bad-json-path`, `bad-regex`, `bad-capture`, `bad-route`,
 *   `duplicate-route`, `unknown-action`, `unknown-capture`
 */
export function compileOntology(
  document: OntologyDocument,
  source: YamlSource,
  file: string,
): Ontology {
  const place = placeOf(source)
  checkIdentity(document, place)
  const actions = new Map<string, Action>()
  for (const [name, action] of Object.entries(document.actions)) {
    actions.set(name, compileAction(name, document, action, place))
  }
  if (actions.size === 0) {
    throw place.at('actions').fault('bad-ontology', 'it has no action', 'describe at least one')
  }
  checkNeeds(actions)
  checkCleanups(actions, place)
  checkRoutes(actions, place)
  return { file, document, actions }
}

function compileAction(
  name: string,
  document: OntologyDocument,
  action: ActionDocument,
  place: Place,
): Action {
  const at = place.at('actions', name)
  if (name === RARE_POOL) {
    throw at.fault(
      'bad-ontology',
      `"${name}" is what reports call the pool of rare actions`,
      'rename it',
    )
  }
  const routes = action.routes.map((route, index) => compileRoute(route, at.at('routes', index)))
  const request = compileRequest(name, document, action, tailNameOf(routes), place)
  const expectation = compileExpectation(action.expect, at.at('expect'))
  const captureList = compileCaptures(action.capture, at.at('capture'))
  checkIgnore(action.ignore, at.at('ignore'))
  return {
    name,
    document: action,
    mutates: action.mutates ?? !SAFE_METHODS.includes(request.method),
    timeoutMs: document.defaults.timeout_ms,
    namesTwin: request.ownReferences.some(tellsTwinsApart),
    needs: namesOf(request.references.filter(isAlone), 'captured'),
    uses: namesOf(request.references, 'captured'),
    captures: captureList.map((capture) => capture.name),
    secrets: namesOf(request.references.filter(isAlone), 'secret'),
    needsBody: expectation.readsBody || captureList.some((capture) => capture.readsBody),
    followRedirects: action.follow_redirects,
    request,
    expectation,
    captureList,
    routes,
  }
}

function namesOf(references: readonly Reference[], wanted: Choice['root']): string[] {
  const choices = references.flatMap((reference) => reference.choices)
  const names = choices.flatMap(({ root, keys }) => (root === wanted ? keys.slice(0, 1) : []))
  return [...new Set(names)]
}

function isAlone({ choices }: Reference): boolean {
  return choices.length === 1
}

/** An alternative may be passed over, and then the twins are not told apart. */
function tellsTwinsApart({ choices: [first] }: Reference): boolean {
  return first?.root === 'arm' || first?.root === 'session'
}

function checkIdentity({ identity }: OntologyDocument, place: Place): void {
  const at = place.at('identity')
  if (identity.user_agent === 'by_geo') {
    throw at
      .at('user_agent')
      .fault('bad-ontology', 'a user agent goes by device', 'write by_device or off')
  }
  if (identity.accept_language === 'by_device') {
    throw at
      .at('accept_language')
      .fault('bad-ontology', 'a language goes by geo location', 'write by_geo or off')
  }
  checkHeaderName(identity.geo_header, at.at('geo_header'))
}

function checkNeeds(actions: ReadonlyMap<string, Action>): void {
  const captured = new Set([...actions.values()].flatMap((action) => action.captures))
  for (const action of actions.values()) {
    for (const reference of action.request.references) {
      const unknown = namesOf([reference], 'captured').find((key) => !captured.has(key))
      if (unknown === undefined) continue
      const asked = isAlone(reference) ? 'needs' : `asks for ("${unknown}")`
      throw reference.place.fault(
        'unknown-capture',
        `no action captures what "{{${reference.name}}}" ${asked}`,
        suggest(unknown, [...captured]),
      )
    }
  }
}

function checkCleanups(actions: ReadonlyMap<string, Action>, place: Place): void {
  for (const { name, document } of actions.values()) {
    const { cleanup } = document
    if (cleanup === undefined || actions.has(cleanup)) continue
    throw place
      .at('actions', name, 'cleanup')
      .fault(
        'unknown-action',
        `"${cleanup}" is not an action`,
        suggest(cleanup, [...actions.keys()]),
      )
  }
}

function checkRoutes(actions: ReadonlyMap<string, Action>, place: Place): void {
  const owners = new Map<string, string>()
  for (const action of actions.values()) {
    for (const [index, { shape, text }] of action.routes.entries()) {
      const owner = owners.get(shape)
      if (owner !== undefined) {
        throw place
          .at('actions', action.name, 'routes', index)
          .fault(
            'duplicate-route',
            `"${text}" is a route of "${owner}" already`,
            'keep one of them',
          )
      }
      owners.set(shape, action.name)
    }
  }
}
