import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportSchema } from '../../../src/core/contract/report.ts'
import { startShop, type Shop } from '../../../src/demo/shop.ts'
import { createFolder } from '../../support/folders.ts'
import { PROJECT, runOutrider, startOutrider, type Program } from '../../support/processes.ts'
import { readEvents } from './event-reader.ts'
import { launch, noBrowser, openPage } from '../dashboard/browser.ts'

const shops: Shop[] = []
let server: Program
let url = ''
let folder = ''

beforeAll(async () => {
  const versions = await Promise.all([startShop('1.4.1'), startShop('1.4.2')])
  shops.push(...versions)
  folder = createFolder().path
  const [baseline, canary] = shops
  writeFileSync(
    join(folder, 'outrider.yaml'),
    `version: 1
ontology: ${join(PROJECT, 'profiles-db/actions/shop.yaml')}
targets:
  shop: { baseline: "${baseline?.url}", canary: "${canary?.url}" }
server: { listen: "127.0.0.1:0" }
`,
  )
  server = startOutrider(['serve'], { cwd: folder })
  url = (await server.saw(/http:\/\/127\.0\.0\.1:\d+/))[0]
})

afterAll(async () => {
  await server.stop()
  for (const shop of shops) await shop.stop()
})

function post(path: string, body: string, type = 'application/json'): Promise<Response> {
  return fetch(`${url}${path}`, { method: 'POST', body, headers: { 'content-type': type } })
}

describe('a pipeline that probes over HTTP', () => {
  it('puts profiles in, starts a probe, follows it, and gets the action named', async () => {
    const made = await runOutrider(
      ['profiles', 'synthesize', '--population', 'shop', '--count', '200'],
      { cwd: folder },
    )
    expect(made.code, made.stderr).toBe(0)
    const page = await fetch(
      `${url}/profiles?criteria=${encodeURIComponent('{"device_type":"mobile"}')}&limit=5`,
    )
    expect(((await page.json()) as { profiles: unknown[] }).profiles).toHaveLength(5)

    const started = await post('/probes', JSON.stringify({ target: 'shop', seed: 1, rate: 100 }))
    expect(started.status).toBe(202)
    const { id } = (await started.json()) as { id: string }
    const second = await post('/probes', JSON.stringify({ target: 'shop' }))
    expect(second.status).toBe(409)
    expect(second.headers.get('content-type')).toContain('application/problem+json')

    const early = await readEvents(
      `${url}/probes/${id}/events`,
      undefined,
      ({ event }) => event === 'block',
    )
    const seen = early.at(-1)?.id ?? 0
    const later = await readEvents(
      `${url}/probes/${id}/events`,
      seen,
      ({ event }) => event === 'end',
    )
    expect(later[0]?.id).toBe(seen + 1)
    expect(later.map(({ event }) => event)).toContain('finding')

    const ended = (await (await fetch(`${url}/probes/${id}`)).json()) as {
      status: string
      report: unknown
    }
    const report = reportSchema.parse(ended.report)
    expect(ended.status).toBe('done')
    expect(report.verdict, report.summary).toBe('regressed')
    expect(report.findings.map((finding) => finding.action)).toContain('search')
    const series = (await (
      await fetch(`${url}/probes/${id}/series?action=search&metric=latency_typical`)
    ).json()) as { points: unknown[] }
    expect(series.points.length).toBeGreaterThan(5)
  })

  it('sends generated traffic to a configured address, and to no other', async () => {
    const other = await post(
      '/generations',
      JSON.stringify({ target_url: 'http://127.0.0.1:9', duration: 1, concurrency: 1 }),
    )
    expect(other.status).toBe(400)
    const [baseline] = shops
    const body = { target_url: baseline?.url, duration: 2, concurrency: 3 }
    const started = await post('/generations', JSON.stringify(body))
    expect(started.status).toBe(202)
    const { id } = (await started.json()) as { id: string }
    let summary: { status: string; requests: number; errors: number }
    do {
      // The server lets a client ask only so often.
      await setTimeout(200)
      summary = (await (await fetch(`${url}/generations/${id}`)).json()) as typeof summary
    } while (summary.status === 'running')
    expect(summary).toMatchObject({ status: 'done', errors: 0 })
    expect(summary.requests).toBeGreaterThan(10)
  })

  it.skipIf(noBrowser !== undefined)(
    'shows the ended probe and a live one in a real browser',
    async () => {
      const browser = await launch()
      try {
        const { page, complaints } = await openPage(browser, `${url}/probes/p1`)
        await page
          .getByRole('status')
          .filter({ hasText: /search is .*slower/ })
          .waitFor()
        await page.locator('#forest').getByText('search').first().waitFor()
        const started = await post(
          '/probes',
          JSON.stringify({ target: 'shop', duration: 30, phases: ['load'] }),
        )
        const { id } = (await started.json()) as { id: string }
        await page.goto(`${url}/probes/${id}`)
        await page
          .getByRole('status')
          .filter({ hasText: /Warming up/ })
          .waitFor()
        await page
          .getByRole('status')
          .filter({ hasText: /Nothing found so far|slower/ })
          .waitFor({ timeout: 30_000 })
        await page.locator('#forest').getByText('product').first().waitFor()
        await post(`/probes/${id}/stop`, '{"reason":"seen enough"}')
        await page.getByText('Ended', { exact: true }).waitFor()
        expect(complaints).toEqual([])
      } finally {
        await browser.close()
      }
    },
  )

  it('ends gracefully on SIGTERM', async () => {
    server.signal('SIGTERM')
    const { code, stderr } = await server.ended
    expect([0, 130]).toContain(code)
    expect(stderr).not.toMatch(/error/i)
  })
})
