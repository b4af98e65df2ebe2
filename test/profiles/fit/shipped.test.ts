import { beforeAll, describe, expect, it } from 'vitest'
import { buildRequest } from '../../../src/actions/request.ts'
import type { Profile } from '../../../src/core/contract/profile.ts'
import { compareSessions, type Closeness } from '../../../src/profiles/distance/compare.ts'
import { sessionOf } from '../../../src/profiles/distance/description.ts'
import { fitPopulation, type FittedPopulation } from '../../../src/profiles/fit/fit.ts'
import { loadPopulation, synthesise } from '../../../src/profiles/synthesise/population.ts'
import { recordedOf } from './recorded.ts'

describe('populations fitted to users of the shipped ones', () => {
  const made = new Map<
    string,
    { people: Profile[]; fitted: FittedPopulation; closeness: Closeness }
  >()
  beforeAll(async () => {
    for (const name of ['shop', 'api', 'content']) {
      const { ontology, ...population } = await loadPopulation(name)
      const people = synthesise({ ontology, ...population }, 1000, 7)
      const options = { k: 5, seed: 1, name: 'fitted', ontology, reference: name }
      const fitted = fitPopulation(recordedOf(people), options)
      const users = synthesise(fitted.population, 1000, 3)
      const closeness = compareSessions(people.map(sessionOf), users.map(sessionOf), 1)
      made.set(name, { people, fitted, closeness })
    }
  })

  it('are close to them, as kinds of sessions and as a whole', () => {
    for (const [name, { fitted, closeness }] of made) {
      expect(Object.keys(fitted.population.document.personas).length, name).toBeGreaterThan(1)
      const far = closeness.measures.flatMap((measure) =>
        measure.kind === 'not-measured' || measure.word === 'far' ? [measure] : [],
      )
      expect(far, name).toEqual([])
    }
  })
  it('never pay for an empty cart', () => {
    const shop = made.get('shop')?.fitted.population
    const users = shop === undefined ? [] : synthesise(shop, 3000, 5)
    const actions = users.map((user) => user.behavioral_patterns.map(({ action }) => action))
    const paying = actions.filter((own) => own.includes('checkout'))
    expect(paying.length).toBeGreaterThan(50)
    expect(paying.filter((own) => own.indexOf('add_to_cart') > own.indexOf('checkout'))).toEqual([])
    expect(paying.filter((own) => !own.includes('add_to_cart'))).toEqual([])
  })
  it('give every action the data its request needs', () => {
    for (const { fitted } of made.values()) {
      const { ontology } = fitted.population
      for (const profile of synthesise(fitted.population, 100, 2)) {
        for (const { action: name, data } of profile.behavioral_patterns) {
          const action = ontology.actions.get(name)
          if (action === undefined) throw new TypeError(`no action ${name}`)
          const captured = Object.fromEntries(action.needs.map((need) => [need, 'c1']))
          const context = {
            data,
            profile,
            captured,
            sessionId: 's1',
            arm: 'baseline' as const,
            secrets: {},
          }
          expect(buildRequest(ontology, action, context).kind, name).toBe('request')
        }
      }
    }
  })
})
