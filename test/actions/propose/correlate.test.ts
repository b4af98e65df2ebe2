import { describe, expect, it } from 'vitest'
import { proposeOntology } from '../../../src/actions/propose/propose.ts'
import type { RecordedExchange } from '../../../src/actions/propose/recorded.ts'
import { exchange, ontologyOf, session } from './given.ts'

const json = (value: unknown): Partial<RecordedExchange> => ({
  responseHeaders: { 'content-type': 'application/json' },
  responseBody: JSON.stringify(value),
})
const page = (responseBody: string): Partial<RecordedExchange> => ({
  responseHeaders: { 'content-type': 'text/html' },
  responseBody,
})
const body = (value: unknown): Partial<RecordedExchange> => ({ requestBody: JSON.stringify(value) })

/** Captures and the templates that use them, by action. */
function liveOf(exchanges: readonly RecordedExchange[]): Record<string, unknown> {
  const proposal = proposeOntology(exchanges)
  ontologyOf(proposal)
  const rows = Object.entries(proposal.document.actions).map(([name, { request, capture }]) => {
    const uses = JSON.stringify(request).match(/[^":/ ]*\{\{captured[^}]*\}\}/g)
    return [name, { ...capture, ...(uses === null ? {} : { uses: uses.join(' ') }) }] as const
  })
  return Object.fromEntries(rows.filter(([, live]) => Object.keys(live).length > 0))
}

describe('correlate()', () => {
  it('leaves alone what the client said first, what is common, and what nobody answered', () => {
    expect(
      liveOf(
        session('a', [
          exchange('GET /rooms/4711', json({ id: 4711, open: true, on: '2026-01-01', size: 2 })),
          exchange('GET /rooms/4711/beds?size=2&on=2026-01-01&open=true'),
          exchange('GET /rooms/815'),
        ]),
      ),
    ).toEqual({})
  })
  it('finds ids of JSON in paths, queries and bodies, and keeps the type', () => {
    const live = liveOf(
      session('a', [
        exchange('POST /carts', { ...json({ cart: { id: 90210 } }), status: 201 }),
        exchange('GET /carts/90210'),
        exchange('GET /totals?cart=90210'),
        exchange('POST /orders', body({ cart_id: 90210 })),
        exchange('POST /notes', body({ cart_id: '90210' })),
      ]),
    )
    expect(live).toEqual({
      create_cart: { cart_id: { json: '$.cart.id' } },
      view_cart: { uses: '{{captured.cart_id|data.cart_id}}' },
      create_order: { uses: '{{captured.cart_id|data.cart_id}}' },
    })
  })
  it('finds them in Location, in forms, in links and in cookies', () => {
    const token = 'f3Zk81LmQx72'
    const live = liveOf(
      session('a', [
        exchange(
          'GET /basket',
          page(`<form><input type=hidden name="_csrf" value="${token}"></form>`),
        ),
        exchange('POST /basket', {
          requestBody: `_csrf=${token}`,
          requestHeaders: { 'content-type': 'application/x-www-form-urlencoded' },
          status: 303,
          responseHeaders: {
            location: 'http://shop.test/orders/81f0c2aa91',
            'set-cookie': 'XSRF-TOKEN=aa81Zk3LmQ00; Path=/\nother=1',
          },
        }),
        exchange(
          'GET /orders/81f0c2aa91',
          page('<a href="/bills/c0ffee00d1"> <a href="/bills/x">'),
        ),
        exchange('GET /bills/c0ffee00d1', { requestHeaders: { 'x-xsrf-token': 'aa81Zk3LmQ00' } }),
      ]),
    )
    expect(live).toEqual({
      view_basket: { csrf: { form_field: '_csrf' } },
      create_basket: {
        uses: '{{captured.csrf}}',
        order_id: { header: 'location', match: '/orders/([^/?#]+)' },
        x_xsrf_token: { cookie: 'XSRF-TOKEN' },
      },
      view_order: {
        uses: '{{captured.order_id|data.order_id}}',
        bill_id: { body: expect.stringContaining('/bills/(') },
      },
      view_bill: { uses: '{{captured.bill_id|data.bill_id}} {{captured.x_xsrf_token}}' },
    })
  })
  it('takes two recordings with other values for live, and with the same for a catalogue', () => {
    const visit = (client: string, id: number): RecordedExchange[] =>
      session(client, [
        exchange('POST /games', json({ id })),
        exchange('GET /games/7', json({ deck: 'standard' })),
        exchange(`PUT /tables/${id}`),
      ])
    expect(liveOf(visit('a', 7))).toEqual({})
    expect(liveOf([...visit('a', 12), ...visit('b', 35)])).toMatchObject({
      create_game: { table_id: { json: '$.id' } },
    })
    expect(liveOf([...visit('a', 12), ...visit('b', 12)])).toEqual({})
  })
  it('does not take the choice from a list for a capture, unless all take the same position', () => {
    const visit = (client: string, ids: readonly string[], chosen: number): RecordedExchange[] =>
      session(client, [
        exchange('GET /jobs', json({ items: ids.map((id) => ({ id })) })),
        exchange(`GET /jobs/${ids[chosen]}`),
      ])
    const ids = (start: number): string[] =>
      Array.from({ length: 4 }, (_, index) => `job-${start + index}`)
    const chosen = [1, 3, 0].flatMap((pick, index) =>
      visit(`c${index}`, ids(100 * index + 100), pick),
    )
    expect(liveOf(chosen)).toEqual({})
    const first = [0, 0, 0].flatMap((pick, index) =>
      visit(`c${index}`, ids(100 * index + 100), pick),
    )
    expect(liveOf(first)).toMatchObject({ list_jobs: { job_id: { json: '$.items[0].id' } } })
  })
  it('marks a capture as optional that some answers do not have', () => {
    const visit = (client: string, id: string, has: boolean): RecordedExchange[] =>
      session(client, [
        exchange('GET /inbox', json(has ? { next: id } : { empty: true })),
        ...(has ? [exchange(`GET /mails/${id}`)] : []),
      ])
    const exchanges = ['a', 'b', 'c', 'd'].flatMap((client, index) =>
      visit(client, `mail-10${index}`, index < 2),
    )
    expect(liveOf(exchanges)).toMatchObject({
      view_inbox: { mail_id: { json: '$.next', optional: true } },
    })
  })
  it('does not look across sessions, which are half an hour apart', () => {
    const [made, used] = session('a', [
      exchange('POST /carts', json({ id: 'cart-90210' })),
      exchange('GET /carts/cart-90210'),
    ])
    expect(made && used && liveOf([made, { ...used, timeMs: 31 * 60_000 }])).toEqual({})
  })
})
