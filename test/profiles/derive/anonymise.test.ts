import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../src/core/contract/profile.ts'
import { dropRare, withData, type MappedStep } from '../../../src/profiles/derive/anonymise.ts'
import { withoutCaptured } from '../../../src/profiles/derive/captured.ts'
import { formsOf } from '../../../src/profiles/derive/forms.ts'
import { createPseudonyms } from '../../../src/profiles/derive/pseudonyms.ts'

const of = createPseudonyms(Buffer.from('key'))
type Data = Record<string, JsonValue>

function step(person: string, action: string, path: Data = {}, extra: Data = {}): MappedStep {
  const forms = formsOf(action, { path, extra }, of)
  return { client: person, person, timeMs: 0, device: 'desktop', geo: 'ZZ', action, forms }
}

const people = ['a', 'b', 'c']
const each = (make: (person: string) => MappedStep): MappedStep[][] =>
  people.map((person) => [make(person)])

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function dataOf(sessions: readonly (readonly MappedStep[])[]): Data[] {
  return withData(sessions, of).sessions.flatMap((session) => session.map(({ data }) => data))
}

describe('dropRare', () => {
  it('dropRare() of nothing is nothing', () => {
    expect(dropRare([], 5, true)).toMatchObject({ sessions: [], rareActions: 0, rareValues: 0 })
  })
  it('dropRare() drops a rare action, or makes it "other" where there is one', () => {
    const sessions = [...each((person) => step(person, 'home')), [step('a', 'x'), step('a', 'x')]]
    expect(dropRare(sessions, 3, false)).toMatchObject({ rareActions: 2, rareValues: 0 })
    // One person's rare actions are no group of three.
    expect(dropRare(sessions, 3, true)).toMatchObject({
      rareActions: 2,
      changed: { otherActions: 0 },
    })
    const several = [...sessions, [step('b', 'y', { id: '7' })], [step('c', 'z')]]
    const { sessions: kept, changed, rareActions } = dropRare(several, 3, true)
    expect([changed.otherActions, rareActions]).toEqual([4, 0])
    expect(kept.slice(3).flatMap((own) => own.map(({ action }) => action))).toEqual([
      'other',
      'other',
      'other',
      'other',
    ])
    expect(dataOf(kept)).toEqual(Array.from({ length: 7 }, () => ({})))
  })
  it('dropRare() keeps a step without its rare search word, if enough people are alike then', () => {
    const common = each((person) => step(person, 'search', {}, { q: 'chair' }))
    const rare = people.map((person) => [step(person, 'search', {}, { q: `my ${person}` })])
    const { sessions, changed } = dropRare([...common, ...rare], 3, false)
    expect(changed.rareDetails).toBe(3)
    expect(dataOf(sessions)).toEqual([{ q: 'chair' }, { q: 'chair' }, { q: 'chair' }, {}, {}, {}])
    const one = dropRare([...common, [step('a', 'search', {}, { q: 'my a' })]], 3, false)
    expect(one).toMatchObject({ rareValues: 1, changed: { rareDetails: 0 } })
  })
  it('dropRare() keeps an id that many people used and replaces one that few did', () => {
    const product = '8d0c5c1e-3d1f-4a9d-9c55-0f6b2f6a1d77'
    const own = (person: string): string => product.replaceAll('1', person)
    const common = each((person) => step(person, 'view', { id: product }))
    const rare = each((person) => step(person, 'view', { id: own(person) }))
    const { sessions, rareValues } = dropRare([...common, ...rare], 3, false)
    expect(rareValues).toBe(0)
    const ids = dataOf(sessions).map(({ id }) => id)
    expect(ids.slice(0, 3)).toEqual([product, product, product])
    expect(new Set(ids.slice(3)).size).toBe(3)
    for (const id of ids.slice(3)) {
      expect(id).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      expect(people.map(own)).not.toContain(id)
    }
  })
  it('dropRare() makes rare devices "other" and rare places their country', () => {
    const sessions = ['US-CA', 'US-NY', 'US', 'DE'].map((geo, index) => [
      {
        ...step(`p${index}`, 'home'),
        geo,
        device: index === 0 ? ('tv' as const) : ('mobile' as const),
      },
    ])
    const { sessions: kept, changed } = dropRare(sessions, 3, false)
    expect(kept.flat().map(({ geo }) => geo)).toEqual(['US', 'US', 'US', 'ZZ'])
    expect(kept.flat().map(({ device }) => device)).toEqual(['other', 'mobile', 'mobile', 'mobile'])
    expect(changed).toMatchObject({ rareDevices: 1, rarePlaces: 3 })
  })
  it('dropRare() leaves no action and no data of fewer than k people, and counts every step', () => {
    const some = fc.record({
      person: fc.constantFrom('a', 'b', 'c', 'd'),
      action: fc.constantFrom('home', 'view', 'search', 'rare'),
      id: fc.constantFrom('1', '2', '8d0c5c1e-3d1f-4a9d-9c55-0f6b2f6a1d77'),
      q: fc.constantFrom(undefined, 'x', 'y'),
    })
    const sessions = fc.array(fc.array(some, { maxLength: 5 }), { maxLength: 12 })
    fc.assert(
      fc.property(sessions, fc.integer({ min: 1, max: 4 }), fc.boolean(), (all, k, hasOther) => {
        const steps = all.map((session) =>
          session.map(({ person, action, id, q }) =>
            step(person, action, { id }, q === undefined ? {} : { q }),
          ),
        )
        const { sessions: kept, rareActions, rareValues } = dropRare(steps, k, hasOther)
        expect(kept.flat().length + rareActions + rareValues).toBe(steps.flat().length)
        for (const keyOf of [
          (one: MappedStep): string => one.action,
          (one: MappedStep): string => one.forms[0]?.key ?? '',
        ]) {
          for (const own of Map.groupBy(kept.flat(), keyOf).values()) {
            expect(new Set(own.map(({ person }) => person)).size).toBeGreaterThanOrEqual(k)
          }
        }
      }),
    )
  })
})

describe('withData', () => {
  const login = (mail: string): MappedStep =>
    step('a', 'login', {}, { email: mail, note: `to ${mail}` })

  it('withData() gives a person the same faker value in one session and another in the next', () => {
    const [first, again, second] = dataOf([
      [login('anna@example.com'), login('anna@example.com')],
      [login('anna@example.com')],
    ])
    expect(first?.['email']).toMatch(/^\S+@example\.(?:com|net|org)$/)
    expect(first?.['note']).toBe(`to ${textOf(first?.['email'])}`)
    expect(again).toEqual(first)
    expect(second?.['email']).not.toBe(first?.['email'])
    const [other] = dataOf([[login('bo@example.com')]])
    expect(other?.['email']).not.toBe(first?.['email'])
  })
  it('withData() cannot be repeated without the key of the import', () => {
    const fakes = [createPseudonyms(), createPseudonyms()].map(
      (own) => withData([[login('anna@example.com')]], own).sessions[0]?.[0]?.data['email'],
    )
    expect(fakes[0]).not.toBe(fakes[1])
  })
  it('withData() counts what it replaced, numbers and lists too', () => {
    const data = { path: {}, extra: { card: 4111111111111111, mails: ['x', 'a@example.com'] } }
    const forms = formsOf('pay', data, of)
    const { sessions, personalValues } = withData([[{ ...step('a', 'pay'), forms }]], of)
    expect(personalValues).toBe(2)
    expect(JSON.stringify(sessions)).not.toMatch(/4111111111111111|a@example\.com/)
    expect(sessions[0]?.[0]?.data['mails']).toEqual(['x', expect.stringContaining('@example.')])
  })
})

describe('withoutCaptured', () => {
  it('withoutCaptured() drops a value only where an earlier action of the session gives it', () => {
    const pay = (): MappedStep => step('a', 'pay', { cart: 'c1', sku: 's' })
    const correlations = [{ from: ['create', 'copy'], to: 'pay', dataName: 'cart' }]
    const live = withoutCaptured(
      [
        [step('a', 'copy'), pay()],
        [pay(), step('a', 'create')],
      ],
      correlations,
    )
    expect(live.capturedValues).toBe(1)
    expect(dataOf(live.sessions)).toEqual([{}, { sku: 's' }, { cart: 'c1', sku: 's' }, {}])
  })
})
