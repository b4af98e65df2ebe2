import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { serve, type Serving } from '../../server/serving.ts'
import { faultsOf, isTooWide, launch, noBrowser, openPage, type Watched } from './browser.ts'
import {
  HOSTILE,
  loadProgress,
  quietProgress,
  shopPlan,
  shopReport,
  shopSeries,
} from './shop-probe.ts'

let browser: Browser

function isoNow(): string {
  return new Date().toISOString()
}

async function serveShop(): Promise<Serving> {
  return await serve({ plan: shopPlan(), series: shopSeries, now: isoNow })
}

async function startShop(serving: Serving): Promise<void> {
  await serving.send('POST', '/probes', { target: 'shop', name: 'shop 1.4.2' })
  const [probe] = serving.outrider.started
  probe?.log.add({ kind: 'state', phase: 'warm-up', message: 'begins' })
  probe?.log.add({ kind: 'state', phase: 'quiet', message: 'begins' })
  probe?.log.add({ kind: 'block', progress: quietProgress() })
}

async function visit(url: string, options: Parameters<typeof openPage>[2] = {}): Promise<Watched> {
  const watched = await openPage(browser, url, options)
  onTestFinished(() => watched.page.context().close())
  return watched
}

/** The words of each row of the forest, cell by cell. */
async function forestRows(page: Page): Promise<string[][]> {
  return await page
    .locator('#forest tbody tr:not(.grp)')
    .evaluateAll((rows) =>
      rows.map((row) => [...row.children].map((cell) => cell.textContent.trim())),
    )
}

describe.skipIf(noBrowser !== undefined)(`probe page ${noBrowser ?? ''}`, () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
  })

  it('says that there is no such probe', async () => {
    const serving = await serveShop()
    const { page } = await visit(`${serving.url}/probes/p9`)
    await page.getByText('No probe p9.').waitFor()
    expect(await page.locator('#content').isVisible()).toBe(false)
  })

  it('follows a probe from the quiet phase to the report', async () => {
    const serving = await serveShop()
    await startShop(serving)
    const { page, complaints } = await visit(`${serving.url}/probes/p1`)
    const sentence = page.getByRole('status')
    await sentence.getByText('Nothing found so far: 2 of 5 actions proven').waitFor()
    expect(await page.title()).toBe('Probing · shop 1.4.2 · Outrider')

    const [probe] = serving.outrider.started
    probe?.log.add({ kind: 'state', phase: 'load', message: 'begins' })
    probe?.log.add({ kind: 'block', progress: loadProgress() })
    await sentence.getByText('checkout is 1.31× slower (1.22–1.41)').waitFor()
    const rows = await forestRows(page)
    expect(rows.map((row) => [row[0], row[1]])).toEqual([
      ['Regressed', 'checkoutcause'],
      ['Victim', 'cart_add'],
      ['Inconclusive', 'login'],
      ['Healthy', 'search'],
      ['Healthy', 'home'],
      ['Inconclusive', HOSTILE],
      ['No data', 'export'],
      ['Inconclusive', 'whole service'],
    ])
    expect(rows[0]?.[3]).toBe('1.31× (1.22–1.41)')
    expect(await page.locator('#live-word').textContent()).toBe('Live')

    probe?.end(shopReport('p1'))
    await page.getByText('decided after 14 s').waitFor()
    await page.locator('#report').waitFor()
    expect(await page.locator('#live-word').textContent()).toBe('Ended')
    expect(await page.locator('#stop').isVisible()).toBe(false)
    expect(await page.locator('#finding-list li').count()).toBe(2)
    const saved = page.waitForEvent('download')
    await page.getByText('as JSON').click()
    const file = await (await saved).path()
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(shopReport('p1'))
    expect(complaints).toEqual([])
  })

  it('shows hostile text as text', async () => {
    const serving = await serveShop()
    await startShop(serving)
    serving.outrider.started[0]?.end(shopReport('p1'))
    const { page, complaints } = await visit(`${serving.url}/probes/p1`)
    await page.locator('#reasons').waitFor()
    expect(await page.locator('#reason-list').textContent()).toContain(HOSTILE)
    expect(await page.locator('main img, main b img').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('moves through the actions by keyboard and keeps the choice in the address', async () => {
    const serving = await serveShop()
    await startShop(serving)
    const { page } = await visit(`${serving.url}/probes/p1#action=login`)
    const chosen = page.locator('#forest button[aria-pressed=true]')
    await chosen.getByText('login').waitFor()
    await page.getByText('Evidence for login').waitFor()
    await chosen.focus()
    await page.keyboard.press('ArrowDown')
    await chosen.getByText('search').waitFor()
    await page.getByText('Latency of search').waitFor()
    expect(page.url()).toContain('#action=search')
  })

  it('asks before it stops the probe, and sends the reason', async () => {
    const serving = await serveShop()
    await startShop(serving)
    const { page } = await visit(`${serving.url}/probes/p1`)
    await page.getByRole('button', { name: 'Stop and report…' }).click()
    await page.getByRole('button', { name: 'Keep it running' }).click()
    expect(serving.outrider.started[0]?.wasStopped()).toBe(false)
    await page.getByRole('button', { name: 'Stop and report…' }).click()
    await page.getByLabel('Reason, for the log').fill('wrong image')
    await page.getByRole('button', { name: 'Stop and report', exact: true }).click()
    await page.getByText('waiting for the report').waitFor()
    expect(serving.outrider.started[0]?.wasStopped()).toBe(true)
    expect((await (await serving.get('/probes/p1')).json()).stop.reason).toBe('wrong image')
  })

  it('says since when it is not live when the server goes', async () => {
    const serving = await serveShop()
    await startShop(serving)
    const { page } = await visit(`${serving.url}/probes/p1`)
    await page.getByText('Live', { exact: true }).waitFor()
    await serving.close()
    await page.getByText(/Not live since \d\d:\d\d:\d\d/).waitFor()
    expect(await page.getByRole('status').textContent()).toContain('Nothing found so far')
  })

  it.each([
    ['light', { colorScheme: 'light' as const }],
    ['dark', { colorScheme: 'dark' as const }],
    ['phone', { viewport: { width: 390, height: 844 }, hasTouch: true }],
  ])('has no fault of accessibility and does not overflow: %s', async (_, options) => {
    const serving = await serveShop()
    await startShop(serving)
    serving.outrider.started[0]?.log.add({ kind: 'block', progress: loadProgress() })
    const { page, complaints } = await visit(`${serving.url}/probes/p1`, options)
    await page.getByText('Evidence for checkout').waitFor()
    expect(await faultsOf(page)).toEqual([])
    expect(await isTooWide(page)).toBe(false)
    const surface = await page.evaluate('getComputedStyle(document.body).backgroundColor')
    expect(surface).toBe(
      'colorScheme' in options && options.colorScheme === 'dark'
        ? 'rgb(18, 20, 24)'
        : 'rgb(250, 250, 248)',
    )
    expect(complaints).toEqual([])
  })
})

describe.skipIf(noBrowser !== undefined)(`overview page ${noBrowser ?? ''}`, () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
  })

  it('offers three starts while nothing was probed', async () => {
    const serving = await serveShop()
    const { page, complaints } = await visit(serving.url)
    await page.getByText('Nothing has been probed yet.').waitFor()
    expect(await page.locator('.cmd code').allTextContents()).toEqual([
      'outrider demo',
      'outrider probe --baseline A --canary B',
      'outrider router check edge',
    ])
    expect(await faultsOf(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  it('lists what runs and what ended, and leads to its page', async () => {
    const serving = await serveShop()
    await startShop(serving)
    serving.outrider.started[0]?.end(shopReport('p1'))
    await serving.send('POST', '/probes', { target: 'shop', name: 'pay 3.0.1' })
    serving.outrider.started[1]?.log.add({ kind: 'block', progress: quietProgress() })
    const { page, complaints } = await visit(serving.url)
    await page.getByRole('status').getByText('1 running, nothing found').waitFor()
    const running = await page.locator('#running-rows').textContent()
    expect(running).toContain('pay 3.0.1')
    expect(running).toContain('1:50')
    expect(await page.locator('#ended-rows').textContent()).toContain('checkout is 1.31× slower')
    expect(await faultsOf(page)).toEqual([])
    await page.locator('#ended-rows a').click()
    await page.getByText('decided after 14 s').waitFor()
    expect(complaints).toEqual([])
  })

  it('shows the API for people', async () => {
    const serving = await serveShop()
    const { page, complaints } = await visit(`${serving.url}/docs`)
    await page.getByText('POST /probes/{id}/stop').waitFor()
    expect(await faultsOf(page)).toEqual([])
    expect(complaints).toEqual([])
  })
})
