import { describe, expect, it } from 'vitest'
import { parseOntology } from '../../../src/actions/load.ts'
import type { LoggedRequest } from '../../../src/profiles/derive/read/request.ts'
import { outcomeOf, type OutcomeOptions } from '../../../src/profiles/record/outcome.ts'
import { refusalOf } from './refusal.ts'

const OPTIONS: OutcomeOptions = {
  k: 3,
  keepHeaders: [],
  keepQuery: [],
  keepBody: [],
  keepBots: true,
  seed: 1,
  target: 'http://shop.test',
}

/** A visit: everybody searches and orders, each with words and ids of their own. */
function visit(person: number): LoggedRequest[] {
  const order = `order-${7000 + person}`
  const steps: Partial<LoggedRequest>[] = [
    { target: `/search?q=private${person}&lang=en` },
    { target: '/pages/about' },
    {
      method: 'POST',
      target: '/orders',
      status: 201,
      bodies: {
        requestHeaders: { 'content-type': 'application/json', authorization: `Bearer s${person}` },
        requestBody: JSON.stringify({ note: `secret note ${person}`, sku: `s${person % 2}` }),
        responseBody: JSON.stringify({ id: order }),
      },
    },
    { target: `/orders/${order}` },
    ...(person === 0 ? [{ target: '/pages/only-me' }] : []),
  ]
  return steps.map((step, index) => ({
    address: `a${person}`,
    user: '',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    geo: 'ZZ',
    timeMs: 1000 * index,
    method: 'GET',
    target: '/',
    status: 200,
    ...step,
  }))
}

const people = (count: number): LoggedRequest[] =>
  Array.from({ length: count }, (_, person) => visit(person)).flat()

describe('outcomeOf()', () => {
  it('refuses an empty tape, and one of fewer people than k', async () => {
    expect((await refusalOf(outcomeOf([], OPTIONS))).code).toBe('nothing-recorded')
    const refusal = await refusalOf(outcomeOf(people(2), OPTIONS))
    expect(refusal).toMatchObject({ code: 'too-few-people' })
    expect(refusal.mend).toContain('--k 1')
  })
  it('writes nothing that fewer than k people share, and no query, body or header', async () => {
    const { yaml, profiles, report } = await outcomeOf(people(4), OPTIONS)
    const written = yaml + JSON.stringify(profiles)
    for (const text of ['private', 'secret note', 'order-700', 'Bearer s', 'only-me', '"s0"']) {
      expect(written).not.toContain(text)
    }
    expect(profiles).toHaveLength(4)
    expect(report.changed).toMatchObject({ queryValues: 4, bodies: 4, capturedValues: 4 })
    const { actions } = parseOntology(yaml, 'y').document
    expect(actions['view_order']?.request.path).toBe('/orders/{{captured.order_id|data.order_id}}')
    expect(actions['search']?.request.query).toEqual({ q: '{{data.q}}', lang: 'en' })
    expect(actions['create_order']?.request.json).toEqual({
      note: 'text-{{session.id}}',
      sku: 'text-{{session.id}}',
    })
  })
  it('keeps what is asked for by name', async () => {
    const { yaml, profiles } = await outcomeOf(people(6), { ...OPTIONS, keepBody: ['sku'] })
    expect(parseOntology(yaml, 'y').document.actions['create_order']?.request.json).toMatchObject({
      sku: '{{data.sku}}',
    })
    const data = profiles.flatMap((profile) => profile.behavioral_patterns.map((step) => step.data))
    expect(data.filter(({ sku }) => sku === 's1')).toHaveLength(3)
  })
})
