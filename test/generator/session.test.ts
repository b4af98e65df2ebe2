import { describe, expect, it } from 'vitest'
import { planSession } from '../../src/generator/session.ts'
import { ontologyOf, profileOf } from './arm-server.ts'

const SHOP = ontologyOf(`
version: 1
actions:
  login: { request: { method: POST, path: /login }, capture: { token: { json: $.t } } }
  guest: { request: { path: /guest }, capture: { token: { json: $.t } } }
  me: { request: { path: "/me/{{captured.token}}" }, capture: { id: { json: $.id } } }
  orders: { request: { path: "/orders/{{captured.id}}" } }
  home: { request: { path: / } }
`)
const namesOf = (profile: Parameters<typeof planSession>[1], skipped: string[]): string[] =>
  planSession(SHOP, profile, new Set(skipped)).map(({ action }) => action.name)

describe('planSession()', () => {
  it('leaves out actions that the ontology does not have', () => {
    expect(namesOf(profileOf('u', ['nope'], ['home']), [])).toEqual(['home'])
  })
  it('leaves out what needs captures of skipped steps, through any number of steps', () => {
    const profile = profileOf('u', ['home'], ['login'], ['me'], ['orders'], ['home'])
    expect(namesOf(profile, ['login'])).toEqual(['home', 'home'])
  })
  it('keeps a step when another step of the session captures what it needs', () => {
    const profile = profileOf('u', ['login'], ['guest'], ['me'], ['orders'])
    expect(namesOf(profile, ['login'])).toEqual(['guest', 'me', 'orders'])
  })
  it('keeps a step whose capture nobody skipped: it will end as blocked', () => {
    expect(namesOf(profileOf('u', ['me']), ['login'])).toEqual(['me'])
  })
  it('measures gaps from the last step that is sent', () => {
    const profile = profileOf('u', ['home', {}, 5], ['login', {}, 7], ['home', {}, 11])
    const gaps = planSession(SHOP, profile, new Set(['login'])).map((step) => step.gapSeconds)
    expect(gaps).toEqual([0, 6])
  })
})
