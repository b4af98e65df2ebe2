import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider } from '../support/processes.ts'

function version(caches: string): ReturnType<typeof runOutrider> {
  return runOutrider(['--version'], {
    env: { XDG_CACHE_HOME: caches, NODE_COMPILE_CACHE: undefined },
  })
}

describe('the start of the program', () => {
  it('goes on where the cache folder cannot be made', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    for (const caches of [join(file, 'below'), '/proc/none', 'relative']) {
      const { code, stdout, stderr } = await version(caches)
      expect({ code, stdout, stderr }).toMatchObject({ code: 0, stderr: '' })
      expect(stdout).toMatch(/^outrider \d/)
    }
  })
  it('keeps what it compiled where only this user can write', async () => {
    const caches = temporaryFolder()
    expect((await version(caches)).code).toBe(0)
    const own = join(caches, 'outrider')
    expect(readdirSync(own)).not.toEqual([])
    expect(statSync(own).mode & 0o777).toBe(0o700)
  })
  it('starts a second time from what it kept', async () => {
    const caches = temporaryFolder()
    mkdirSync(join(caches, 'outrider'))
    await version(caches)
    const kept = (): string[] => readdirSync(caches, { recursive: true, encoding: 'utf8' })
    const first = kept().toSorted()
    expect(await version(caches)).toMatchObject({ code: 0 })
    expect(kept().toSorted()).toEqual(first)
  })
})
