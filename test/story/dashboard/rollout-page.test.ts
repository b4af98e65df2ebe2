import { createHash } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { AccessToken } from '../../../src/core/contract/config.ts'
import type { RolloutDocument, RolloutEvent } from '../../../src/core/contract/rollout.ts'
import { faultsOf, isTooWide, launch, noBrowser, openPage, type Watched } from './browser.ts'
import {
  dayReadings,
  dayRollout,
  endedRollouts,
  firingAlert,
  movedReadings,
  movedRollout,
} from './shop-others.ts'
import {
  rolloutSeries,
  shopInvestigation,
  shopOutline,
  shopReadings,
  shopRollout,
} from './shop-rollout.ts'
import { HOSTILE } from './shop-probe.ts'
import { serveStage, type Stage, type StagedServer } from './staged-rollouts.ts'

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

async function serveShop(
  changes: Partial<RolloutDocument> = {},
  stage: Partial<Stage> = {},
): Promise<StagedServer> {
  const now = Date.now()
  return await serveStage({
    rollouts: [shopRollout(now, changes)],
    readings: shopReadings(now),
    series: rolloutSeries,
    investigations: [shopInvestigation(now)],
    alerts: [firingAlert(now)],
    ...stage,
  })
}

function lower(toBp: number, by: string): RolloutEvent[] {
  const at = new Date().toISOString()
  const reason = { code: 'person-abort', message: `aborted by ${by}` }
  const base = { at, rollout: 'r1', actor: by, reason }
  const weight = {
    ...base,
    kind: 'weight' as const,
    fromBp: 500,
    toBp,
    state: 'rolling_back' as const,
  }
  return [
    {
      ...base,
      kind: 'state',
      seq: 101,
      from: 'holding',
      state: 'rolling_back',
      weightBp: 500,
      sentence: 'Rolling back: aborted by local',
    },
    { ...weight, seq: 102, verified: false },
    { ...weight, seq: 103, verified: true },
  ]
}

const wordsOf = async (page: Page, selector: string): Promise<string[]> =>
  (await page.locator(selector).allTextContents()).map((text) => text.replaceAll('\u202F', ' '))

describe.skipIf(noBrowser !== undefined)(`rollout page ${noBrowser ?? ''}`, () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
  })

  it('says that there is no such rollout', async () => {
    const serving = await serveShop()
    const { page } = await visit(`${serving.url}/rollouts/r9`)
    await page.getByText('No rollout r9.').waitFor()
    await page.getByText('It may be older than the 30 days kept').waitFor()
    expect(await page.locator('#content').isVisible()).toBe(false)
    expect(await page.getByRole('group', { name: 'Acts' }).count()).toBe(0)
  })

  it('answers what it is, whether the router is in line, what comes next', async () => {
    const serving = await serveShop()
    const { page, complaints } = await visit(`${serving.url}/rollouts/r1`)
    const sentence = page.locator('#sentence')
    await sentence.getByText('checkout is 1.31× slower (1.22–1.41)').waitFor()
    expect(await wordsOf(page, '#sentence')).toEqual([
      'Holding at 5 %: checkout is 1.31× slower (1.22–1.41)',
    ])
    expect((await page.title()).replaceAll('\u202F', ' ')).toBe(
      'Holding 5 % · shop 1.4.2 · Outrider',
    )
    expect(await wordsOf(page, '.facts dd > span')).toEqual([
      '5 %',
      '5 %',
      '4.87 %',
      '0.25 % / 0.28 %',
      '9.9 of 10 pairs/s',
    ])
    expect(await page.locator('#ladder-title').textContent()).toMatch(/^Next decision in 0:\d\d$/)
    expect(await wordsOf(page, '#ladder .now > div > b')).toEqual(['Hold at 5 %, otherwise'])
    await page.getByRole('link', { name: 'Open the investigation' }).first().waitFor()
    expect(await page.locator('#live-word').textContent()).toBe('Live')
    expect(complaints).toEqual([])
  })

  it('gives the marks of the chart the numbers of the list, and folds routine', async () => {
    const serving = await serveShop()
    const { page } = await visit(`${serving.url}/rollouts/r1`)
    await page.locator('#history li').first().waitFor()
    expect(await page.locator('#history .num:not(.none)').allTextContents()).toEqual([
      '3',
      '2',
      '1',
    ])
    const folded = await page.locator('#history li').count()
    await page.getByRole('button', { name: 'All 15' }).click()
    expect(await page.locator('#history li').count()).toBeGreaterThan(folded)
    await page.locator('#history li[data-number="3"]').hover()
    const label = await page.locator('#weight').getAttribute('aria-label')
    expect(label).toContain('highest 10 %, now 5 %')
    await page.locator('#weight-details summary').click()
    // It is filled when it is opened.
    await page.locator('#weight-table tbody tr').first().waitFor()
    expect(await page.locator('#weight-table tbody tr').count()).toBeGreaterThan(30)
    expect(await page.locator('#weight-table').textContent()).toContain('timeout')
  })

  it('follows live events without a reload', async () => {
    const serving = await serveShop()
    const { page, complaints } = await visit(`${serving.url}/rollouts/r1`)
    await page.locator('#history li').first().waitFor()
    await page.evaluate('window.isSamePage = true')
    const at = new Date().toISOString()
    const reason = { code: 'clear', message: 'no evidence against the canary in 5 ticks in a row' }
    const sentence = 'Ramping at 6\u202F%: no evidence against the canary in 5 ticks in a row'
    const changes = { state: 'ramping', weightBp: 600, intendedBp: 600, sentence, reason } as const
    const weight = { seq: 90, at, fromBp: 500, toBp: 600, actor: 'policy', reason, verified: true }
    const entry = { ...weight, kind: 'weight' as const, state: 'ramping' as const }
    serving.change('r1', { ...changes, history: [...shopOutline(Date.now()).history, entry] })
    serving.happen({ ...entry, rollout: 'r1' })
    await page.getByText('Raised 5 → 6').waitFor()
    await page.locator('#sentence').getByText('Ramping at 6').waitFor()
    await page.locator('#intended').getByText('6').waitFor()
    expect((await page.title()).replaceAll('\u202F', ' ')).toContain('Ramping 6 % · shop 1.4.2')
    const { history: _history, ...document } = shopRollout(Date.now(), {
      ...changes,
      observedBp: 612,
    })
    serving.happen({ kind: 'block', at, rollout: 'r1', document })
    await page.locator('#observed').getByText('6.12').waitFor()
    expect(await page.evaluate('window.isSamePage')).toBe(true)
    expect(complaints).toEqual([])
  })

  it('aborts through the dialog: names weight and router, sends the reason, waits, is told', async () => {
    const serving = await serveShop()
    const { page, complaints } = await visit(`${serving.url}/rollouts/r1`)
    await page.getByRole('button', { name: 'Abort…' }).click()
    expect((await wordsOf(page, '#act-text'))[0]).toContain('5 → 0 % on edge now')
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(serving.told).toEqual([])
    await page.getByRole('button', { name: 'Abort…' }).click()
    await page.getByLabel('Reason, for the log').fill('wrong image tag')
    await page.getByRole('button', { name: 'Abort, go to 0' }).click()
    await page.getByText(/^Asked \d\d:\d\d:\d\d, waiting for the router$/).waitFor()
    expect(serving.told).toEqual([
      { id: 'r1', act: 'abort', by: 'local', reason: 'wrong image tag' },
    ])
    const over = { endedAt: new Date().toISOString(), acts: [], weightBp: 0, intendedBp: 0 }
    const sentence = 'Aborted: aborted by local: "wrong image tag"'
    serving.change('r1', { ...over, state: 'aborted', sentence })
    for (const event of lower(0, 'local')) serving.happen(event)
    const at = over.endedAt
    serving.happen({ kind: 'end', seq: 104, at, rollout: 'r1', state: 'aborted', sentence })
    await page.locator('#sentence').getByText('Aborted: aborted by local').waitFor()
    await page.getByText(/waiting for the router/).waitFor({ state: 'hidden' })
    expect(await page.locator('#acts').isVisible()).toBe(false)
    expect(await page.locator('#live-word').textContent()).toBe('Ended')
    expect(complaints).toEqual([])
  })

  it('wants the name of the rollout before it promotes over an open regression', async () => {
    const serving = await serveShop()
    const { page } = await visit(`${serving.url}/rollouts/r1`)
    await page.getByRole('button', { name: 'Promote…' }).click()
    expect((await wordsOf(page, '#act-text'))[0]).toContain('5 → 100 % on edge')
    const confirm = page.getByRole('button', { name: 'Promote, go to 100' })
    await confirm.click()
    await page.getByText('This is not the name of the rollout').waitFor()
    expect(serving.told).toEqual([])
    await page.getByLabel('A regression is open').fill('shop 1.4.2')
    await confirm.click()
    await page.getByText(/waiting for the router/).waitFor()
    expect(serving.told.map(({ act }) => act)).toEqual(['promote'])
    expect(await page.getByRole('button', { name: 'Pause…' }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Abort…' }).isDisabled()).toBe(false)
  })

  it('promotes without a name where nothing is open', async () => {
    const serving = await serveShop({ verdict: 'inconclusive', findings: [] })
    const { page } = await visit(`${serving.url}/rollouts/r1`)
    await page.getByRole('button', { name: 'Promote…' }).click()
    expect(await page.getByLabel('A regression is open').isVisible()).toBe(false)
    await page.keyboard.press('Enter')
    await page.getByText(/waiting for the router/).waitFor()
    expect(serving.told).toEqual([{ id: 'r1', act: 'promote', by: 'local' }])
  })

  it('shows a refusal in the words of the server and changes nothing', async () => {
    const serving = await serveShop()
    const { page } = await visit(`${serving.url}/rollouts/r1`)
    await page.route('**/rollouts/r1/pause', (route) =>
      route.fulfill({
        status: 409,
        contentType: 'application/problem+json',
        body: JSON.stringify({ detail: 'Already rolled back at 14:09:00; nothing was changed' }),
      }),
    )
    await page.getByRole('button', { name: 'Pause…' }).click()
    await page.getByRole('button', { name: 'Pause, hold' }).click()
    await page.getByText('Already rolled back at 14:09:00; nothing was changed').waitFor()
    expect(await page.getByRole('dialog').count()).toBe(1)
  })

  it('moves through the actions by keyboard, and ? lists the keys', async () => {
    const serving = await serveShop()
    const { page } = await visit(`${serving.url}/rollouts/r1#action=login`)
    const chosen = page.locator('#forest button[aria-pressed=true]')
    await chosen.getByText('login').waitFor()
    await page.getByText('Evidence for login').waitFor()
    await chosen.focus()
    await page.keyboard.press('ArrowDown')
    await page.getByText('Latency of search').waitFor()
    expect(page.url()).toContain('#action=search')
    await page.keyboard.press('?')
    await page.getByRole('heading', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  it('keeps the figures when the server goes, and stops the countdown', async () => {
    const serving = await serveShop()
    const { page } = await visit(`${serving.url}/rollouts/r1`)
    await page.getByText('Live', { exact: true }).waitFor()
    await serving.close()
    await page.getByText(/Not live since \d\d:\d\d:\d\d/).waitFor()
    await page.getByText('Next decision in ?').waitFor()
    expect((await wordsOf(page, '#read'))[0]).toBe('5 %')
  })

  it('shows the weight that someone else set as a thing of its own', async () => {
    const now = Date.now()
    const serving = await serveStage({
      rollouts: [movedRollout(now)],
      readings: movedReadings(now),
      series: rolloutSeries,
    })
    const { page, complaints } = await visit(`${serving.url}/rollouts/r2`)
    await page.locator('#sentence').getByText('someone else moved the weight').waitFor()
    expect((await wordsOf(page, '.facts dd > span')).slice(0, 3)).toEqual([
      '20 %',
      '35 %',
      '34.6 %',
    ])
    expect(await page.locator('#acts button').allTextContents()).toEqual(['Resume…', 'Abort…'])
    await page.locator('#weight-details summary').click()
    // It is filled when it is opened.
    await page.locator('#weight-table tbody tr').first().waitFor()
    const last = (await wordsOf(page, '#weight-table tbody tr:last-child > *')).slice(1, 3)
    expect(last).toEqual(['20 %', '35 %'])
    await page.getByRole('button', { name: 'Resume…' }).click()
    expect((await wordsOf(page, '#act-yes'))[0]).toBe('Resume at 20 %')
    expect(complaints).toEqual([])
  })

  it('puts the list beside the chart from six hours on, and joins crowded marks', async () => {
    const now = Date.now()
    const serving = await serveStage({
      rollouts: [dayRollout(now)],
      readings: dayReadings(now),
      series: rolloutSeries,
    })
    const { page, complaints } = await visit(`${serving.url}/rollouts/r7`)
    await page.locator('#weight-row #history-card').waitFor()
    await page.getByRole('button', { name: '1 h' }).click()
    await page.getByText('45 actions, folded').waitFor()
    expect(complaints).toEqual([])
  })

  it('shows an ended rollout as ended, with what was kept', async () => {
    const now = Date.now()
    const serving = await serveStage({ rollouts: endedRollouts(now) })
    const { page, complaints } = await visit(`${serving.url}/rollouts/r5`)
    await page.locator('#sentence').getByText('Rolled back:').waitFor()
    expect(await page.locator('#live-word').textContent()).toBe('Ended')
    expect(await page.locator('#read-note').textContent()).toBe('not read since the end')
    expect(await page.locator('#actions-card').isVisible()).toBe(false)
    expect(await page.locator('#acts').isVisible()).toBe(false)
    expect(complaints).toEqual([])
  })

  it('says when nobody controls it, and reads it as hostile text', async () => {
    const name = `${HOSTILE} 1`
    const rollout = {
      ...shopOutline(Date.now()),
      name,
      controlled: false,
      sentence: `Holding: ${HOSTILE}`,
    }
    const serving = await serveStage({ rollouts: [rollout] })
    const { page, complaints } = await visit(`${serving.url}/rollouts/r1`)
    await page.getByText('No process controls it').waitFor()
    expect(await page.locator('#name').textContent()).toBe(name)
    expect(await page.locator('main img').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it.each(VIEWS)('has no fault of accessibility and fits its window: %s', async (_, options) => {
    const serving = await serveShop()
    const { page, complaints } = await visit(`${serving.url}/rollouts/r1`, options)
    await page.getByText('Evidence for checkout').waitFor()
    expect(await faultsOf(page)).toEqual([])
    expect(await isTooWide(page)).toBe(false)
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await isTooWide(page)).toBe(false)
    await page.getByRole('button', { name: 'Promote…' }).click()
    expect(await faultsOf(page)).toEqual([])
    expect(complaints).toEqual([])
  })
})

describe.skipIf(noBrowser !== undefined)(`sign-in ${noBrowser ?? ''}`, () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
  })

  const tokenOf = (name: string, role: AccessToken['role']): AccessToken => ({
    name,
    role,
    sha256: createHash('sha256').update(`secret of ${name}`).digest('hex'),
  })
  const tokens = [tokenOf('ana', 'operator'), tokenOf('vera', 'viewer')]

  async function signIn(page: Page, name: string): Promise<void> {
    await page.getByLabel('Token').fill(`secret of ${name}`)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.locator('#history li').first().waitFor()
  }

  it('asks for a token, refuses a wrong one, and lets an operator act', async () => {
    const stage = { rollouts: [shopRollout(Date.now())] }
    const serving = await serveStage(stage, { tokens })
    const { page } = await visit(`${serving.url}/rollouts/r1`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await faultsOf(page)).toEqual([])
    expect(await page.getByText('checkout').count()).toBe(0)
    await page.getByLabel('Token').fill('guess')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('The server does not know this token.').waitFor()
    await signIn(page, 'ana')
    await page.getByText('ana, operator').waitFor()
    await page.getByRole('button', { name: 'Pause…' }).click()
    await page.getByRole('button', { name: 'Pause, hold' }).click()
    await page.getByText(/waiting for the router/).waitFor()
    expect(serving.told).toEqual([{ id: 'r1', act: 'pause', by: 'ana' }])
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })

  it('shows a viewer everything but the buttons', async () => {
    const serving = await serveStage({ rollouts: [shopRollout(Date.now())] }, { tokens })
    const { page } = await visit(`${serving.url}/rollouts/r1`)
    await signIn(page, 'vera')
    await page.locator('#sentence').getByText('checkout is 1.31× slower').waitFor()
    expect(await page.locator('#acts').isVisible()).toBe(false)
    expect(await page.getByRole('button', { name: 'Abort…' }).count()).toBe(0)
  })
})
