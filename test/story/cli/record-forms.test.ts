/** Pages and forms with tokens: recorded once, replayed against an instance with others. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PASSWORD, startNotebook, writeNote } from '../../profiles/record/notebook.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { runOutrider, startOutrider } from '../../support/processes.ts'

const SECRETS = { OUTRIDER_SECRET_USER: 'annabel', OUTRIDER_SECRET_PASSWORD: PASSWORD }

describe('outrider record of pages and forms', () => {
  it('replays logins, uploads and edits on an instance with other ids and tokens', async () => {
    const cwd = temporaryFolder()
    const recorded = await startNotebook('recorded')
    const fresh = await startNotebook('fresh')
    onTestFinished(() => recorded.close())
    onTestFinished(() => fresh.close())
    const where = ['--target', recorded.url, '--listen', '127.0.0.1:0', '--k', '1']
    const recorder = startOutrider(['record', ...where], { cwd })
    onTestFinished(() => recorder.stop())
    const [, url = ''] = await recorder.saw(/ at (http:\/\/127\.0\.0\.1:\d+);/)
    await writeNote(url, 'Grüße', 'red')
    await writeNote(url, '日本', 'blue')
    recorder.signal('SIGINT')
    expect((await recorder.ended).code).toBe(0)
    expect(recorded.log.filter((line) => / [45]\d\d$/.test(line))).toEqual([])
    expect(recorded.notes).toEqual(['Grüße red', '日本 blue'])

    const actions = readFileSync(join(cwd, 'recorded-actions.yaml'), 'utf8')
    const profiles = readFileSync(join(cwd, 'recorded-profiles.ndjson'), 'utf8')
    for (const secret of ['annabel', 'sesame', 'Grüße', '日本', 'Käthe', '-recorded']) {
      expect(actions + profiles).not.toContain(secret)
    }
    const check = await runOutrider(['actions', 'check', 'recorded-actions.yaml'], { cwd })
    expect(check.code).toBe(0)

    const users = ['--actions', 'recorded-actions.yaml', '--profiles', 'recorded-profiles.ndjson']
    const load = ['--duration', '60s', '--concurrency', '1', '--allow-mutations', '--json']
    const generator = startOutrider(['generate', '--target-url', fresh.url, ...users, ...load], {
      cwd,
      env: SECRETS,
    })
    onTestFinished(() => generator.stop())
    await Promise.race([fresh.saw(/do=logout 302/), generator.ended])
    generator.signal('SIGINT')
    const summary = JSON.parse((await generator.ended).stdout)
    expect(summary).toMatchObject({ errors: 0 })
    expect(fresh.log.filter((line) => / [45]\d\d$/.test(line))).toEqual([])
    const done = fresh.log.map((line) => line.replace(/\d+(?=[ /])/, 'N'))
    expect(done).toEqual(
      expect.arrayContaining(['POST /notes 302', 'POST /notes/N/like 200', 'POST /notes/N 302']),
    )
    expect(fresh.notes[0]).toMatch(/^text-\S+ red$/)
  })
})
