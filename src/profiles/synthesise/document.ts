/** What must fit together in a population file: actions, transitions, data, and a way out. */

import {
  EXIT,
  populationSchema,
  type PersonaDocument,
  type PopulationDocument,
} from '../../core/contract/population.ts'
import { UsageError } from '../../core/errors.ts'
import { parseWith } from '../../core/parse.ts'
import { suggest } from '../../core/suggest.ts'
import { parseYaml, type YamlSource } from '../../core/yaml.ts'
import type { Ontology } from '../../actions/ontology.ts'

export interface Population {
  readonly name: string
  readonly ontology: Ontology
  readonly document: PopulationDocument
}

/**
 * @param file the name that errors show
 * @throws UsageError with code `bad-yaml` or `bad-population`
 */
export function parsePopulation(
  text: string,
  file: string,
  name: string,
  ontology: Ontology,
): Population {
  const source = parseYaml(text, file)
  const document = readPopulation(source)
  checkPopulation(document, ontology, source)
  return { name, ontology, document }
}

/** @throws UsageError with code `bad-population`, the line, the field and the mend */
export function readPopulation(source: YamlSource): PopulationDocument {
  const door = { what: 'population', code: 'bad-population', locate: source.locate }
  return parseWith(populationSchema, source.value, door)
}

type Refuse = (path: readonly string[], why: string, mend: string) => UsageError

/**
 * What a schema cannot see: every action is in the ontology, every transition leads somewhere, and
 * every session can end.
 * @throws UsageError with code `bad-population`
 */
export function checkPopulation(
  document: PopulationDocument,
  ontology: Ontology,
  source: YamlSource,
): void {
  const refuse: Refuse = (path, why, mend) => {
    const where = source.locate(path)
    const field = path.join('.')
    return new UsageError(`Cannot read population: "${field}" in ${where} ${why}`, {
      code: 'bad-population',
      where,
      mend,
    })
  }
  if (Object.keys(document.personas).length === 0) {
    throw refuse(['personas'], 'names none', 'describe at least one persona')
  }
  for (const [name, persona] of Object.entries(document.personas)) {
    checkPersona(persona, ['personas', name], ontology, refuse)
  }
  checkData(document, ontology, refuse)
  checkRecords(document, ontology, refuse)
}

function checkPersona(
  persona: PersonaDocument,
  path: readonly string[],
  ontology: Ontology,
  refuse: Refuse,
): void {
  const states = Object.keys(persona.states)
  for (const target of Object.keys(persona.start)) {
    if (!states.includes(target)) {
      throw refuse([...path, 'start', target], 'is not a state', suggest(target, states))
    }
  }
  for (const [name, state] of Object.entries(persona.states)) {
    const at = [...path, 'states', name]
    const action = state.action ?? name
    if (!ontology.actions.has(action)) {
      const place = state.action === undefined ? at : [...at, 'action']
      const why = `is not an action of ${ontology.file}`
      throw refuse(place, why, suggest(action, [...ontology.actions.keys()]))
    }
    for (const target of Object.keys(state.next)) {
      if (target !== EXIT && !states.includes(target)) {
        const mend = suggest(target, [...states, EXIT])
        throw refuse([...at, 'next', target], 'is not a state', mend)
      }
    }
  }
  const trapped = statesWithoutExit(persona)[0]
  if (trapped !== undefined) {
    const mend = `give it, or a state after it, a way to "${EXIT}"`
    throw refuse([...path, 'states', trapped], 'never leads to the end', mend)
  }
}

/** Walks backwards from the exit: whatever is not reached has no way out. */
function statesWithoutExit(persona: PersonaDocument): string[] {
  const entries = Object.entries(persona.states)
  const ending = new Set<string>([EXIT])
  let before = 0
  while (ending.size > before) {
    before = ending.size
    for (const [name, state] of entries) {
      if (Object.keys(state.next).some((target) => ending.has(target))) ending.add(name)
    }
  }
  return entries.map(([name]) => name).filter((name) => !ending.has(name))
}

function checkData(document: PopulationDocument, ontology: Ontology, refuse: Refuse): void {
  const plain = Object.entries(document.data).flatMap(([action, values]) =>
    Object.entries(values).flatMap(([name, value]) =>
      'same_as' in value ? [] : `${action}.${name}`,
    ),
  )
  const recorded = Object.entries(document.records).flatMap(([action, groups]) =>
    groups.flatMap(({ fields }) => fields.map((field) => `${action}.${field}`)),
  )
  for (const [action, values] of Object.entries(document.data)) {
    checkAction(action, ['data', action], ontology, refuse)
    for (const [name, value] of Object.entries(values)) {
      if (!('same_as' in value)) continue
      const at = ['data', action, name, 'same_as']
      if (!plain.includes(value.same_as) && !recorded.includes(value.same_as)) {
        const why = `names "${value.same_as}", which has no values of its own`
        throw refuse(at, why, suggest(value.same_as, [...plain, ...recorded]))
      }
    }
  }
}

function checkRecords(document: PopulationDocument, ontology: Ontology, refuse: Refuse): void {
  for (const [action, groups] of Object.entries(document.records)) {
    checkAction(action, ['records', action], ontology, refuse)
    const seen = new Set(Object.keys(document.data[action] ?? {}))
    for (const [index, { fields }] of groups.entries()) {
      for (const field of fields) {
        if (seen.has(field)) {
          const at = ['records', action, String(index), 'fields']
          throw refuse(at, `names "${field}", which has values already`, 'describe each field once')
        }
        seen.add(field)
      }
    }
  }
}

function checkAction(
  action: string,
  path: readonly string[],
  ontology: Ontology,
  refuse: Refuse,
): void {
  if (ontology.actions.has(action)) return
  const why = `is not an action of ${ontology.file}`
  throw refuse(path, why, suggest(action, [...ontology.actions.keys()]))
}
