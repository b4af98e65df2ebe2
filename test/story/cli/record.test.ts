/** From real clicks to a replay with live ids: record, Ctrl-C, check, generate, probe. */

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
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

  it('is killed and leaves what was anonymous already, which the next start offers', async () => {
    const cwd = temporaryFolder()
    const shop = await shopFor('killed')
    const { program, url } = await startRecording(shop, cwd, ['--k', '1', '--keep-body', 'sku'])
    await visit(url, { user: 'annabel', skus: ['chair', 'lamp'], agent: 'Mozilla/5.0 (A)' })
    await visit(url, { user: 'barnabas', skus: ['table'], agent: 'Mozilla/5.0 (B)' })
    const kept = join(cwd, 'recorded-actions.yaml.unfinished')
    await until(() => existsSync(kept) && JSON.parse(readFileSync(kept, 'utf8')).requests === 24)
    program.signal('SIGKILL')
    expect((await program.ended).signal).toBe('SIGKILL')
    expect(readdirSync(cwd)).not.toContain('recorded-actions.yaml')

    // Everything that is on the disk, whatever its name.
    const written = readdirSync(cwd).map((name) => readFileSync(join(cwd, name), 'utf8'))
    for (const text of ['sesame', 'annabel', 'barnabas', 'Mozilla', '127.0.0.1', ...idsOf(shop)]) {
      expect(written.join('\n').replace(`the recording of ${shop.url}`, '')).not.toContain(text)
    }

    const target = ['record', '--target', shop.url, '--listen', '127.0.0.1:0']
    const again = await runOutrider(target, { cwd })
    expect(again.code).toBe(2)
    expect(again.stderr.replaceAll(/\s+/g, ' ')).toContain('did not end, 24 requests until 2')
    expect(again.stderr).toContain('outrider record --recover')
    expect(existsSync(kept)).toBe(true)

    const recovered = await runOutrider(['record', '--recover'], { cwd })
    expect([recovered.code, recovered.stderr]).toEqual([0, ''])
    expect(recovered.stdout).toMatch(
      /^recovered 24 requests until .*\n11 actions in .*\n2 users in /,
    )
    const names = ['recorded-actions.yaml', 'recorded-profiles.ndjson']
    expect(readdirSync(cwd).toSorted()).toEqual(names)
    const users = readFileSync(join(cwd, 'recorded-profiles.ndjson'), 'utf8')
    expect(users.trim().split('\n')).toHaveLength(2)
    const check = await runOutrider(['actions', 'check', 'recorded-actions.yaml'], { cwd })
    expect(check.code).toBe(0)
    const twice = await runOutrider(['record', '--recover', '--force'], { cwd })
    expect(twice.code).toBe(2)
    expect(twice.stderr).toContain('there is no "recorded-actions.yaml.unfinished"')
  })

  it('keeps nothing on the disk of what fewer than k people did, nor what a recording that ended left', async () => {
    const cwd = temporaryFolder()
    const shop = await shopFor('few')
    const few = await startRecording(shop, cwd, ['--k', '2'])
    await visit(few.url, { user: 'annabel', skus: ['chair'], agent: 'Mozilla/5.0 (A)' })
    // The other recorder has written in the meantime, so this one had its time too.
    const own = temporaryFolder()
    const other = await startRecording(shop, own, ['--k', '1'])
    await visit(other.url, { user: 'annabel', skus: ['chair'], agent: 'Mozilla/5.0 (A)' })
    await until(() => readdirSync(own).includes('recorded-actions.yaml.unfinished'))
    expect(readdirSync(cwd)).toEqual([])
    other.program.signal('SIGINT')
    expect((await other.program.ended).code).toBe(0)
    expect(readdirSync(own).toSorted()).toEqual([
      'recorded-actions.yaml',
      'recorded-profiles.ndjson',
    ])
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

/** Waits for what another process does; the test's own limit ends it. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    // eslint-disable-next-line no-await-in-loop -- it is asked again until it is so
    await setTimeout(20)
  }
}

/** Every id that the shop gave and that stands in a path. */
function idsOf({ log }: Shop): string[] {
  return log.flatMap((line) => [...line.matchAll(/[0-9a-f]{20}/g)].map(([id]) => id))
}
