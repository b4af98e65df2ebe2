import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseOntology } from '../../../src/actions/load.ts'
import type { Profile } from '../../../src/core/contract/profile.ts'
import { fitPopulation, type FittedPopulation } from '../../../src/profiles/fit/fit.ts'
import { parsePopulation, synthesise } from '../../../src/profiles/synthesise/population.ts'
import { caught } from '../../profiles-db/caught.ts'
import { ontologyOf, recordedOf, sessionsOf, times } from './recorded.ts'

const OPTIONS = { k: 5, seed: 1, name: 'fitted' }
const abc = ontologyOf('a', 'b', 'c')

function fit(sequences: readonly (readonly string[])[], k = 5): FittedPopulation {
  return fitPopulation(sessionsOf(sequences), { ...OPTIONS, k, ontology: abc })
}

function pairsOf(users: readonly Profile[]): Set<string> {
  const pairs = users.flatMap(({ behavioral_patterns: own }) =>
    own.slice(1).map(({ action }, index) => `${own[index]?.action} ${action}`),
  )
  return new Set(pairs)
}

describe('fitPopulation', () => {
  it('fitPopulation() refuses k that makes no sense, and sessions that show nothing', () => {
    for (const k of [0, -1, 2.5, 1001, Number.NaN]) {
      expect(caught(() => fit(times(9, ['a']), k))).toMatchObject({ code: 'bad-k' })
    }
    expect(caught(() => fit([]))).toMatchObject({ code: 'nothing-to-fit' })
    expect(caught(() => fit(times(4, ['a'])))).toMatchObject({ code: 'nothing-to-fit' })
    expect(caught(() => fit(times(9, ['unknown'])))).toMatchObject({ code: 'nothing-to-fit' })
  })
  it('fitPopulation() leaves out and counts what fewer than k people did', () => {
    const common = times(20, ['a', 'b'])
    const { population, removed } = fit([...common, ...times(4, ['a', 'c'])])
    expect(removed).toMatchObject({ rareTransitions: 8 })
    const [persona] = Object.values(population.document.personas)
    expect(Object.keys(persona?.states ?? {})).toEqual(['a', 'b'])
    expect(persona?.states['a']?.next).toEqual({ b: 1000 })
  })
  it('fitPopulation() counts people, not sessions', () => {
    const recorded = sessionsOf([...times(20, ['a', 'b']), ...times(50, ['a', 'c'])], (index) =>
      index < 20 ? `p${index}` : `q${index % 4}`,
    )
    const { yaml } = fitPopulation(recorded, { ...OPTIONS, ontology: abc })
    expect(yaml).not.toMatch(/\bc:/)
  })
  it('fitPopulation() keeps how often sessions end after a state when it leaves out ways', () => {
    const { population } = fit([
      ...times(40, ['a']),
      ...times(40, ['a', 'b']),
      ...times(4, ['a', 'c']),
    ])
    const [persona] = Object.values(population.document.personas)
    expect(persona?.states['a']?.next).toEqual({ b: 523.8, exit: 476.2 })
  })
  it('fitPopulation() always finds a way out', () => {
    const endless = times(30, ['a', 'b', 'a', 'b', 'a', 'b'])
    const ended = [...endless, ['a', 'c'], ['c']].map((own, index) =>
      index < 4 ? [...own, 'c'] : [...own, 'a', 'b', 'a'],
    )
    const { population } = fit(ended, 31)
    const users = synthesise(population, 50, 1)
    expect(Math.max(...users.map((user) => user.behavioral_patterns.length))).toBeLessThan(20)
  })
  it('fitPopulation() cannot be misled by the names of actions', () => {
    const ontology = ontologyOf('exit', 'constructor', 'toString', 'null')
    const sequences = times(30, ['exit', 'constructor', 'toString', 'null', 'exit'])
    const { population } = fitPopulation(sessionsOf(sequences), { ...OPTIONS, ontology })
    const users = synthesise(population, 20, 1)
    const actions = new Set(
      users.flatMap(({ behavioral_patterns: own }) => own.map((e) => e.action)),
    )
    expect([...actions].toSorted()).toEqual(['constructor', 'exit', 'null', 'toString'])
  })
  it('fitPopulation() makes no step that k people did not make', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 })
    const people = fc.array(fc.tuple(letters, fc.integer({ min: 0, max: 12 })), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(people, fc.integer({ min: 2, max: 4 }), (visits, k) => {
        const recorded = sessionsOf(
          visits.map(([actions]) => actions),
          (index) => `p${visits[index]?.[1]}`,
        )
        const made = new Map<string, Set<string>>()
        for (const session of recorded) {
          for (const [index, { action, person }] of session.entries()) {
            const pair = `${session[index - 1]?.action} ${action}`
            made.set(pair, (made.get(pair) ?? new Set()).add(person))
          }
        }
        const starts = [...made].filter(
          ([pair, own]) => pair.startsWith('undefined') && own.size >= k,
        )
        fc.pre(starts.length > 0)
        const { population } = fitPopulation(recorded, { ...OPTIONS, k, ontology: abc })
        for (const pair of pairsOf(synthesise(population, 60, 1))) {
          expect(made.get(pair)?.size ?? 0, pair).toBeGreaterThanOrEqual(k)
        }
      }),
      { numRuns: 60 },
    )
  })
  it('fitPopulation() leaves out places and devices of fewer than k people', () => {
    const recorded = sessionsOf(times(40, ['a'])).map((session, index) =>
      session.map((step) => ({
        ...step,
        geo:
          index < 20
            ? 'US-CA'
            : index < 24
              ? 'US-NY'
              : index < 28
                ? 'US-TX'
                : index < 30
                  ? 'FR'
                  : 'DE',
        device: index < 37 ? ('mobile' as const) : ('tv' as const),
      })),
    )
    const { population, removed } = fitPopulation(recorded, { ...OPTIONS, ontology: abc })
    expect(population.document.geo).toEqual({ 'US-CA': 500, DE: 250, US: 200, ZZ: 50 })
    expect(population.document.device).toEqual({ mobile: 925, other: 75 })
    expect(removed).toMatchObject({ rarePlaces: 2, rareDevices: 3 })
  })
})

const CHAIN = `version: 1
ontology: actions.yaml
data:
  search: { q: { pick: [chair, table, lamp, rug, bed, sofa, desk, shelf], zipf: 1.2 } }
  buy: { sku: { same_as: view.sku }, count: { values: [1, 2, 5], weights: [45, 45, 10] } }
records:
  view:
    - fields: [sku, colour]
      rows: [[s1, red], [s1, blue], [s2, red], [s3, green], [s4, red], [s5, black], [s6, red]]
      zipf: 0.8
      reuse: 0.3
personas:
  one:
    share: 1
    start: { home: 60, search: 40 }
    states:
      home: { think: 5s, spread: 0.6, next: { search: 50, view: 30, exit: 20 } }
      search: { think: 9s, spread: 1, next: { view: { weight: 60, think: 2s, spread: 0.4 }, search: 20, exit: 20 } }
      view: { think: { table: [[0, 1], [0.5, 2], [0.5001, 30], [1, 60]] }, next: { view: 30, buy: 20, home: 10, exit: 40 } }
      buy: { think: 3s, spread: 0.5, next: { exit: 90, home: 10 } }
`

describe('a population fitted to users of a known chain', () => {
  const ontology = parseOntology(
    `version: 1
actions:
  home: { request: { path: / } }
  search: { request: { path: /s, query: { q: '{{data.q}}' } } }
  view: { request: { path: '/p/{{data.sku}}/{{data.colour}}' } }
  buy: { request: { method: POST, path: /buy, json: { sku: '{{data.sku}}', count: '{{data.count}}' } } }
`,
    'actions.yaml',
  )
  const known = parsePopulation(CHAIN, 'known.yaml', 'known', ontology)
  const people = synthesise(known, 4000, 11)
  const fitted = fitPopulation(recordedOf(people), { ...OPTIONS, ontology })
  const { document } = fitted.population
  const [persona] = Object.values(document.personas)

  it('has its transitions, within what chance allows', () => {
    expect(Object.keys(document.personas)).toEqual(['visitor'])
    const truth = known.document.personas['one']
    for (const [from, state] of Object.entries(truth?.states ?? {})) {
      const visits = people
        .flatMap((user) => user.behavioral_patterns)
        .filter((e) => e.action === from)
      for (const [to, way] of Object.entries(state.next)) {
        const share = (typeof way === 'number' ? way : way.weight) / 100
        const own = persona?.states[from]?.next[to]
        const found = (typeof own === 'number' ? own : (own?.weight ?? 0)) / 1000
        const allowed = 5 * Math.sqrt((share * (1 - share)) / visits.length)
        expect(Math.abs(found - share), `${from} ${to}`).toBeLessThan(allowed)
      }
    }
    expect(Math.abs((persona?.start['home'] ?? 0) - 600)).toBeLessThan(32)
  })
  it('has its think times: laws where they hold, tables where not, of a way where it differs', () => {
    const state = (name: string): Record<string, unknown> => ({ ...persona?.states[name] })
    expect(state('home')['think']).toBeCloseTo(5, 0)
    expect(state('home')['spread']).toBeCloseTo(0.6, 1)
    expect(state('view')['think']).toMatchObject({ table: expect.anything() })
    const toView = persona?.states['search']?.next['view']
    expect(toView).toMatchObject({ think: expect.closeTo(2, 0), spread: expect.closeTo(0.4, 1) })
    const toSearch = persona?.states['search']?.next['search']
    expect(toSearch).toMatchObject({ think: expect.closeTo(9, 0) })
  })
  it('has its data: laws, weights, what belongs together, and what is taken again', () => {
    const { search, buy, view: viewData } = document.data
    expect(search?.['q']).toMatchObject({ zipf: expect.closeTo(1.2, 1) })
    expect(buy?.['sku']).toEqual({ same_as: 'view.sku', reuse: 1 })
    expect(buy?.['count']).toMatchObject({ values: [1, 2, 5] })
    expect(viewData).toBeUndefined()
    const [records] = document.records['view'] ?? []
    expect(records?.fields).toEqual(['sku', 'colour'])
    expect(records?.rows).toHaveLength(7)
    expect(records?.reuse).toBeCloseTo(0.3, 1)
  })
  it('is the same when its file is read again', () => {
    const again = parsePopulation(fitted.yaml, 'again.yaml', 'fitted', ontology)
    expect(again).toEqual(fitted.population)
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(synthesise(again, 20, seed)).toEqual(synthesise(fitted.population, 20, seed))
      }),
      { numRuns: 10 },
    )
  })
  it('is the same for the same sessions, whatever their order of persons', () => {
    expect(fitPopulation(recordedOf(people), { ...OPTIONS, ontology }).yaml).toBe(fitted.yaml)
  })
})
