import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LoggedRequest } from '../../../../src/profiles/derive/read/request.ts'
import {
  readUnfinished,
  removeUnfinished,
  writeUnfinished,
} from '../../../../src/profiles/record/safe/file.ts'
import { startKeeper } from '../../../../src/profiles/record/safe/keeper.ts'
import { temporaryFolder } from '../../../support/folders.ts'
import { refusalOf } from '../refusal.ts'

const OPTIONS = {
  k: 3,
  keepHeaders: [],
  keepQuery: [],
  keepBody: [],
  keepBots: true,
  seed: 1,
  target: 'http://shop.test',
}

const KEPT = { at: '2026-11-22T01:02:03.000Z', requests: 4, actions: 2, users: 1 }

/** Everybody sees the same page, and one of their own. */
function visitsOf(people: readonly number[]): LoggedRequest[] {
  return people.flatMap((person) =>
    ['/pages/about', `/pages/of-${'abcdef'[person]}`].map((target, index) => ({
      address: `a${person}`,
      user: '',
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      geo: 'ZZ',
      timeMs: 1000 * index,
      method: 'GET',
      target,
      status: 200,
    })),
  )
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    // eslint-disable-next-line no-await-in-loop -- another thread is waited for
    await setTimeout(10)
  }
}

describe('startKeeper()', () => {
  it('writes what k people did, and nothing before they did', async () => {
    const file = join(temporaryFolder(), 'actions.yaml.unfinished')
    const waiting = visitsOf([0, 1])
    const failures: string[] = []
    const passed = (most: number): LoggedRequest[] => waiting.splice(0, most)
    const keeper = startKeeper({
      recorder: { passed },
      file,
      outcome: OPTIONS,
      failed: (why) => void failures.push(why),
      everyMs: 10,
    })
    onTestFinished(() => keeper.end())
    await until(() => waiting.length === 0)
    expect(existsSync(file)).toBe(false)
    waiting.push(...visitsOf([2]))
    await until(() => existsSync(file))
    await keeper.end()
    const kept = await readUnfinished(file)
    expect(kept).toMatchObject({ requests: 6, actions: 1, users: 3 })
    expect(kept?.yaml).toContain('/pages/about')
    expect(readFileSync(file, 'utf8')).not.toMatch(/of-[abc]|Firefox|"a0"/)
    expect(failures).toEqual([])
  })
  it('says once that nothing can be kept, and lets the recording go on', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'actions.yaml.unfinished')
    mkdirSync(`${file}.part`)
    const waiting = visitsOf([0, 1, 2])
    const failures: string[] = []
    const passed = (most: number): LoggedRequest[] => waiting.splice(0, most)
    const keeper = startKeeper({
      recorder: { passed },
      file,
      outcome: OPTIONS,
      failed: (why) => void failures.push(why),
      everyMs: 10,
    })
    onTestFinished(() => keeper.end())
    await until(() => failures.length > 0)
    expect(failures[0]).toContain('EISDIR')
    expect(existsSync(file)).toBe(false)
  })
})

describe('an unfinished recording', () => {
  it('is refused where its file is damaged, and is none where there is no file', async () => {
    const file = join(temporaryFolder(), 'a.unfinished')
    expect(await readUnfinished(file)).toBeUndefined()
    for (const text of ['', '{', '[]', 'null', '{"schema":"outrider.unfinished-recording/1"}']) {
      writeFileSync(file, text)
      // eslint-disable-next-line no-await-in-loop -- one file
      expect((await refusalOf(readUnfinished(file))).code).toBe('bad-unfinished')
    }
  })
  it('is read as it was written, over an earlier one, and is gone when it is removed', async () => {
    const file = join(temporaryFolder(), 'a.unfinished')
    await writeUnfinished(file, { ...KEPT, yaml: 'version: 1\n', ndjson: '' })
    const later = { ...KEPT, requests: 9, yaml: 'version: 1\n# é\n', ndjson: '{}\n' }
    await writeUnfinished(file, later)
    expect(await readUnfinished(file)).toMatchObject(later)
    await removeUnfinished(file)
    expect(await readUnfinished(file)).toBeUndefined()
    await removeUnfinished(file)
  })
})
