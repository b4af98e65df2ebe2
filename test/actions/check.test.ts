import { describe, expect, it } from 'vitest'
import { remarksOf } from '../../src/actions/check.ts'
import { givenOntology } from './given.ts'

const messages = (action: unknown, others: Record<string, unknown> = {}): string[] =>
  remarksOf(givenOntology(action, others)).map((remark) => `${remark.action}: ${remark.message}`)

describe('remarksOf()', () => {
  it('is silent about an ontology that is as it should be', () => {
    const twin = { request: { method: 'POST', path: '/a', json: { id: '{{session.id}}' } } }
    const open = { request: { method: 'POST', path: '/b' }, shared_state: 'ok' }
    expect(messages(twin, { open, home: { request: { path: '/' } } })).toEqual([])
  })

  it('names a mutating action that twins would do twice', () => {
    const [remark] = remarksOf(givenOntology({ request: { method: 'POST', path: '/a' } }))
    expect(remark?.message).toContain('twins would send the same request twice')
    expect(remark?.mend).toContain('shared_state: ok')
  })

  it('names a GET that sounds as if it mutated', () => {
    for (const path of ['/logout', '/users/1/delete', '/a/do_remove?x']) {
      expect(messages({ request: { path } })[0]).toContain('sounds as if it were')
      expect(messages({ request: { path }, mutates: false })).toEqual([])
    }
    expect(messages({ request: { path: '/undeleted' } })).toEqual([])
  })

  it('names an action that needs what only it captures', () => {
    const action = { request: { path: '/{{captured.id}}' }, capture: { id: { json: '$.id' } } }
    expect(messages(action)[0]).toContain('only it captures itself')
    const other = { request: { path: '/' }, capture: { id: { json: '$.id' } } }
    expect(messages(action, { other })).toEqual([])
  })

  it('counts a capture as used where it has an alternative', () => {
    const action = { request: { path: '/{{captured.id|data.id}}' } }
    const other = { request: { path: '/' }, capture: { id: { json: '$.id' } } }
    expect(messages(action, { other })).toEqual([])
  })

  it('names captures that nothing uses, HEAD with a body and cleanups that clean nothing', () => {
    const action = {
      request: { method: 'HEAD', path: '/' },
      capture: { id: { json: '$.id' } },
      cleanup: 'home',
    }
    expect(messages(action, { home: { request: { path: '/' } } })).toEqual([
      expect.stringContaining('HEAD has none'),
      expect.stringContaining('cleanup "home" does not mutate'),
      expect.stringContaining('nothing uses its capture "id"'),
    ])
  })
})
