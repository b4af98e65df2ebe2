/** From real clicks to a replay with live ids: record, Ctrl-C, check, generate, probe. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startShop, visit, type Shop } from '../../profiles/record/shop.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { runOutrider, startOutrider, type Program } from '../../support/processes.ts'

const SECRETS = { OUTRIDER_SECRET_USER: 'annabel', OUTRIDER_SECRET_PASSWORD: 'open sesame' }

async function shopFor(name: string): Promise<Shop> {
  const shop = await startShop(name)
  onTestFinished(() => shop.close())
  return shop
}

/** A recorder before this shop, and the address that clients use. */
async function startRecording(
  shop: Shop,
  cwd: string,
  flags: readonly string[],
): Promise<{ program: Program; url: string }> {
  const where = ['--target', shop.url, '--listen', '127.0.0.1:0']
  const program = startOutrider(['record', ...where, ...flags], { cwd })
  onTestFinished(() => program.stop())
  const [, url = ''] = await program.saw(/ at (http:\/\/127\.0\.0\.1:\d+);/)
  return { program, url }
}

describe('outrider record', () => {
  it('what my own clicks showed is replayed against another instance with its own ids', async () => {
    const cwd = temporaryFolder()
    const recorded = await shopFor('recorded')
    const kept = ['--k', '1', '--keep-body', 'sku,quantity']
    const { program, url } = await startRecording(recorded, cwd, kept)
    await visit(url, { user: 'annabel', skus: ['chair', 'lamp'], agent: 'Mozilla/5.0 (A)' })
    await visit(url, { user: 'barnabas', skus: ['table'], agent: 'Mozilla/5.0 (B)' })
    program.signal('SIGINT')
    const ended = await program.ended
    expect(ended.stderr).toContain('24 requests, 0 failed')
    expect(ended.code).toBe(0)
    expect(ended.stdout).toContain('11 actions with 5 captures in recorded-actions.yaml')

    const actions = readFileSync(join(cwd, 'recorded-actions.yaml'), 'utf8')
    const profiles = readFileSync(join(cwd, 'recorded-profiles.ndjson'), 'utf8')
    expect(actions).toContain('{{captured.cart_id|data.cart_id}}')
    expect(profiles.trim().split('\n')).toHaveLength(2)
    for (const text of ['sesame', 'annabel', 'barnabas', ...idsOf(recorded)]) {
      expect(actions + profiles).not.toContain(text)
    }

    const check = await runOutrider(['actions', 'check', 'recorded-actions.yaml'], { cwd })
    expect(check.code).toBe(0)

    const fresh = await shopFor('fresh')
    const users = ['--actions', 'recorded-actions.yaml', '--profiles', 'recorded-profiles.ndjson']
    const to = ['--target-url', fresh.url, '--allow-mutations', '--json']
    const load = ['--duration', '2s', '--concurrency', '2', '--rate', '40']
    const generated = await runOutrider(['generate', ...to, ...users, ...load], {
      cwd,
      env: SECRETS,
    })
    const summary = JSON.parse(generated.stdout)
    expect(summary).toMatchObject({ errors: 0 })
    expect(summary.requests).toBeGreaterThan(20)
    expect(fresh.log.some((line) => line.startsWith('GET /receipts/'))).toBe(true)
    expect(fresh.log.filter((line) => / 4\d\d$/.test(line))).toEqual([])

    const other = await shopFor('other')
    const twins = ['--baseline', fresh.url, '--canary', other.url, '--allow-mutations', '--json']
    const short = [
      '--duration',
      '3s',
      '--warmup',
      '500ms',
      '--phases',
      'load',
      '--concurrency',
      '2',
    ]
    const probed = await runOutrider(['probe', ...twins, ...users, ...short], { cwd, env: SECRETS })
    const report = JSON.parse(probed.stdout)
    expect(report.skipped).toEqual([])
    for (const arm of ['baseline', 'canary']) {
      expect(report.arms[arm].requests).toBeGreaterThan(20)
      const statuses = Object.keys(report.arms[arm].byStatus)
      expect(statuses.filter((status) => Number(status) >= 400)).toEqual([])
    }
    expect(other.log.some((line) => line.startsWith('GET /receipts/'))).toBe(true)
  })

  it('writes nothing about what fewer than k people did, and says how to keep one\u2019s own', async () => {
    const cwd = temporaryFolder()
    const { program, url } = await startRecording(await shopFor('lonely'), cwd, [])
    await visit(url, { user: 'annabel', skus: ['chair'], agent: 'Mozilla/5.0 (A)' })
    program.signal('SIGINT')
    const ended = await program.ended
    expect(ended.code).toBe(2)
    expect(ended.stderr).toContain('1 person (5 needed)')
    expect(ended.stderr).toContain('--k 1')
    expect(existsSync(join(cwd, 'recorded-actions.yaml'))).toBe(false)
  })

  it('refuses what would do harm before anything is listened to', async () => {
    const cwd = temporaryFolder()
    const target = ['record', '--target', 'http://127.0.0.1:1']
    const open = await runOutrider([...target, '--listen', '0.0.0.0:0'], { cwd })
    expect(open.code).toBe(2)
    expect(open.stderr).toContain('--allow-remote')
    writeFileSync(join(cwd, 'recorded-actions.yaml'), 'mine')
    const there = await runOutrider(target, { cwd })
    expect(there.code).toBe(2)
    expect(there.stderr).toContain('it is there already')
    expect(readFileSync(join(cwd, 'recorded-actions.yaml'), 'utf8')).toBe('mine')
  })
})

/** Every id that the shop gave and that stands in a path. */
function idsOf({ log }: Shop): string[] {
  return log.flatMap((line) => [...line.matchAll(/[0-9a-f]{20}/g)].map(([id]) => id))
}
