import { describe, expect, it } from 'vitest'
import { saveFigures } from '../../profiles-db/baseline-figures.ts'
import { serve, type Serving } from './serving.ts'

const ADDRESS = 'http://10.0.0.5:8080/'

async function serveWithRuns(): Promise<Serving> {
  const serving = await serve()
  for (let run = 1; run <= 10; run += 1) {
    const at = `2026-01-${String(run).padStart(2, '0')}T00:00:00Z`
    const value = run === 10 ? 40 : 20 + (run % 2)
    const search = { action: 'search', metric: 'latency_typical', value, pairs: 500 } as const
    const errors = { action: 'search', metric: 'errors', value: 0, pairs: 500 } as const
    saveFigures(serving.outrider.database, { target: 'shop', run: `p${run}`, at }, [search, errors])
  }
  const other = { action: '/', metric: 'errors', value: 0, pairs: 60 } as const
  const at = '2026-02-01T00:00:00Z'
  saveFigures(serving.outrider.database, { target: ADDRESS, run: 'p11', at }, [other])
  return serving
}

describe('GET /targets/:id/history', () => {
  it('answers 404 for a target nobody knows, and 400 for a metric that is none', async () => {
    const { get } = await serveWithRuns()
    const response = await get('/targets/shopp/history')
    expect([response.status, (await response.json()).code]).toEqual([404, 'unknown-target'])
    expect((await get('/targets/shop/history?metric=speed')).status).toBe(400)
    expect((await get('/targets/shop/history?runs=0')).status).toBe(400)
  })

  it('gives a chart for each action and metric, with limits from the ninth run on', async () => {
    const { get } = await serveWithRuns()
    const history = await (await get('/targets/shop/history')).json()
    expect(history).toMatchObject({ target: 'shop', leftOut: 0 })
    const [errors, latency] = history.charts
    expect(errors).toMatchObject({ action: 'search', metric: 'errors' })
    expect(latency.points).toHaveLength(10)
    expect(latency.points[7]).not.toHaveProperty('low')
    expect(latency.points[9]).toMatchObject({ run: 'p10', value: 40, outside: 'both' })
    expect(latency.points[9].high).toBeLessThan(30)
    const two = await (await get('/targets/shop/history?metric=errors&runs=2')).json()
    expect(two.charts).toHaveLength(1)
    expect(two.charts[0].points).toHaveLength(2)
  })

  it('is empty for a configured target that never ran', async () => {
    const { get } = await serve()
    expect(await (await get('/targets/shop/history')).json()).toEqual({
      target: 'shop',
      charts: [],
      leftOut: 0,
    })
  })

  it('knows addresses without a name too, the last measured first', async () => {
    const { get } = await serveWithRuns()
    const { targets } = await (await get('/targets')).json()
    expect(targets.map(({ name }: { name: string }) => name)).toEqual([ADDRESS, 'shop'])
    const history = await get(`/targets/${encodeURIComponent(ADDRESS)}/history`)
    expect((await history.json()).charts[0]).toMatchObject({ action: '/', metric: 'errors' })
  })
})

describe('GET /history', () => {
  it('is a page', async () => {
    const { get } = await serve()
    const page = await get('/history', { accept: 'text/html' })
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ])
    expect((await get('/history.html')).status).toBe(404)
  })
})
