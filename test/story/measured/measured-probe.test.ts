import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { probeSchema } from '../../../src/core/contract/http.ts'
import type { Report } from '../../../src/core/contract/report.ts'
import { renderReport } from '../../../src/report/text.ts'
import { readEvents } from '../../server/serving.ts'
import { createFolder } from '../../support/folders.ts'
import { startOutrider, startProgram, type Program } from '../../support/processes.ts'
import { faultsOf, isTooWide, launch, noBrowser, openPage } from '../dashboard/browser.ts'

const ARM = fileURLToPath(new URL('arm-process.ts', import.meta.url))
const MOST_TRIES = 3
const LIMIT_MS = 120_000

let browser: Browser
let folder: ReturnType<typeof createFolder>
let server: Program
let url = ''
const arms: Program[] = []

async function startArm(kind: string): Promise<{ address: string; pid: number }> {
  const arm = startProgram(process.execPath, [ARM, kind])
  arms.push(arm)
  const [, port] = await arm.saw(/port (\d+)/)
  return { address: `http://127.0.0.1:${port}`, pid: arm.pid }
}

async function send(path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

/** The report of one run, read when it has ended: a page that paints meanwhile is load as well. */
async function probe(): Promise<Report> {
  const sent = { rate: 22, warmup: 2, duration: 25, seed: 1 }
  const run = { target: 'shop', phases: ['load'], ...sent }
  const started = await send('/probes', run)
  expect(started.status, await started.clone().text()).toBe(202)
  const { id } = z.object({ id: z.string() }).parse(await started.json())
  await readEvents(await fetch(`${url}/probes/${id}/events`))
  const { report } = probeSchema.parse(await (await fetch(`${url}/probes/${id}`)).json())
  if (report === undefined) throw new Error('The probe has no report')
  return report
}

/** A machine that is busy elsewhere makes a run invalid, and says so: then another one. */
async function judged(): Promise<Report> {
  let report = await probe()
  for (let tries = 1; report.verdict === 'invalid' && tries < MOST_TRIES; tries += 1) {
    report = await probe()
  }
  return report
}

describe.skipIf(noBrowser !== undefined)(`a measured probe ${noBrowser ?? ''}`, () => {
  beforeAll(async () => {
    browser = await launch()
    const [baseline, canary] = await Promise.all(['well', 'wrong'].map(startArm))
    folder = createFolder()
    writeFileSync(
      join(folder.path, 'actions.yaml'),
      'version: 1\nactions:\n  home: { request: { path: / } }\n  cart: { request: { path: /cart } }\n',
    )
    writeFileSync(
      join(folder.path, 'outrider.yaml'),
      `version: 1
targets:
  shop:
    baseline: "${baseline?.address}"
    canary: "${canary?.address}"
    metrics: { baseline: { pid: ${baseline?.pid} }, canary: { pid: ${canary?.pid} } }
server: { listen: "127.0.0.1:0" }
`,
    )
    server = startOutrider(['serve'], { cwd: folder.path, env: { LANG: 'C.UTF-8' } })
    url = (await server.saw(/http:\/\/127\.0\.0\.1:\d+/))[0]
    const steps = ['home', 'cart'].map((action, timestamp) => ({ timestamp, action }))
    const inserted = await send('/profiles', { user_id: 'u1', behavioral_patterns: steps })
    expect(inserted.status).toBe(201)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    for (const arm of arms) await arm.stop()
    folder?.remove()
  })

  it(
    'shows which field differs and what both processes used',
    async () => {
      const report = await judged()
      expect(report.verdict, report.summary).toBe('regressed')
      const { page, complaints } = await openPage(browser, `${url}/probes/${report.run}`)
      await page.locator('#report').waitFor()

      const finding = page.locator('#finding-list > li', { hasText: 'cart: responses' })
      expect(await finding.textContent()).toContain('$.items[*].price 9.5 → 0 in ')
      expect(await page.locator('#forest td.c-r.hit').count()).toBe(1)
      expect(await page.locator('#forest tr.sub').count()).toBe(2)
      expect(await page.locator('#used').textContent()).toMatch(/Canary[\d.]+\u202fms\d+\u202fMB/)
      await page.getByRole('button', { name: 'CPU per request' }).click()
      await page.getByText('Evidence for whole service').waitFor()
      await page.locator('#measured').getByText('CPU: ').waitFor()
      expect(await faultsOf(page)).toEqual([])
      await page.setViewportSize({ width: 320, height: 640 })
      expect(await isTooWide(page)).toBe(false)
      expect(complaints).toEqual([])

      const text = renderReport(report, { colour: false, unicode: true })
      expect(text).toMatch(/regressed +cart +\S+ pp .*\bresponses/)
      expect(text).toMatch(/field {5}cart: \$\.items\[\*\]\.price 9\.5 → 0 in \d+ % of pairs/)
      expect(text).toMatch(/canary {4}CPU per request [\d.]+ ms, baseline [\d.]+ ms; memory/)
      await page.context().close()
    },
    LIMIT_MS,
  )
})
