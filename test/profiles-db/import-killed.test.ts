import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../profiles-db/open.ts'
import { createProfileStore } from '../../src/profiles/store.ts'
import { profileOf } from '../profiles/people.ts'
import { temporaryFolder } from '../support/folders.ts'

const COUNT = 6000

/** Kills the import as soon as it has printed `sign`. */
function killAt(sign: string, file: string, ...more: string[]): Promise<NodeJS.Signals | null> {
  const script = fileURLToPath(new URL('import-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, file, String(COUNT), ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    if (printed.includes(sign)) child.kill('SIGKILL')
  })
  return new Promise((resolve) => {
    child.once('close', (_, signal) => resolve(signal))
  })
}

/** The user_ids that are found, and whether SQLite finds the file in order. */
function lookInto(file: string): { count: number; byLabel: number; check: unknown } {
  const db = openDatabase(file)
  try {
    const store = createProfileStore(db)
    const byLabel = Array.from({ length: 7 }, (_, index) =>
      store.count({ label: `label-${index}` }),
    )
    const check = db.prepare('PRAGMA integrity_check').pluck().get()
    return { count: store.count({}), byLabel: byLabel.reduce((sum, one) => sum + one, 0), check }
  } finally {
    db.close()
  }
}

describe('an import that is killed', () => {
  it('leaves nothing of it, and what was there before', async () => {
    const file = join(temporaryFolder(), 'outrider.db')
    const before = openDatabase(file)
    createProfileStore(before).insert([profileOf('first', { labels: ['label-0'] })])
    before.close()
    expect(await killAt('all set aside', file, 'waits')).toBe('SIGKILL')
    expect(lookInto(file)).toEqual({ count: 1, byLabel: 1, check: 'ok' })
    const after = openDatabase(file)
    const store = createProfileStore(after)
    expect(store.insert([profileOf('user-0', { labels: ['label-1'] })])).toBe(1)
    expect(store.count({ 'resource_intensity.cpu_ms': 1 })).toBe(2)
    after.close()
  })
  it('has all or nothing when it is killed while it writes', async () => {
    const file = join(temporaryFolder(), 'outrider.db')
    await killAt('all set aside', file)
    const { count, byLabel, check } = lookInto(file)
    expect([0, COUNT]).toContain(count)
    expect(byLabel).toBe(count)
    expect(check).toBe('ok')
  })
})
