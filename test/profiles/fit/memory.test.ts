import { describe, expect, it } from 'vitest'
import { parseOntology } from '../../../src/actions/load.ts'
import type { Ontology } from '../../../src/actions/ontology.ts'
import { inferFlags, statesOf, type Flag } from '../../../src/profiles/fit/memory.ts'
import { atOnce } from '../../../src/profiles/slices.ts'
import { toFitSessions, type FitSession } from '../../../src/profiles/fit/session.ts'
import { ontologyOf, sessionsOf, times } from './recorded.ts'

function fitSessions(sequences: readonly (readonly string[])[]): FitSession[] {
  return toFitSessions(sessionsOf(sequences), () => true)
}

function flagsOf(sequences: readonly (readonly string[])[], ontology?: Ontology): Flag[] {
  const actions = [...new Set(sequences.flat())]
  const sessions = fitSessions(sequences)
  return atOnce(inferFlags(sessions, ontology ?? ontologyOf(...actions), 5))
}

const SHOPPING = [
  ...times(20, ['home', 'cart']),
  ...times(20, ['home', 'add', 'cart', 'pay']),
  ...times(20, ['home', 'add', 'home', 'cart', 'pay']),
  ...times(20, ['home', 'home', 'add', 'add', 'cart']),
]

describe('inferFlags', () => {
  it('inferFlags() finds no memory in sessions that need none', () => {
    expect(flagsOf([], ontologyOf('a'))).toEqual([])
    expect(flagsOf(times(50, ['a', 'b', 'c']))).toEqual([])
    expect(flagsOf([...times(50, ['a', 'b']), ...times(50, ['b', 'a'])])).toEqual([])
  })
  it('inferFlags() remembers what must have happened before', () => {
    const [flag, ...more] = flagsOf(SHOPPING)
    expect(more).toEqual([])
    expect(flag?.setter).toBe('add')
    expect([...(flag?.guarded ?? [])]).toEqual(['pay'])
    const session = fitSessions([['home', 'cart', 'add', 'cart', 'pay']])[0]
    expect(
      session === undefined ? [] : statesOf(session, flag === undefined ? [] : [flag]),
    ).toEqual(['home', 'cart', 'add', 'cart+add', 'pay+add'])
  })
  it('inferFlags() does not take chance for a rule', () => {
    // Four people paid, all after adding: too few to be sure, and below k.
    const few = [...times(40, ['home', 'cart']), ...times(4, ['home', 'add', 'cart', 'pay'])]
    expect(flagsOf(few)).toEqual([])
    // Nine did, but eight of ten sessions begin with what came before.
    const usual = [
      ...times(200, ['add', 'cart']),
      ...times(50, ['cart', 'add']),
      ...times(9, ['add', 'cart', 'pay']),
    ]
    expect(flagsOf(usual)).toEqual([])
  })
  it('inferFlags() knows from the ontology what captures what', () => {
    const ontology = parseOntology(
      `version: 1
actions:
  cart: { request: { path: /cart } }
  add: { request: { method: POST, path: /cart }, capture: { id: { json: $.id } } }
  pay: { request: { method: POST, path: '/cart/{{captured.id}}/pay' } }
`,
      'actions.yaml',
    )
    const usual = [
      ...times(200, ['add', 'cart']),
      ...times(50, ['cart', 'add']),
      ...times(9, ['add', 'cart', 'pay']),
    ]
    expect(flagsOf(usual, ontology).map(({ setter }) => setter)).toEqual(['add'])
  })
  it('inferFlags() takes a flag down where nothing guarded ever followed', () => {
    const emptied = times(40, ['home', 'add', 'cart', 'pay', 'home', 'cart'])
    const [flag] = flagsOf([...SHOPPING, ...emptied])
    expect([...(flag?.clearedBy ?? [])]).toContain('pay')
    expect([...(flag?.clearedBy ?? [])]).not.toContain('cart')
    const session = fitSessions([['add', 'cart', 'pay', 'cart']])[0]
    expect(
      session === undefined ? [] : statesOf(session, flag === undefined ? [] : [flag]),
    ).toEqual(['add', 'cart+add', 'pay', 'cart'])
  })
  it('inferFlags() keeps at most six', () => {
    const steps = Array.from({ length: 9 }, (_, index) => [`set${index}`, 'hub', `use${index}`])
    const sequences = steps.flatMap((own) => [...times(30, own), ...times(30, ['hub'])])
    expect(flagsOf(sequences)).toHaveLength(6)
  })
})
