import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { saveFigures } from '../../../profiles-db/baseline-figures.ts'
import { createRandom } from '../../../src/core/random.ts'
import { serve } from '../../server/serving.ts'
import { faultsOf, isTooWide, launch, noBrowser, openPage, type Watched } from './browser.ts'
import { HOSTILE } from './shop-probe.ts'

const VIEWS = [
  ['light', { colorScheme: 'light' as const }],
  ['dark', { colorScheme: 'dark' as const }],
  ['phone', { viewport: { width: 390, height: 844 }, hasTouch: true }],
] as const

let browser: Browser

async function visit(url: string, options: Parameters<typeof openPage>[2] = {}): Promise<Watched> {
  const watched = await openPage(browser, url, options)
  onTestFinished(() => watched.page.context().close())
  return watched
}

/** Thirty runs of the shop; in the last one search is slow. */
async function serveHistory(): Promise<string> {
  const { url, outrider } = await serve()
  const random = createRandom(1, 'history page')
  for (let run = 1; run <= 30; run += 1) {
    const at = new Date(Date.UTC(2026, 0, run)).toISOString()
    const latency = (action: string, ms: number) =>
      ({
        action,
        metric: 'latency_typical',
        value: ms * Math.exp(0.06 * random.normal()),
        pairs: 900,
      }) as const
    const errors = { action: 'search', metric: 'errors', value: 0.001, pairs: 900 } as const
    saveFigures(outrider.database, { target: 'shop', run: `p${run}`, at }, [
      latency('search', run === 30 ? 31 : 20),
      latency('checkout', 45),
      latency(HOSTILE, 12),
      errors,
    ])
  }
  const at = '2025-01-01T00:00:00Z'
  const few = { action: '/', metric: 'errors', value: 0, pairs: 60 } as const
  saveFigures(outrider.database, { target: 'http://10.0.0.5:8080/', run: 'p0', at }, [few])
  return url
}

describe.skipIf(noBrowser !== undefined)(`baselines page ${noBrowser ?? ''}`, () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
  })

  it('says where there is no history yet', async () => {
    const { url } = await serve()
    const { page, complaints } = await visit(`${url}/history`)
    await page.getByText('No baseline was measured yet').waitFor()
    await page.goto(`${url}/history?target=shop`)
    await page.getByText('The baseline of shop was not measured yet').waitFor()
    expect(complaints).toEqual([])
  })

  it('puts what left its history first, with figure, limits and table', async () => {
    const url = await serveHistory()
    const { page, complaints } = await visit(`${url}/history?target=shop`)
    await page.getByText('The baseline of shop left its history: search').waitFor()
    const titles = await page.locator('#charts h2').allTextContents()
    expect(titles).toHaveLength(4)
    expect(titles[0]?.trim()).toBe('Search, typical latency')
    const first = page.locator('#charts section').first()
    expect(await first.locator('header .mut').textContent()).toMatch(
      /^3\d(\.\d)?\s?ms, but usually 1\d/,
    )
    await first.getByText('Show as table').click()
    const row = first.locator('tbody tr').first()
    expect(await row.locator('th').textContent()).toBe('p30')
    expect(await first.locator('tbody tr').count()).toBe(30)
    expect(complaints).toEqual([])
  })

  it('leads to the other targets, and from the overview here', async () => {
    const url = await serveHistory()
    const { page } = await visit(url)
    await page.getByRole('link', { name: 'Baselines' }).click()
    await page.getByRole('link', { name: 'http://10.0.0.5:8080/' }).click()
    await page.locator('#charts').getByText('limits from the ninth run on').waitFor()
  })

  it.each(VIEWS)('has no fault of accessibility and fits its window: %s', async (_, options) => {
    const url = await serveHistory()
    const { page, complaints } = await visit(`${url}/history?target=shop`, options)
    await page.locator('#charts section').nth(3).waitFor()
    expect(await faultsOf(page)).toEqual([])
    expect(await isTooWide(page)).toBe(false)
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await isTooWide(page)).toBe(false)
    expect(complaints).toEqual([])
  })
})
