import { describe, expect, it } from 'vitest'
import { bearer, serve, TOKENS, type Answer, type Serving } from '../serving.ts'

function signIn({ send }: Serving, token: string): Promise<Answer> {
  return send('POST', '/session', { token })
}

/** The cookie of a sign-in, as the browser sends it back. */
async function cookieOf(serving: Serving, role: string): Promise<{ cookie: string }> {
  const response = await signIn(serving, `${role}-${role}`)
  expect(response.status).toBe(200)
  return { cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '' }
}

describe('POST /session', () => {
  it('refuses a wrong token, another body and a foreign page', async () => {
    const serving = await serve({ tokens: TOKENS })
    const wrong = await signIn(serving, 'guess')
    expect([wrong.status, (await wrong.json()).code]).toEqual([401, 'wrong-token'])
    expect(wrong.headers.get('set-cookie')).toBeNull()
    const { send } = serving
    for (const body of [{}, { token: '' }, { token: 7 }, { token: 'x', name: 'y' }]) {
      expect((await send('POST', '/session', body)).status).toBe(400)
    }
    const origin = { origin: 'http://evil.test' }
    const foreign = await send('POST', '/session', { token: 'admin-admin' }, origin)
    expect(foreign.status).toBe(403)
  })

  it('says that nothing is needed where there are no tokens', async () => {
    const response = await signIn(await serve(), 'x')
    expect([response.status, (await response.json()).code]).toEqual([400, 'no-tokens'])
  })

  it('sets a cookie that no script can read and no other site can send', async () => {
    const serving = await serve({ tokens: TOKENS })
    const response = await signIn(serving, 'operator-operator')
    expect(await response.json()).toEqual({ name: 'the-operator', role: 'operator' })
    const cookie = response.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(
      /^outrider_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    )
    expect(cookie).not.toContain('operator')
  })

  it('gives another number each time, and ends the one before', async () => {
    const serving = await serve({ tokens: TOKENS })
    const first = await cookieOf(serving, 'viewer')
    const again = await serving.send('POST', '/session', { token: 'admin-admin' }, first)
    const second = { cookie: (again.headers.get('set-cookie') ?? '').split(';')[0] ?? '' }
    expect(second).not.toEqual(first)
    expect((await serving.get('/session', first)).status).toBe(401)
    expect(await (await serving.get('/session', second)).json()).toMatchObject({ role: 'admin' })
  })

  it('is not repeated for an idempotency key: each sign-in has its own cookie', async () => {
    const { send } = await serve({ tokens: TOKENS })
    const key = { 'idempotency-key': 'k' }
    const ask = (): Promise<Answer> => send('POST', '/session', { token: 'admin-admin' }, key)
    const cookies = [await ask(), await ask()].map((answer) => answer.headers.get('set-cookie'))
    expect(cookies[0]).not.toBe(cookies[1])
  })

  it('refuses further tries after ten wrong ones in a minute', async () => {
    let nowMs = 0
    const clock = { nowMs: () => nowMs, wallMs: () => nowMs }
    const serving = await serve({ tokens: TOKENS }, { clock })
    const statuses = []
    for (let count = 0; count < 12; count += 1) {
      statuses.push((await signIn(serving, `guess-${count}`)).status)
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
    nowMs = 12_000
    const right = await signIn(serving, 'admin-admin')
    expect([right.status, right.headers.get('retry-after')]).toEqual([429, '48'])
    expect((await serving.get('/rollouts', bearer('admin'))).status).toBe(429)
    nowMs = 60_000
    expect((await signIn(serving, 'admin-admin')).status).toBe(200)
  })

  it('locks out neither who is signed in nor a program whose token has worked', async () => {
    const clock = { nowMs: () => 0, wallMs: () => 0 }
    const serving = await serve({ tokens: TOKENS }, { clock })
    const cookie = await cookieOf(serving, 'viewer')
    expect((await serving.get('/rollouts', bearer('operator'))).status).toBe(200)
    for (let count = 0; count < 11; count += 1) await signIn(serving, 'guess')
    expect((await serving.get('/rollouts', bearer('operator'))).status).toBe(200)
    expect((await serving.get('/rollouts', cookie)).status).toBe(200)
    expect((await serving.get('/rollouts', bearer('admin'))).status).toBe(429)
    expect((await serving.get('/healthz')).status).toBe(200)
  })
})

describe('the cookie of a session', () => {
  it('opens what its role opens, event streams too', async () => {
    const serving = await serve({ tokens: TOKENS })
    const { get, send, outrider } = serving
    outrider.rollouts.show({ id: 'r1' })
    const viewer = await cookieOf(serving, 'viewer')
    const operator = await cookieOf(serving, 'operator')
    const stream = await get('/rollouts/r1/events', viewer)
    expect(stream.status).toBe(200)
    await stream.body?.cancel()
    expect((await send('POST', '/rollouts/r1/pause', {}, viewer)).status).toBe(403)
    expect((await send('POST', '/rollouts/r1/pause', {}, operator)).status).toBe(202)
    expect(outrider.rollouts.told[0]).toMatchObject({ by: 'the-operator' })
    const page = await get('/rollouts/r9', { accept: 'text/html', ...viewer })
    expect(page.status).toBe(404)
  })

  it('is worth nothing after 12 hours, after a sign-out, or if it was made up', async () => {
    let nowMs = 0
    const clock = { nowMs: () => nowMs, wallMs: () => nowMs }
    const serving = await serve({ tokens: TOKENS }, { clock })
    const { get, send } = serving
    const one = await cookieOf(serving, 'admin')
    const other = await cookieOf(serving, 'admin')
    nowMs = 12 * 3600 * 1000 - 1
    expect((await get('/session', one)).status).toBe(200)
    const out = await send('DELETE', '/session', {}, one)
    expect(out.status).toBe(204)
    expect(out.headers.get('set-cookie')).toMatch(/^outrider_session=; Path=\/; Max-Age=0; /)
    expect((await get('/session', one)).status).toBe(401)
    expect((await get('/session', other)).status).toBe(200)
    nowMs += 1
    expect((await get('/session', other)).status).toBe(401)
    const made = { cookie: `outrider_session=${'A'.repeat(43)}` }
    expect((await get('/session', made)).status).toBe(401)
    expect((await send('DELETE', '/session', {}, made)).status).toBe(204)
  })

  it('a wrong token beside it is not helped by it', async () => {
    const serving = await serve({ tokens: TOKENS })
    const cookie = await cookieOf(serving, 'admin')
    const headers = { ...cookie, authorization: 'Bearer guess' }
    expect((await serving.get('/rollouts', headers)).status).toBe(401)
  })
})
