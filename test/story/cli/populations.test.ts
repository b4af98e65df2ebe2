import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFolder } from '../../support/folders.ts'
import { PROJECT, runOutrider, type Ended } from '../../support/processes.ts'

let folder: ReturnType<typeof createFolder>

beforeAll(() => {
  folder = createFolder()
  cpSync(join(PROJECT, 'examples/data'), join(folder.path, 'data'), { recursive: true })
})

afterAll(() => folder.remove())

function run(...args: string[]): Promise<Ended> {
  return runOutrider(args, { cwd: folder.path, env: { LANG: 'C.UTF-8' } })
}

function parsed(ended: Ended): Record<string, unknown> {
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  const value: unknown = JSON.parse(ended.stdout)
  if (typeof value !== 'object' || value === null) throw new TypeError('this is no document')
  return { ...value }
}

describe('outrider profiles describe', () => {
  it('says that there is nobody to describe, and what goes with what', async () => {
    const nobody = await run('profiles', 'describe')
    expect(nobody.code).toBe(2)
    expect(nobody.stderr).toContain('the database has none')
    expect(nobody.stderr).toContain('outrider profiles synthesize')
    const alone = await run('profiles', 'describe', '--count', '5')
    expect(alone).toMatchObject({ code: 2 })
    expect(alone.stderr).toContain('--count goes with --population')
    const remote = await run('profiles', 'describe', '--server', 'http://127.0.0.1:1')
    expect(remote.stderr).toContain('not built in this version')
  })
  it('describes users that are made, the same for a seed, without storing them', async () => {
    const line = ['profiles', 'describe', '--population', 'content', '--count', '300']
    const [made, again] = await Promise.all([run(...line), run(...line)])
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(made.stdout).toMatch(/^ {2}users +300: synthetic 100 %$/m)
    expect(made.stdout).toMatch(/^ {2}actions +article /m)
    expect(made.stdout).not.toContain('how close')
    expect(again.stdout).toBe(made.stdout)
    expect((await run('profiles', 'describe')).code).toBe(2)
  })
  it('tells how close a fitted population is to the people it was fitted to', async () => {
    const log = ['data/apache_access_10k.log.gz', '--format', 'combined']
    const importing = ['profiles', 'import', ...log, '--actions', 'data/content-site.yaml']
    const fitting = run(...importing, '--db', 'other.db', '--population-out', 'site.yaml')
    expect(await run(...importing, '--recorded')).toMatchObject({ code: 0 })
    expect(await fitting).toMatchObject({ code: 0 })
    expect(readFileSync(join(folder.path, 'site.yaml'), 'utf8')).toContain('data/content-site.yaml')
    const made = ['--population', './site.yaml', '--count', '2000']
    const { stdout } = await run('profiles', 'describe', ...made)
    expect(stdout).toMatch(/transitions \(Jensen-Shannon\) .*(?:within the noise|close)$/m)
    expect(stdout).toContain('2 000 synthetic users beside')
    const added = await run('profiles', 'synthesize', ...made, '--json')
    expect(parsed(added)).toMatchObject({ population: './site.yaml', profiles: 2000 })
    const all = parsed(await run('profiles', 'describe', '--json'))
    expect(all).toMatchObject({ closeness: { synthetic: 2000, splits: 40 } })
    const criteria = ['--criteria', '{"source":"synthetic"}']
    const one = parsed(await run('profiles', 'describe', ...criteria, '--json'))
    expect(one).toMatchObject({ profiles: 2000, users: 2000, sources: { synthetic: 1 } })
    expect(one).not.toHaveProperty('closeness')
  })
})
