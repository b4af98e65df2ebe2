import { hostname, networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { configSchema, type AccessRole } from '../../../src/core/contract/config.ts'
import { bearer, raw, serve, TOKENS, type Serving } from '../serving.ts'

const RANKS: readonly AccessRole[] = ['viewer', 'operator', 'admin']
const JSON_TYPE = { 'content-type': 'application/json' }

interface Route {
  readonly method: string
  readonly path: string
  /** Undefined = open to anyone. */
  readonly needs: AccessRole | undefined
}

/** Every route that /openapi.json describes, with ids that are none. */
async function routesOf({ get }: Serving): Promise<Route[]> {
  const { paths } = await (await get('/openapi.json')).json()
  return Object.entries<Record<string, { security: { token?: [AccessRole] }[] }>>(paths).flatMap(
    ([path, operations]) =>
      Object.entries(operations).map(([method, { security }]) => ({
        method: method.toUpperCase(),
        path: path.replace('{id}', 'x9'),
        needs: security[0]?.token?.[0],
      })),
  )
}

describe('server.tokens', () => {
  it('refuses a name or a hash that stands there twice, and what is no hash', () => {
    const [first] = TOKENS
    const wrong = [
      [first, { ...first, sha256: 'a'.repeat(64) }],
      [first, { ...first, name: 'other' }],
      [{ ...first, sha256: 'viewer' }],
      [{ ...first, role: 'root' }],
      [{ ...first, name: '(nobody)' }],
    ]
    for (const tokens of wrong) {
      expect(configSchema.safeParse({ version: 1, server: { tokens } }).success).toBe(false)
    }
    expect(configSchema.safeParse({ version: 1, server: { tokens: TOKENS } }).success).toBe(true)
  })
})

describe('tokens', () => {
  it('each route but the open ones refuses a stranger, before it reads the body', async () => {
    const serving = await serve({ tokens: TOKENS })
    for (const { method, path, needs } of await routesOf(serving)) {
      if (needs === undefined) continue
      const answer = await raw(serving, method, path, {})
      expect([method, path, answer.status, answer.code]).toEqual([
        method,
        path,
        401,
        'not-signed-in',
      ])
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="outrider"')
    }
  })

  it('each route is open from its role on, and below it names the role', async () => {
    const serving = await serve({ tokens: TOKENS })
    const routes = await routesOf(serving)
    expect(routes.length).toBeGreaterThan(30)
    for (const { method, path, needs } of routes) {
      if (needs === undefined) continue
      for (const role of RANKS) {
        const may = RANKS.indexOf(role) >= RANKS.indexOf(needs)
        const headers = { ...bearer(role), ...(method === 'GET' ? {} : JSON_TYPE) }
        const answer = await raw(serving, method, path, headers, method === 'GET' ? '' : '{}')
        const told = [method, path, role, answer.code === 'role-too-low', answer.status === 403]
        expect(told).toEqual([method, path, role, !may, !may])
        expect(answer.status).not.toBe(401)
      }
    }
  })

  it('a viewer reads only, and nobody but an admin reads the audit log or deletes', async () => {
    const routes = await routesOf(await serve({ tokens: TOKENS }))
    const needing = (role: AccessRole | undefined): string[] =>
      routes.filter(({ needs }) => needs === role).map(({ method, path }) => `${method} ${path}`)
    expect(needing(undefined).toSorted()).toEqual([
      'DELETE /session',
      'GET /healthz',
      'GET /readyz',
      'POST /session',
    ])
    expect(needing('admin').toSorted()).toEqual(['DELETE /profiles/x9', 'GET /audit'])
    expect(needing('viewer').filter((route) => !route.startsWith('GET '))).toEqual([])
    expect(needing('operator').filter((route) => route.startsWith('GET '))).toEqual([])
  })

  it('names the role that is needed', async () => {
    const { send } = await serve({ tokens: TOKENS })
    const response = await send('POST', '/rollouts', {}, bearer('viewer'))
    expect(await response.json()).toMatchObject({
      status: 403,
      code: 'role-too-low',
      detail: 'Cannot POST /rollouts: it needs the role operator, and "the-viewer" is viewer',
    })
  })

  it('are not read from an address, another scheme or a proxy of their name', async () => {
    const { get } = await serve({ tokens: TOKENS })
    expect((await get('/rollouts?token=admin-admin')).status).toBe(401)
    const wrong = [
      'admin-admin',
      'Basic YWRtaW46YWRtaW4tYWRtaW4=',
      'Bearer',
      'Bearer the-admin',
      `Bearer ${TOKENS[2]?.sha256}`,
      'Bearer admin-admin admin-admin',
      `Bearer ${'x'.repeat(501)}`,
    ]
    for (const authorization of wrong) {
      const response = await get('/rollouts', { authorization })
      expect([authorization, response.status]).toEqual([authorization, 401])
      expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
    }
    expect((await get('/rollouts', { authorization: 'bearer admin-admin' })).status).toBe(200)
  })

  it('leave the page and the signs of life open, and hide which rollouts there are', async () => {
    const { get, outrider } = await serve({ tokens: TOKENS })
    outrider.rollouts.show({ id: 'r1' })
    const open = ['/', '/docs', '/app.css', '/icon.svg', '/healthz', '/readyz', '/openapi.json']
    for (const path of open) expect([path, (await get(path)).status]).toEqual([path, 200])
    for (const path of ['/rollouts/r1', '/rollouts/r9', '/probes/p9']) {
      const page = await get(path, { accept: 'text/html' })
      expect([path, page.status]).toEqual([path, 200])
    }
  })

  it('are not asked for where there are none', async () => {
    const { get } = await serve()
    expect((await get('/audit')).status).toBe(200)
    expect((await get('/rollouts', { authorization: 'Bearer stale' })).status).toBe(200)
    expect(await (await get('/session')).json()).toEqual({ name: 'local', role: 'admin' })
  })

  it('name who acts, and keep the keys of one token from another', async () => {
    const { send, outrider } = await serve({ tokens: TOKENS })
    const start = { name: 'a', target: 'shop', router: 'edge' }
    const key = { 'idempotency-key': 'k1' }
    await send('POST', '/rollouts', start, { ...bearer('operator'), ...key })
    await send('POST', '/rollouts', start, { ...bearer('operator'), ...key })
    await send('POST', '/rollouts', start, { ...bearer('admin'), ...key })
    expect(outrider.rollouts.started.map(({ by }) => by)).toEqual(['the-operator', 'the-admin'])
    await send('POST', '/rollouts/r1/pause', { reason: 'lunch' }, bearer('operator'))
    expect(outrider.rollouts.told).toEqual([
      { id: 'r1', act: 'pause', by: 'the-operator', reason: 'lunch' },
    ])
  })
})

describe('a server that others reach', () => {
  const own = Object.values(networkInterfaces())
    .flatMap((cards) => cards ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address

  it('answers for the names and addresses of this machine, and for no other', async () => {
    const serving = await serve({ tokens: TOKENS }, { listen: '0.0.0.0:0' })
    const address = own ?? '127.0.0.1'
    const ask = (host: string): Promise<{ status: number; code: string }> =>
      raw(serving, 'GET', '/rollouts', { host, ...bearer('viewer') }, '', address)
    for (const name of [address, hostname().toUpperCase(), '0.0.0.0', 'localhost']) {
      expect([name, (await ask(`${name}:${serving.port}`)).status]).toEqual([name, 200])
    }
    for (const name of ['evil.test', `${address}.evil.test`, '[2001:db8::1]']) {
      expect([name, (await ask(name)).code]).toEqual([name, 'host-not-allowed'])
    }
  })

  it('takes writes of its own page there, and of no other', async () => {
    const serving = await serve({ tokens: TOKENS }, { listen: '0.0.0.0:0' })
    const address = own ?? '127.0.0.1'
    const host = `${address}:${serving.port}`
    const headers = { ...JSON_TYPE, ...bearer('operator'), host }
    const body = JSON.stringify({ target: 'shop' })
    const write = (origin: string): Promise<{ status: number }> =>
      raw(serving, 'POST', '/probes', { ...headers, origin }, body, address)
    expect((await write(`http://${host}`)).status).toBe(202)
    expect((await write('http://evil.test')).status).toBe(403)
    expect((await write(`http://localhost:${serving.port}`)).status).toBe(403)
  })

  it('on loopback knows no other name, also with tokens', async () => {
    const serving = await serve({ tokens: TOKENS })
    const answer = await raw(serving, 'GET', '/', { host: own ?? 'evil.test' })
    expect(answer.code).toBe('host-not-allowed')
  })
})
