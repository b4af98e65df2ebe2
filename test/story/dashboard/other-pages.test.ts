import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { faultsOf, isTooWide, launch, noBrowser, openPage, type Watched } from './browser.ts'
import { climbingRollout, endedRollouts, firingAlert, movedRollout } from './shop-others.ts'
import { rolloutSeries, shopInvestigation, shopRollout } from './shop-rollout.ts'
import { HOSTILE, quietProgress, shopPlan } from './shop-probe.ts'
import { serveStage, type StagedServer } from './staged-rollouts.ts'

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

/** Four rollouts that run, three that ended, one probe. */
async function serveAll(): Promise<StagedServer> {
  const now = Date.now()
  const serving = await serveStage(
    {
      rollouts: [climbingRollout(now), shopRollout(now), movedRollout(now), ...endedRollouts(now)],
      series: rolloutSeries,
      investigations: [shopInvestigation(now)],
      alerts: [firingAlert(now), { ...firingAlert(now), id: 'a2', key: 'r5/x', rollout: 'r5' }],
    },
    { plan: shopPlan(), now: () => new Date().toISOString() },
  )
  await serving.outrider.startProbe({ target: { kind: 'named', name: 'shop' }, name: 'pay 3.0.1' })
  serving.outrider.started[0]?.log.add({ kind: 'block', progress: quietProgress() })
  return serving
}

describe.skipIf(noBrowser !== undefined)(`overview of rollouts ${noBrowser ?? ''}`, () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
  })

  it('puts what needs a person first and says so in one sentence', async () => {
    const serving = await serveAll()
    const { page, complaints } = await visit(serving.url)
    await page.locator('#running-rows .row').nth(3).waitFor()
    expect(await page.locator('#sentence').textContent()).toBe(
      '2 of 4 need you: checkout is 1.31× slower in shop 1.4.2, and cms 2026.11 was moved by hand',
    )
    expect(await page.title()).toBe('2 need you · Outrider')
    const names = await page.locator('#running-rows .t').allTextContents()
    expect(names).toEqual([
      'shop 1.4.2 on edge',
      'cms 2026.11 on varnish',
      'search-api 88 on gateway',
      'pay 3.0.1 p1',
    ])
    expect(await page.locator('#running-rows .w').first().textContent()).toMatch(/next 0:\d\d/)
    const ended = await page.locator('#ended-rows .state').allTextContents()
    expect(ended).toEqual(['Promoted', 'Rolled back', 'Aborted'])
    expect(complaints).toEqual([])
  })

  it('leads from a firing alert to its investigation, also of an ended rollout', async () => {
    const serving = await serveAll()
    const { page } = await visit(serving.url)
    await page.locator('#alerts li').waitFor()
    const links = page.getByRole('link', { name: 'Open the investigation' })
    expect(await links.count()).toBe(2)
    await links.last().click()
    await page.locator('#sentence').getByText('checkout is 1.31× slower').waitFor()
    expect(page.url()).toContain('/investigations/i1')
  })

  it('says when nothing was found, and when nothing runs', async () => {
    const now = Date.now()
    const calm = await serveStage({ rollouts: [climbingRollout(now)] })
    const { page } = await visit(calm.url)
    await page.getByText('1 running, nothing found', { exact: true }).waitFor()
    const over = await serveStage({ rollouts: endedRollouts(now) })
    await page.goto(over.url)
    await page.getByText('Nothing is running; last, shop 1.4.1: Promoted').waitFor()
  })

  it.each(VIEWS)('has no fault of accessibility and fits its window: %s', async (_, options) => {
    const serving = await serveAll()
    const { page, complaints } = await visit(serving.url, options)
    await page.locator('#running-rows .row').nth(3).waitFor()
    expect(await faultsOf(page)).toEqual([])
    expect(await isTooWide(page)).toBe(false)
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await isTooWide(page)).toBe(false)
    expect(complaints).toEqual([])
  })
})

describe.skipIf(noBrowser !== undefined)(`investigation page ${noBrowser ?? ''}`, () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
  })

  it('says that there is no such investigation', async () => {
    const serving = await serveAll()
    const { page } = await visit(`${serving.url}/investigations/i9`)
    await page.getByText('No investigation i9.').waitFor()
  })

  it('tells what, since when, who, which fields, and how to see it again', async () => {
    const serving = await serveAll()
    const { page, complaints } = await visit(`${serving.url}/investigations/i1`)
    await page.locator('#onset-figure').waitFor()
    expect(await page.locator('#sentence').textContent()).toMatch(
      /^checkout is 1\.31× slower \(1\.22–1\.41\) since \d\d:\d\d:\d\d, mostly mobile$/,
    )
    expect(await page.locator('#second').textContent()).toContain('Role: cause')
    expect(await page.locator('#segments tbody tr:not(.grp) th').allTextContents()).toEqual([
      'mobile',
      'tablet',
      'desktop',
      'cart_add',
      'cart_view',
      HOSTILE,
    ])
    expect(await page.locator('#segments-note').textContent()).toContain(
      'Found on the same data: a lead, not a proof',
    )
    expect(await page.locator('#fields tbody tr').first().textContent()).toContain('$.price4.1')
    expect(await page.locator('#curl').textContent()).toContain('$OUTRIDER_SECRET_SHOP')
    await page.locator('#where').getByText('shop 1.4.2').click()
    await page.locator('#history li').first().waitFor()
    expect(complaints).toEqual([])
  })

  it('keeps what a target said as text, with its control characters shown', async () => {
    const serving = await serveAll()
    const { page, complaints } = await visit(`${serving.url}/investigations/i1`)
    await page.locator('#pair .lines').first().waitFor()
    const body = (await page.locator('#pair').textContent()) ?? ''
    expect(body).toContain(HOSTILE)
    expect(body).toContain('⟨U+202E⟩')
    expect(body).not.toContain('\u202E')
    expect(await page.locator('main img, main script').count()).toBe(0)
    expect(await page.locator('#pair .chg code').first().textContent()).toBe('  "price": 9.5,')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByText('2 of 2').waitFor()
    expect(await page.locator('#pair .noise').count()).toBe(4)
    expect(complaints).toEqual([])
  })

  it('is reached from the probe that found it, and says when curves are gone', async () => {
    const now = Date.now()
    const { rollout: _rollout, ...found } = shopInvestigation(now, { exchanges: [], segments: [] })
    const serving = await serveStage(
      { rollouts: [], investigations: [found] },
      { plan: shopPlan(), now: () => new Date().toISOString() },
    )
    await serving.outrider.startProbe({ target: { kind: 'named', name: 'shop' }, name: 'shop' })
    serving.outrider.started[0]?.log.add({ kind: 'block', progress: quietProgress() })
    const { page } = await visit(`${serving.url}/probes/p1`)
    await page.getByRole('link', { name: 'Open the investigation' }).click()
    await page.getByText('The curve of this run is not kept').waitFor()
    await page.getByText('No segment has enough pairs').waitFor()
    expect(await page.locator('#pair-card').isVisible()).toBe(false)
  })

  it.each(VIEWS)('has no fault of accessibility and fits its window: %s', async (_, options) => {
    const serving = await serveAll()
    const { page, complaints } = await visit(`${serving.url}/investigations/i1`, options)
    await page.locator('#onset-figure').waitFor()
    expect(await faultsOf(page)).toEqual([])
    expect(await isTooWide(page)).toBe(false)
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await isTooWide(page)).toBe(false)
    expect(complaints).toEqual([])
  })
})
