import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT } from '../../../support/processes.ts'
import { readText } from './reading.ts'

const text = readFileSync(join(PROJECT, 'test/profiles/derive/fixtures/shop.har'), 'utf8')

describe('an HTTP archive', () => {
  it.each([
    ['{', 'is not JSON'],
    ['[]', 'has no log.entries'],
    ['{"log":{"entries":{}}}', 'has no log.entries'],
    ['{"log":{"entries":[]}}', 'has no entry'],
    ['{"log":{"entries":[{},null,{"request":{"url":"x"}}]}}', 'has 3 entries, none of them'],
  ])('%s is refused', async (broken, why) => {
    await expect(readText(broken, { format: 'har' })).rejects.toMatchObject({
      code: 'bad-log',
      message: expect.stringContaining(why),
    })
  })
  it('is one client at the origin of most requests', async () => {
    const { requests, entries, malformed } = await readText(text, { format: 'har' })
    expect([entries, malformed]).toEqual([13, 0])
    expect(requests.filter(({ leftOut }) => leftOut === 'otherOrigins')).toHaveLength(3)
    expect(new Set(requests.map(({ user }) => user))).toEqual(new Set(['browser']))
    expect(requests[0]).toMatchObject({
      method: 'GET',
      target: '/',
      status: 200,
      timeMs: Date.UTC(2026, 2, 1, 9, 0, 0, 250),
      userAgent: expect.stringContaining('Chrome/130'),
    })
    expect(requests.filter(({ isAsset }) => isAsset === true).map(({ target }) => target)).toEqual([
      '/app.css',
      '/logo',
      '/collect',
      'image/png;base64,AAAA',
    ])
  })
  it('takes the origin that is named, and says which there are', async () => {
    const origin = 'https://metrics.third.example'
    const { requests } = await readText(text, { format: 'har', origin })
    const own = requests.filter(({ leftOut }) => leftOut === undefined)
    expect(own.map(({ target }) => target)).toEqual(['/collect', '/config'])
    const unknown = readText(text, { format: 'har', origin: 'https://other.example' })
    await expect(unknown).rejects.toMatchObject({
      code: 'unknown-origin',
      mend: expect.stringContaining('https://shop.example, https://metrics.third.example'),
    })
  })
  it('drops cookies and credentials, and decodes bodies', async () => {
    const { requests } = await readText(text, { format: 'har' })
    expect(JSON.stringify(requests)).not.toMatch(/s3cr3t|top-secret/)
    const bodies = requests.map((request) => request.bodies)
    expect(bodies[6]?.responseBody).toBe('{"id": "p-71f3", "price": 49}')
    expect(bodies[8]?.requestBody).toContain('p-71f3')
    expect(bodies[9]?.requestBody).toBe('card=4111111111111111&name=Anna+Smith')
    expect(bodies[0]?.responseHeaders).toEqual({ 'content-type': 'text/html' })
  })
  it('tells the clients of a proxy apart', async () => {
    const url = 'https://shop.example/'
    const entry = {
      startedDateTime: '2026-03-01T09:00:00Z',
      request: { method: 'GET', url },
      response: { status: 200 },
    }
    const entries = ['192.0.2.1', '192.0.2.2'].map((_clientAddress) => ({
      ...entry,
      _clientAddress,
    }))
    const har = JSON.stringify({ log: { entries } })
    const { requests } = await readText(har, { format: 'har' })
    expect(requests.map(({ user }) => user)).toEqual(['192.0.2.1', '192.0.2.2'])
  })
})
