import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/core/errors.ts'
import {
  createMix,
  spread,
  withoutActions,
  type MixOptions,
} from '../../../src/probe/capacity/mix.ts'
import { ontologyOf, profileOf } from '../../generator/arm-server.ts'

const ontology = ontologyOf(`
version: 1
identity: { geo_header: x-country }
actions:
  home: { request: { path: / } }
  search: { request: { path: /s, query: { q: '{{data.q}}' }, headers: { x-arm: '{{arm}}' } } }
  login: { request: { path: /login }, capture: { token: { json: $.token } } }
  own: { request: { path: /own, headers: { authorization: '{{captured.token}}' } } }
  order: { request: { method: POST, path: /orders, json: { arm: '{{arm}}' } } }
  quote: { mutates: false, request: { method: POST, path: /quote, json: { a: 1 } } }
  probe: { request: { method: HEAD, path: / } }
  moved: { request: { path: /old }, follow_redirects: 2 }
  item: { request: { path: '/items/{{data.id}}' } }
`)
const profile = profileOf(
  'u1',
  ['home'],
  ['home'],
  ['home'],
  ['search', { q: 'a chair' }],
  ['login'],
  ['own'],
  ['order'],
  ['quote'],
  ['probe'],
  ['moved'],
  ['item'],
)
const options: MixOptions = {
  ontology,
  profiles: [profile],
  arms: [
    {
      arm: 'baseline',
      url: 'http://127.0.0.1:1/base/',
      host: 'shop.test',
      headers: { 'X-Key': 'k' },
    },
    { arm: 'canary', url: 'http://127.0.0.1:2' },
  ],
  secrets: {},
  seed: 1,
}

describe('createMix()', () => {
  it('refuses a mix of nothing, and says why each action is left out', () => {
    const profiles = [profileOf('u1', ['order'], ['gone'])]
    expect(() => createMix({ ...options, profiles })).toThrow(UsageError)
    expect(() => createMix({ ...options, profiles })).toThrow(
      'no action can be sent on its own: gone (no-ontology-entry), order (mutates)',
    )
  })

  it('has safe actions in their shares, and lists what autocannon cannot send', () => {
    const { actions, leftOut } = createMix(options)
    expect(actions).toEqual([
      { action: 'home', share: 0.6 },
      { action: 'login', share: 0.2 },
      { action: 'search', share: 0.2 },
    ])
    expect(leftOut).toEqual([
      { action: 'item', code: 'blocked' },
      { action: 'moved', code: 'follows-redirects' },
      { action: 'order', code: 'mutates' },
      { action: 'own', code: 'needs-capture' },
      { action: 'probe', code: 'not-get' },
      { action: 'quote', code: 'not-get' },
    ])
  })

  it('sends the same to both arms, each with its own path, host and headers', () => {
    const { baseline, canary } = createMix(options).targets
    const [first] = baseline.requests.filter(({ action }) => action === 2)
    const [second] = canary.requests.filter(({ action }) => action === 2)
    expect([first?.path, second?.path]).toEqual(['/base/s?q=a%20chair', '/s?q=a%20chair'])
    expect(first?.headers).toMatchObject({
      host: 'shop.test',
      'x-key': 'k',
      'x-arm': 'baseline',
      'x-synthetic': 'outrider',
    })
    expect(second?.headers['host']).toBeUndefined()
    expect(baseline.requests.map(({ action }) => action)).toEqual(
      canary.requests.map(({ action }) => action),
    )
  })

  it('carries a trace that is not sampled', () => {
    const { requests } = createMix(options).targets.canary
    for (const { headers } of requests) {
      expect(headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    }
  })
})

describe('withoutActions()', () => {
  it('keeps the shares of what is left, and is nothing where nothing is', () => {
    const mix = createMix(options)
    const less = withoutActions(mix, new Set(['login']), 'fails-alone')
    expect(less?.actions).toEqual([
      { action: 'home', share: expect.closeTo(0.75, 9) },
      { action: 'search', share: expect.closeTo(0.25, 9) },
    ])
    expect(less?.leftOut.at(-1)).toEqual({ action: 'login', code: 'fails-alone' })
    expect(new Set(less?.targets.canary.requests.map(({ action }) => action))).toEqual(
      new Set([0, 1]),
    )
    expect(withoutActions(mix, new Set(['home', 'login', 'search']), 'x')).toBeUndefined()
  })
})

describe('spread()', () => {
  it('has the shares in every stretch', () => {
    const order = spread([0.7, 0.2, 0.1], 1000)
    for (let from = 0; from < 900; from += 37) {
      const part = order.slice(from, from + 100)
      expect(Math.abs(part.filter((index) => index === 2).length - 10)).toBeLessThanOrEqual(1)
    }
  })
})
