import { describe, expect, it } from 'vitest'
import { exampleProfile, type Profile } from '../../src/core/contract/profile.ts'
import { serve, type Answer, type Serving } from './serving.ts'

function profile(id: string, changes: Partial<Profile> = {}): Profile {
  return { ...exampleProfile, user_id: id, ...changes }
}

async function idsOf(response: Answer): Promise<string[]> {
  const page = await response.json()
  return page.profiles.map((found: Profile) => found.user_id).toSorted()
}

async function serveThree(): Promise<Serving> {
  const serving = await serve()
  serving.outrider.profiles.insert([
    profile('a'),
    profile('b', { device_type: 'desktop', geo_location: 'DE' }),
    profile('c', { labels: ['high_activity'], geo_location: 'US' }),
  ])
  return serving
}

describe('GET /profiles', () => {
  it('names an unknown criterion with pointer and mend, as a problem document', async () => {
    const { get } = await serve()
    const criteria = encodeURIComponent('{"devise_type":"mobile"}')
    const response = await get(`/profiles?criteria=${criteria}`)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toEqual({
      type: '/errors/unknown-criterion',
      title: 'Unknown criterion',
      status: 400,
      code: 'unknown-criterion',
      pointer: '/criteria/devise_type',
      detail: expect.stringContaining('devise_type'),
      mend: 'did you mean "device_type"?',
    })
  })

  it('refuses a limit out of range, a parameter twice, and a seed without a draw', async () => {
    const { get } = await serve()
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=1&limit=2', 'seed=3']) {
      const response = await get(`/profiles?${query}`)
      expect([query, response.status]).toEqual([query, 400])
      expect((await response.json()).code).toBe('bad-query')
    }
  })

  it('takes criteria as JSON and as plain parameters alike', async () => {
    const { get } = await serveThree()
    const json = encodeURIComponent('{"geo_location":"US","device_type":["mobile","tv"]}')
    expect(await idsOf(await get(`/profiles?criteria=${json}`))).toEqual(['a', 'c'])
    expect(await idsOf(await get('/profiles?geo_location=US&device_type=mobile'))).toEqual([
      'a',
      'c',
    ])
    expect(await idsOf(await get('/profiles?behavioral_pattern=high_activity'))).toEqual(['c'])
    expect(await idsOf(await get('/profiles?action=nothing'))).toEqual([])
  })

  it('pages by cursor until all were seen once', async () => {
    const { get } = await serveThree()
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const from = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const page = await (await get(`/profiles?limit=1${from}`)).json()
      seen.push(...page.profiles.map((found: Profile) => found.user_id))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(seen.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('draws the same profiles for the same seed', async () => {
    const { get } = await serveThree()
    const first = await (await get('/profiles?draw=2&seed=7')).json()
    const second = await (await get('/profiles?draw=2&seed=7')).json()
    expect(first.profiles).toHaveLength(2)
    expect(second).toEqual(first)
  })

  it('streams all as NDJSON when asked', async () => {
    const serving = await serve()
    const many = Array.from({ length: 1500 }, (_, index) => profile(`u${index}`))
    serving.outrider.profiles.insert(many)
    const response = await serving.get('/profiles', { accept: 'application/x-ndjson' })
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    const lines = (await response.text()).trimEnd().split('\n')
    expect(new Set(lines.map((line) => JSON.parse(line).user_id)).size).toBe(1500)
  })
})

describe('POST /profiles', () => {
  it('inserts nothing when one line is wrong, and names the line', async () => {
    const { send, outrider } = await serve()
    const body = `${JSON.stringify(profile('a'))}\n{"user_id":"b"}\n`
    const headers = { 'content-type': 'application/x-ndjson' }
    const response = await send('POST', '/profiles', body, headers)
    expect(response.status).toBe(400)
    const problem = await response.json()
    expect(problem.where).toContain(':2')
    expect(problem.detail).toContain('behavioral_patterns')
    expect(outrider.profiles.count({})).toBe(0)
  })

  it('points at the field in an array', async () => {
    const { send } = await serve()
    const wrong = { ...profile('b'), device_type: 'mobil' }
    const response = await send('POST', '/profiles', [profile('a'), wrong])
    expect(await response.json()).toMatchObject({
      status: 400,
      pointer: '/1/device_type',
      mend: 'did you mean "mobile"?',
    })
  })

  it('answers 409 for a user_id that is there, and keeps the batch out', async () => {
    const { send, outrider } = await serve()
    outrider.profiles.insert([profile('a')])
    const response = await send('POST', '/profiles', [profile('z'), profile('a')])
    expect(response.status).toBe(409)
    expect((await response.json()).code).toBe('duplicate-profile')
    expect(outrider.profiles.count({})).toBe(1)
  })

  it('takes one, an array, or NDJSON', async () => {
    const { send, outrider } = await serve()
    const one = await send('POST', '/profiles', profile('a'))
    expect([one.status, await one.json()]).toEqual([201, { inserted: 1 }])
    const array = await send('POST', '/profiles', [profile('b'), profile('c')])
    expect(await array.json()).toEqual({ inserted: 2 })
    const lines = `${JSON.stringify(profile('d'))}\n\n${JSON.stringify(profile('e'))}`
    const headers = { 'content-type': 'application/x-ndjson' }
    expect(await (await send('POST', '/profiles', lines, headers)).json()).toEqual({ inserted: 2 })
    expect(outrider.profiles.count({})).toBe(5)
  })
})

describe('/profiles/:id', () => {
  it('answers 404 for a profile that is not there', async () => {
    const { get, send } = await serve()
    expect((await get('/profiles/nobody')).status).toBe(404)
    expect((await send('DELETE', '/profiles/nobody', {})).status).toBe(404)
  })

  it('refuses a body whose user_id is another', async () => {
    const { send } = await serve()
    const response = await send('PUT', '/profiles/a', profile('b'))
    expect(await response.json()).toMatchObject({ status: 400, pointer: '/user_id' })
  })

  it('writes, reads and deletes one, whatever its name', async () => {
    const { get, send } = await serve()
    const id = 'a/b é?%'
    const path = `/profiles/${encodeURIComponent(id)}`
    expect((await send('PUT', path, profile(id))).status).toBe(200)
    expect((await (await get(path)).json()).user_id).toBe(id)
    expect((await send('DELETE', path, {})).status).toBe(204)
    expect((await get(path)).status).toBe(404)
  })
})
