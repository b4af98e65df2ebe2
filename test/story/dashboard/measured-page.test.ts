import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { serve } from '../../server/serving.ts'
import { faultsOf, isTooWide, launch, noBrowser, openPage, type Watched } from './browser.ts'
import { measuredPlan, measuredReport, measuredSeries } from './measured-probe.ts'
import { HOSTILE, shopReport } from './shop-probe.ts'

const VIEWS = [
  ['light', { colorScheme: 'light' as const }],
  ['dark', { colorScheme: 'dark' as const }],
  ['phone', { viewport: { width: 390, height: 844 }, hasTouch: true }],
] as const

let browser: Browser

async function visit(
  report = measuredReport('p1'),
  options: Parameters<typeof openPage>[2] = {},
): Promise<Watched> {
  const serving = await serve({
    plan: measuredPlan(),
    series: measuredSeries,
    now: () => new Date().toISOString(),
  })
  await serving.send('POST', '/probes', { target: 'shop', name: 'shop 1.4.2' })
  serving.outrider.started[0]?.end(report)
  const watched = await openPage(browser, `${serving.url}/probes/p1`, options)
  onTestFinished(() => watched.page.context().close())
  await watched.page.locator('#report').waitFor()
  return watched
}

function pressed(page: Page, group: string): Promise<string[]> {
  return page.locator(`${group} button[aria-pressed=true]:visible`).allTextContents()
}

describe.skipIf(noBrowser !== undefined)(`measures on the probe page ${noBrowser ?? ''}`, () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
  })

  it('blames the metric that is guilty, and only that one', async () => {
    const { page, complaints } = await visit()
    const cart = page.locator('#forest tr', { hasText: 'cart_add' })
    expect(await cart.locator('td.c-n').textContent()).toBe('+41.0\u202fpp (35.0–47.0)')
    expect(await cart.locator('.ci.bad').count()).toBe(1)
    expect(await cart.locator('td.hit').getAttribute('title')).toBe(
      'Responses: +41.0\u202fpp (35.0–47.0), margin 0.1\u202fpp',
    )
    const tail = page.locator('#forest tr', { hasText: 'search' }).locator('td.c-s').first()
    expect(await tail.getAttribute('title')).toContain(
      '+3.1\u202fpp (1.0–5.2) more answers above the baseline’s p95',
    )
    expect(complaints).toEqual([])
  })

  it('offers what the selected row measures, and begins with the guilty metric', async () => {
    const { page } = await visit()
    await page.getByText('Evidence for cart_add').waitFor()
    expect(await pressed(page, '#metrics')).toEqual(['responses'])
    expect(await page.locator('#metrics button:visible').count()).toBe(4)
    expect(await page.locator('#measured').textContent()).toContain('Responses: ')
    await page.getByRole('button', { name: 'CPU per request' }).click()
    await page.getByText('Evidence for whole service').waitFor()
    expect(await pressed(page, '#metrics')).toEqual(['CPU'])
    expect(await page.locator('#metrics button:visible').count()).toBe(6)
    expect(await pressed(page, '#forest')).toEqual(['CPU per request'])
    await page.getByRole('button', { name: 'whole service' }).click()
    expect(await pressed(page, '#forest')).toEqual(['whole service'])
    expect(await pressed(page, '#metrics')).toEqual(['typical latency'])
  })

  it('shows CPU and memory below the whole service', async () => {
    const { page } = await visit()
    const rows = await page
      .locator('#forest tr.sub')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].slice(0, 4).map((cell) => cell.textContent.trim())),
      )
    expect(rows).toEqual([
      ['Regressed', 'CPU per request', '', '1.31× (1.24–1.38)'],
      ['Healthy', 'memory', '', '1.05× (0.99–1.12)'],
    ])
  })

  it('says of a finding its fields, whom and until when, victims last', async () => {
    const { page, complaints } = await visit()
    const items = page.locator('#finding-list > li')
    const words = await items.allTextContents()
    expect(words[1]).toContain('whole service: CPU 1.31× (1.24–1.38), since second 3')
    expect(words[0]).toContain('cause, only on mobile (the rest is proven well), since second 3')
    expect(words[2]).toContain('victim of cart_add, from 12\u202fs to 31\u202fs, gone again')
    const fields = await page.locator('#finding-list .fields li').allTextContents()
    expect(fields).toEqual([
      '$.price 9.5 → 0 in 41.0\u202f% of pairs, control 0\u202f%',
      `$['${HOSTILE}⟨U+202E⟩'] "${HOSTILE}" → ␛[31m in 12.0\u202f% of pairs, control 2.0\u202f%`,
      '$.total in 10.0\u202f% of pairs, control 0\u202f%',
      '1 more field',
    ])
    expect(await page.locator('main img').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('tells mix, cost and how far the run can be trusted', async () => {
    const { page } = await visit()
    const mix = await page.locator('#mix tbody tr').allTextContents()
    expect(mix[0]).toBe('search40.0\u202f%36.9\u202f%4.10\u202fms (3.60–4.70)')
    expect(mix[1]).toContain('not told apart')
    expect(await page.locator('#used tbody').textContent()).toContain('3.14\u202fms81\u202fMB')
    expect(await page.locator('#drift-table tbody').textContent()).toContain(
      'search, typical latency31.0\u202fms16.1\u202fms to 24.9\u202fms',
    )
    expect(await page.locator('#equal-line').textContent()).toBe(
      '--margin latency_typical=4%,latency_tail=11%,cpu=3%',
    )
    expect(await page.locator('#self-test-list li').allTextContents()).toEqual([
      'search, typical latency +20\u202f% would have been found after 14\u202fs · and the action named',
      'home, errors +2\u202fpp would not have been found in this run',
    ])
  })

  it('is quiet about what was not measured', async () => {
    const { page } = await visit(shopReport('p1'))
    for (const id of ['mix-card', 'drifts', 'equal', 'self-test']) {
      expect(await page.locator(`#${id}`).isVisible()).toBe(false)
    }
    expect(await page.locator('#forest tr.sub').count()).toBe(0)
  })

  it('shows on a phone the metric that is the finding', async () => {
    const { page } = await visit(undefined, { viewport: { width: 390, height: 844 } })
    expect(await page.locator('#forest td.c-s:visible').count()).toBe(1)
    expect(await page.locator('#forest td.c-s.hit').isVisible()).toBe(true)
  })

  it.each(VIEWS)('has no fault of accessibility and fits its window: %s', async (name, options) => {
    const { page, complaints } = await visit(undefined, options)
    await page.getByText('Evidence for cart_add').waitFor()
    expect(await faultsOf(page)).toEqual([])
    expect(await isTooWide(page)).toBe(false)
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await isTooWide(page)).toBe(false)
    expect(complaints).toEqual([])
  })
})
