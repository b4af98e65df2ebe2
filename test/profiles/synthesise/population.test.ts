import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadOntology, parseOntology } from '../../../src/actions/load.ts'
import { buildRequest } from '../../../src/actions/request.ts'
import { createRouteMatcher } from '../../../src/actions/routes.ts'
import { examplePopulation } from '../../../src/core/contract/population.ts'
import type { Profile } from '../../../src/core/contract/profile.ts'
import { assetPath } from '../../../profiles-db/assets.ts'
import { toProfile } from '../../../src/profiles/read.ts'
import {
  loadPopulation,
  parsePopulation,
  populationNames,
  synthesise,
  synthesiseUsers,
  type Population,
} from '../../../src/profiles/synthesise/population.ts'
import { caught } from '../../profiles-db/caught.ts'
import { temporaryFolder } from '../../support/folders.ts'

const ACTIONS = `version: 1
actions:
  home: { request: { path: / } }
  search: { request: { path: /s, query: { q: "{{data.q}}" } } }
`
const ontology = parseOntology(ACTIONS, 'actions.yaml')

const GOOD = `version: 1
ontology: shop
data:
  search: { q: { pick: [a, b] } }
personas:
  one:
    share: 1
    start: { home: 1 }
    states:
      home: { think: 5s, next: { search: 1, exit: 1 } }
      search: { think: 300ms, next: { home: 1 } }
`

function withoutLabels(users: readonly Profile[]): unknown[] {
  return users.map(({ user_id, behavioral_patterns }) => ({ user_id, behavioral_patterns }))
}

function parse(text: string): Population {
  return parsePopulation(text, 'p.yaml', 'test', ontology)
}

describe('parsePopulation', () => {
  it('parsePopulation() names line, field and mend of what does not fit together', () => {
    const wrong: [find: string, replace: string, where: string, message: string, mend: string][] = [
      ['search: { think', 'serch: { think', 'p.yaml:10', 'next.search', 'did you mean "serch"?'],
      ['start: { home', 'start: { hme', 'p.yaml:8', 'start.hme', 'did you mean "home"?'],
      ['next: { home: 1', 'next: { search: 1', 'p.yaml:11', 'never leads to the end', '"exit"'],
      ['think: 5s', 'action: hom, think: 5s', 'p.yaml:10', 'not an action', 'did you mean "home"?'],
      ['think: 5s', 'think: 5', 'p.yaml:10', 'think', 'its value is 5'],
      ['share: 1', 'share: 0', 'p.yaml:7', 'share', 'its value is 0'],
      ['share: 1', 'shares: 1', 'p.yaml:7', 'share', ''],
      ['  search: { q', '  serch: { q', 'p.yaml:4', 'data.serch', 'did you mean "search"?'],
      ['{ pick: [a, b] }', '{ same_as: home.q }', 'p.yaml:4', 'has no values', 'none is known'],
      ['{ pick: [a, b] }', '{ faker: word.nown }', 'p.yaml:4', 'faker', 'word.noun'],
      ['{ pick: [a, b] }', '{ values: [a], weights: [1, 2] }', 'p.yaml:4', 'as many as values', ''],
      ['think: 5s', 'think: { table: [[0, 1], [1, 0]] }', 'p.yaml:10', 'ascending', ''],
      ['think: 5s', 'think: { table: [[0, 1], [0.9, 2]] }', 'p.yaml:10', 'share 1', ''],
      ['exit: 1 }', 'exit: { weight: 0, think: 5s } }', 'p.yaml:10', 'weight', 'its value is 0'],
      ['data:', 'records: { hme: [] }\ndata:', 'p.yaml:3', 'not an action', '"home"'],
      [
        'data:',
        'records: { search: [{ fields: [q], rows: [[a]] }] }\ndata:',
        'p.yaml:3',
        'has values already',
        'once',
      ],
      [
        'data:',
        'records: { home: [{ fields: [a, b], rows: [[1]] }] }\ndata:',
        'p.yaml:3',
        'one value for each field',
        '',
      ],
    ]
    for (const [find, replace, where, message, mend] of wrong) {
      expect(GOOD).toContain(find)
      const text = GOOD.replace(find, replace)
      const error = caught(() => parse(text))
      expect(error).toMatchObject({ code: 'bad-population', where })
      expect(error.message).toContain(message)
      expect(error.mend).toContain(mend)
    }
  })
  it('parsePopulation() refuses a population without personas', () => {
    const text = `${GOOD.slice(0, GOOD.indexOf('personas:'))}personas: {}\n`
    expect(caught(() => parse(text))).toMatchObject({ code: 'bad-population', where: 'p.yaml:5' })
  })
})

describe('examplePopulation', () => {
  it('examplePopulation is a population, for JSON is YAML', () => {
    const users = synthesise(parse(JSON.stringify(examplePopulation)), 5, 1)
    expect(users.flatMap((user) => user.behavioral_patterns)[0]?.action).toBe('search')
  })
})

describe('loadPopulation', () => {
  it('loadPopulation() refuses an unknown name and suggests the nearest', async () => {
    await expect(loadPopulation('shpo')).rejects.toMatchObject({
      code: 'unknown-population',
      mend: 'did you mean "shop"?; a file is named with its .yaml',
    })
  })
  it('loadPopulation() takes a file, and sees its ontology from there', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'sub'))
    writeFileSync(join(folder, 'actions.yaml'), ACTIONS)
    writeFileSync(join(folder, 'sub', 'mine.yaml'), GOOD.replace('shop', '../actions.yaml'))
    const { name, ontology: own } = await loadPopulation('sub/mine.yaml', folder)
    expect(name).toBe('mine')
    expect([...own.actions.keys()]).toEqual(['home', 'search'])
  })
  it('loadPopulation() names a file that cannot be read, and a wrong ontology', async () => {
    const folder = temporaryFolder()
    for (const file of ['../actions/shop', 'none.yaml', '.\\none.yml', '/']) {
      await expect(loadPopulation(file, folder)).rejects.toMatchObject({
        code: 'no-population-file',
        where: file,
      })
    }
    writeFileSync(join(folder, 'p.yaml'), GOOD.replace('shop', 'nowhere.yaml'))
    await expect(loadPopulation('p.yaml', folder)).rejects.toMatchObject({
      code: 'no-ontology-file',
    })
    writeFileSync(join(folder, 'p.yaml'), GOOD.replace('ontology: shop', 'ontology: Shop Two'))
    await expect(loadPopulation('p.yaml', folder)).rejects.toMatchObject({ where: 'p.yaml:2' })
  })
  it('populationNames() are those with a file', async () => {
    expect(await populationNames()).toEqual(['api', 'content', 'shop'])
  })
})

describe('synthesise', () => {
  it('synthesise() refuses a count that makes no sense', () => {
    for (const count of [0, -1, 1.5, Number.NaN, 1_000_001]) {
      expect(caught(() => synthesise(parse(GOOD), count, 1))).toMatchObject({ code: 'bad-count' })
    }
  })
  it('synthesise() makes the same users for a seed, and others for another', async () => {
    const population = await loadPopulation('content')
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const users = synthesise(population, 20, seed)
        expect(synthesise(population, 20, seed)).toEqual(users)
        const others = synthesise(population, 20, seed + 1)
        expect(others.map((user) => user.behavioral_patterns)).not.toEqual(
          users.map((user) => user.behavioral_patterns),
        )
        const ids = [...users, ...others].map(({ user_id }) => user_id)
        expect(new Set(ids).size).toBe(40)
      }),
      { numRuns: 10 },
    )
  })
  it('synthesise() begins with the same users however many follow', async () => {
    const population = await loadPopulation('shop')
    const few = synthesise(population, 10, 7)
    expect(withoutLabels(few)).toEqual(withoutLabels(synthesise(population, 50, 7).slice(0, 10)))
  })
  it('synthesiseUsers() makes the same users one by one, without an end in sight', () => {
    const population = parse(GOOD)
    const some = synthesise(population, 40, 7)
    expect([...synthesiseUsers(population, 40, 7)]).toEqual(some)
    const many = synthesiseUsers(population, 100_000_000, 7)
    expect(many.next().value?.user_id).toBe('test-7-1')
    expect(caught(() => synthesiseUsers(population, 1e9, 7).next())).toMatchObject({
      code: 'bad-count',
    })
  })
  it('synthesise() gives a transition its own time', () => {
    const text = GOOD.replace(
      'search: 1, exit',
      'search: { weight: 1, think: 60s, spread: 0 }, exit',
    )
    const users = synthesise(parse(text.replace('exit: 1 }', 'home: 1, exit: 1 }')), 300, 3)
    const gaps = users.flatMap(({ behavioral_patterns: own }) =>
      own.flatMap(({ action, timestamp }, index) => {
        const next = own[index + 1]
        if (action !== 'home' || next === undefined) return []
        return [{ to: next.action, gap: Math.round(1000 * (next.timestamp - timestamp)) / 1000 }]
      }),
    )
    expect(gaps.some(({ to }) => to === 'home')).toBe(true)
    expect(gaps.every(({ to, gap }) => (gap === 60) === (to === 'search'))).toBe(true)
  })
  it('synthesise() keeps shares, think times and transitions of the file', () => {
    const text = GOOD.replace(
      'ontology: shop',
      'ontology: shop\nspread: 0.5\ngeo: { US: 3, DE: 1 }',
    )
    const users = synthesise(parse(text), 4000, 3)
    const steps = users.flatMap((user) => user.behavioral_patterns)
    const inUs = users.filter(({ geo_location }) => geo_location === 'US').length
    // Binomial with 4000 trials: five standard deviations are 137.
    expect(Math.abs(inUs - 3000)).toBeLessThan(137)
    const gaps = users.flatMap(({ behavioral_patterns: own }) =>
      own.flatMap(({ action, timestamp }, index) => {
        const next = own[index + 1]
        return action === 'home' && next ? [next.timestamp - timestamp] : []
      }),
    )
    const median = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0
    expect(median).toBeGreaterThan(4.7)
    expect(median).toBeLessThan(5.3)
    // From home half go on: visits of home are geometric with mean 2.
    const homes = steps.filter(({ action }) => action === 'home').length
    expect(homes / users.length).toBeGreaterThan(1.88)
    expect(homes / users.length).toBeLessThan(2.12)
  })
})

describe('shipped populations', () => {
  const shipped = new Map<string, { population: Population; users: Profile[] }>()
  beforeAll(async () => {
    for (const name of await populationNames()) {
      const population = await loadPopulation(name)
      shipped.set(name, { population, users: synthesise(population, 1500, 1) })
    }
  })

  it('make profiles that the door for profiles takes as they are', () => {
    for (const { users } of shipped.values()) {
      for (const user of users) {
        const door = { what: 'profile', code: 'bad-profile', locate: () => user.user_id }
        expect(toProfile(JSON.parse(JSON.stringify(user)), door)).toEqual(user)
      }
    }
  })
  it('use every action of their ontology, each with at least one step in a thousand', () => {
    for (const { population, users } of shipped.values()) {
      const steps = users.flatMap((user) => user.behavioral_patterns)
      for (const name of population.ontology.actions.keys()) {
        const count = steps.filter(({ action }) => action === name).length
        expect(count / steps.length, `${population.name} ${name}`).toBeGreaterThan(0.001)
      }
    }
  })
  it('give every action the data its request needs', () => {
    for (const { population, users } of shipped.values()) {
      for (const profile of users.slice(0, 300)) {
        const captured: Record<string, string> = {}
        for (const { action: name, data } of profile.behavioral_patterns) {
          const action = population.ontology.actions.get(name)
          if (action === undefined) throw new TypeError(`no action ${name}`)
          const context = {
            data,
            profile,
            captured,
            sessionId: 's1',
            arm: 'baseline' as const,
            secrets: {},
          }
          const built = buildRequest(population.ontology, action, context)
          expect(built.kind, `${population.name} ${name}`).toBe('request')
          for (const capture of action.captures) captured[capture] = 'c1'
        }
      }
    }
  })
  it('have ontologies whose routes find their own requests again', () => {
    for (const { population, users } of shipped.values()) {
      const find = createRouteMatcher(population.ontology)
      for (const profile of users.slice(0, 200)) {
        for (const { action: name, data } of profile.behavioral_patterns) {
          const action = population.ontology.actions.get(name)
          if (action === undefined || action.needs.length > 0) continue
          const context = {
            data,
            profile,
            captured: {},
            sessionId: 's1',
            arm: 'canary' as const,
            secrets: {},
          }
          const built = buildRequest(population.ontology, action, context)
          if (built.kind !== 'request') continue
          expect(find(built.method, built.path)?.action).toBe(name)
        }
      }
    }
  })
  it('name mutating actions, and mark the twin in what they write', () => {
    for (const { population } of shipped.values()) {
      const mutating = [...population.ontology.actions.values()].filter(({ mutates }) => mutates)
      expect(mutating.length).toBeGreaterThan(0)
      expect(mutating.every(({ namesTwin }) => namesTwin)).toBe(true)
    }
  })
})

describe('profiles-db/actions', () => {
  it('every ontology is valid and belongs to a population', async () => {
    const files = readdirSync(assetPath('actions')).toSorted()
    expect(files).toEqual((await populationNames()).map((name) => `${name}.yaml`))
    for (const file of files) await loadOntology(assetPath('actions', file))
    expect(readFileSync(assetPath('actions', 'shop.yaml'), 'utf8')).toContain('checkout')
  })
})
