import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { serve } from './serving.ts'

describe('POST /generations', () => {
  it('refuses an address that no configured target has', async () => {
    const { send, outrider } = await serve()
    const body = { profile_id: 'u1', duration: 60, concurrency: 10 }
    for (const url of ['http://127.0.0.1:9003', 'http://169.254.169.254/', 'file:///etc', 'x']) {
      const response = await send('POST', '/generations', { ...body, target_url: url })
      expect(await response.json()).toMatchObject({
        status: 400,
        code: 'unknown-target',
        pointer: '/target_url',
      })
    }
    expect(outrider.generations).toEqual([])
  })

  it('refuses profile_id and criteria together', async () => {
    const { send } = await serve()
    const body = { profile_id: 'u1', criteria: {}, duration: 1, concurrency: 1 }
    const response = await send('POST', '/generations', {
      ...body,
      target_url: 'http://127.0.0.1:9002',
    })
    expect(await response.json()).toMatchObject({ status: 400, pointer: '/profile_id' })
  })

  it('starts with the words of the contract and reports progress', async () => {
    const { send, get, outrider } = await serve()
    const response = await send('POST', '/generations', {
      profile_id: 'u1',
      duration: 60,
      concurrency: 10,
      target_url: 'http://127.0.0.1:9002/',
    })
    expect([response.status, await response.json()]).toEqual([202, { id: 'g1' }])
    expect(outrider.generations).toEqual([
      {
        target: { kind: 'configured', url: 'http://127.0.0.1:9002' },
        profiles: { kind: 'profile', id: 'u1' },
        durationSeconds: 60,
        concurrency: 10,
      },
    ])
    expect(await (await get('/generations/g1')).json()).toMatchObject({
      status: 'running',
      requests: 600,
      errors: 0,
      byAction: { home: { requests: 600 } },
    })
    expect((await get('/generations/g9')).status).toBe(404)
  })
})

describe('GET /actions', () => {
  it('gives the actions of the ontology', async () => {
    const { get } = await serve()
    const { actions } = await (await get('/actions')).json()
    expect(actions.map((action: { name: string }) => action.name)).toEqual(['home', 'checkout'])
    expect(actions[1]).toMatchObject({ mutates: true, definition: { kind: 'pay' } })
  })
})

describe('GET /readyz', () => {
  it('answers 503 when the database does not', async () => {
    const { get, outrider } = await serve()
    expect(await (await get('/readyz')).json()).toEqual({ status: 'ready' })
    await outrider.close()
    const response = await get('/readyz')
    expect([response.status, response.headers.get('content-type')]).toEqual([
      503,
      'application/problem+json',
    ])
  })
})

describe('GET /openapi.json', () => {
  it('describes each route with the schema that validates', async () => {
    const { get } = await serve()
    const api = await (await get('/openapi.json')).json()
    expect(api.openapi).toBe('3.1.0')
    expect(Object.keys(api.paths).toSorted()).toEqual([
      '/actions',
      '/alerts',
      '/alerts/{id}',
      '/audit',
      '/generations',
      '/generations/{id}',
      '/generations/{id}/stop',
      '/healthz',
      '/investigations',
      '/investigations/{id}',
      '/probes',
      '/probes/{id}',
      '/probes/{id}/events',
      '/probes/{id}/series',
      '/probes/{id}/stop',
      '/profiles',
      '/profiles/{id}',
      '/readyz',
      '/rollouts',
      '/rollouts/{id}',
      '/rollouts/{id}/abort',
      '/rollouts/{id}/events',
      '/rollouts/{id}/finalize',
      '/rollouts/{id}/pause',
      '/rollouts/{id}/promote',
      '/rollouts/{id}/readings',
      '/rollouts/{id}/resume',
      '/rollouts/{id}/series',
      '/session',
      '/targets',
      '/targets/{id}/history',
    ])
    const body = api.paths['/probes'].post.requestBody.content['application/json'].schema
    expect(body).toMatchObject({ additionalProperties: false, required: ['target'] })
    expect(Object.keys(body.properties)).toContain('allowMutations')
    const names = api.paths['/profiles'].get.parameters.map((one: { name: string }) => one.name)
    expect(names).toEqual(expect.arrayContaining(['criteria', 'limit', 'draw', 'geo_location']))
    const started = api.paths['/probes'].post.responses['202'].content['application/json'].schema
    expect(started.required).toEqual(['id'])
    const { security } = api.paths['/rollouts'].post
    expect(security).toEqual([{ token: ['operator'] }, { session: ['operator'] }])
    expect(api.paths['/healthz'].get.security).toEqual([])
  })
})

describe('docs/reference/http.md', () => {
  it('has each route with the role it needs', async () => {
    const { get } = await serve()
    const { paths } = await (await get('/openapi.json')).json()
    const text = readFileSync(new URL('../../docs/reference/http.md', import.meta.url), 'utf8')
    const rows = [...text.matchAll(/^\| `(\w+ \S+)` \| (\S+) \|/gm)].map(
      ([, route, role]) => `${route} ${role}`,
    )
    const routes = Object.entries<Record<string, { security: { token: string[] }[] }>>(paths)
    const expected = routes.flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { security }]) => {
        const role = security[0]?.token[0] ?? '–'
        return `${method.toUpperCase()} ${path.replace('{id}', ':id')} ${role}`
      }),
    )
    expect(rows.toSorted()).toEqual(expected.toSorted())
  })
})

describe('GET /probes/:id', () => {
  it('is a page for a browser and a document for a program', async () => {
    const { get, send } = await serve()
    await send('POST', '/probes', { target: 'shop' })
    const page = await get('/probes/p1', { accept: 'text/html,*/*;q=0.8' })
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ])
    expect((await get('/probes/p9', { accept: 'text/html' })).status).toBe(404)
    const document = await get('/probes/p1')
    expect(document.headers.get('content-type')).toBe('application/json')
    expect(document.headers.get('vary')).toBe('accept')
  })
})

describe('the files of the page', () => {
  it('are not sent again while they are the same', async () => {
    const { get } = await serve()
    const first = await get('/app.css')
    const etag = first.headers.get('etag') ?? ''
    expect((await get('/app.css', { 'if-none-match': etag })).status).toBe(304)
  })

  it('carry no inline script or style, which the policy would refuse', async () => {
    const { get } = await serve()
    for (const path of ['/', '/docs']) {
      const text = await (await get(path)).text()
      expect(text).not.toMatch(/ style=|<style|<script>| on[a-z]+=/)
    }
  })
})
