import { describe, expect, it } from 'vitest'
import { exampleAlert, exampleInvestigation } from './example-rollout.ts'
import { serve } from './serving.ts'

describe('GET /alerts', () => {
  it('answers 404 for an alert that is not there', async () => {
    const { get } = await serve()
    const response = await get('/alerts/a9')
    expect([response.status, (await response.json()).code]).toEqual([404, 'unknown-alert'])
    expect((await get('/alerts?state=firing')).status).toBe(400)
  })

  it('gives the list and one', async () => {
    const { get } = await serve()
    expect(await (await get('/alerts')).json()).toEqual({ alerts: [exampleAlert] })
    expect(await (await get('/alerts/a1')).json()).toEqual(exampleAlert)
  })
})

describe('GET /investigations', () => {
  it('answers 404 for an investigation that is not there, also as a page', async () => {
    const { get } = await serve()
    const response = await get('/investigations/i9')
    expect([response.status, (await response.json()).code]).toEqual([404, 'unknown-investigation'])
    expect((await get('/investigations/i9', { accept: 'text/html' })).status).toBe(404)
    expect((await get('/investigations?rollot=r1')).status).toBe(400)
  })

  it('gives those of a rollout or of a run', async () => {
    const { get } = await serve()
    const found = async (query: string): Promise<number> =>
      (await (await get(`/investigations${query}`)).json()).investigations.length
    expect(await found('')).toBe(1)
    expect(await found('?rollout=r1&run=p1')).toBe(1)
    expect(await found('?rollout=r2')).toBe(0)
    expect(await found('?run=p2')).toBe(0)
  })

  it('gives one, as a document and as a page', async () => {
    const { get } = await serve()
    expect(await (await get('/investigations/i1')).json()).toEqual(exampleInvestigation)
    const page = await get('/investigations/i1', { accept: 'text/html' })
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ])
  })
})
