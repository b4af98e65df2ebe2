import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadOntology, parseOntology } from '../../../src/actions/load.ts'
import type { Ontology } from '../../../src/actions/ontology.ts'
import { buildRequest } from '../../../src/actions/request.ts'
import { createRouteMatcher } from '../../../src/actions/routes.ts'
import type { Profile } from '../../../src/core/contract/profile.ts'
import { openDatabase } from '../../../profiles-db/open.ts'
import { importRecording } from '../../../src/profiles/derive/import.ts'
import { parseLogLine, type LogEntry } from '../../../src/profiles/derive/read/access-log.ts'
import { readLines } from '../../../src/profiles/derive/read/lines.ts'
import type { ImportReport } from '../../../src/profiles/derive/report.ts'
import { createProfileStore } from '../../../src/profiles/store.ts'
import { toProfile } from '../../../src/profiles/read.ts'
import { PROJECT } from '../../support/processes.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:27.0) Gecko/20100101 Firefox/27.0'
const site = parseOntology(
  `version: 1
actions:
  home: { request: { path: / }, routes: [GET /], cost: { cpu_ms: 3 } }
  article:
    request: { path: "/articles/{{data.slug}}", query: { q: "{{data.q}}" } }
    routes: ["GET /articles/:slug"]
`,
  'site.yaml',
)

interface Visit {
  readonly visitor: number
  readonly minute: number
  readonly path: string
  readonly status?: number
  readonly method?: string
  readonly agent?: string
}

function lineOf({
  visitor,
  minute,
  path,
  status = 200,
  method = 'GET',
  agent = FIREFOX,
}: Visit): string {
  const clock = `${10 + Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}:00`
  const request = `"${method} ${path} HTTP/1.1" ${status} 5 "-" "${agent}"`
  return `198.51.100.${visitor} - - [17/May/2015:${clock} +0000] ${request}`
}

async function* each(lines: readonly string[]): AsyncGenerator<readonly string[]> {
  yield lines
}

interface Result {
  readonly profiles: Profile[]
  readonly report: ImportReport
}

async function importLines(
  lines: readonly string[],
  more: Partial<Parameters<typeof importRecording>[1]> = {},
): Promise<Result> {
  const options = { format: 'combined', ontology: site, file: 'access.log', k: 2, seed: 1 } as const
  const key = Buffer.from('key')
  const imported = await importRecording(each(lines), { ...options, key, ...more })
  return { profiles: imported.profiles(), report: imported.report }
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

/** As the README writes numbers: 1 364. */
function shown(count: number): string {
  return String(count).replace(/(?=\d{3}$)/, count < 1000 ? '' : ' ')
}

const twoHomes = [1, 2].map((visitor) => lineOf({ visitor, minute: 0, path: '/' }))

describe('importRecording', () => {
  it('importRecording() names the first line of a file that is no such log', async () => {
    const other = importLines([
      '198.51.100.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5',
    ])
    await expect(other).rejects.toMatchObject({
      code: 'bad-log',
      where: 'access.log:1',
      mend: 'check the file, or try --format common',
    })
    await expect(importLines([])).rejects.toMatchObject({ code: 'bad-log' })
  })
  it('importRecording() names the first bad line when more than a twentieth are bad', async () => {
    const lines = Array.from({ length: 38 }, () => twoHomes[0] ?? '')
    await expect(importLines([...lines, 'x', 'y', 'z'])).rejects.toMatchObject({
      code: 'bad-log',
      where: 'access.log:39',
    })
  })
  it('importRecording() counts fewer bad lines and goes on', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => twoHomes[index % 2] ?? '')
    const { report } = await importLines([...lines.slice(0, 7), 'x', '', ...lines.slice(7)])
    expect(report).toMatchObject({ lines: 21, skippedLines: 1, requests: 20, profiles: 2 })
  })
  it('importRecording() refuses k and an ontology that make no sense', async () => {
    await expect(importLines(twoHomes, { k: 1 })).rejects.toMatchObject({ code: 'bad-k' })
    const ontology = parseOntology('version: 1\nactions: { a: { request: { path: / } } }', 'a.yaml')
    if ([...ontology.actions.values()].some(({ routes }) => routes.length > 0)) return
    await expect(importLines(twoHomes, { ontology })).rejects.toMatchObject({ code: 'no-routes' })
  })
  it('importRecording() says why nothing is left', async () => {
    const lines = [1, 2].map((visitor) => lineOf({ visitor, minute: 0, path: '/style.css' }))
    await expect(importLines(lines)).rejects.toMatchObject({
      code: 'nothing-imported',
      mend: expect.stringContaining('2 assets'),
    })
  })
  it('importRecording() counts what it leaves out by the reason', async () => {
    const { profiles, report } = await importLines([
      ...twoHomes,
      lineOf({ visitor: 1, minute: 1, path: '/style.css?v=2' }),
      lineOf({ visitor: 1, minute: 2, path: '/missing/page' }),
      lineOf({ visitor: 1, minute: 3, path: '/articles/a', status: 404 }),
      lineOf({ visitor: 1, minute: 4, path: '/articles/a', method: 'POST' }),
      lineOf({ visitor: 1, minute: 5, path: '/articles/only-one-saw-this' }),
      lineOf({ visitor: 3, minute: 6, path: '/', agent: 'Googlebot/2.1' }),
      lineOf({ visitor: 4, minute: 7, path: '/robots.txt' }),
      lineOf({ visitor: 4, minute: 8, path: '/' }),
    ])
    expect(report.removed).toEqual({
      bots: 2,
      assets: 1,
      unmapped: 2,
      failed: 1,
      otherMethods: 1,
      rareValues: 0,
      rareActions: 1,
      longSessions: 0,
      notRequests: 0,
      otherOrigins: 0,
      innerSpans: 0,
    })
    expect(report).toMatchObject({ clients: 2, sessions: 2, profiles: 2, actions: { home: 2 } })
    expect(profiles.map(({ resource_intensity }) => resource_intensity.cpu_ms)).toEqual([3, 3])
  })
  it('importRecording() cuts at 30 minutes, and begins each session at 0', async () => {
    const lines = [1, 2].flatMap((visitor) =>
      [70, 0, 10, 40].map((minute) => lineOf({ visitor, minute, path: '/' })),
    )
    const { profiles, report } = await importLines([
      ...lines,
      lineOf({ visitor: 1, minute: 101, path: '/' }),
    ])
    expect(report).toMatchObject({ clients: 2, sessions: 3, profiles: 3 })
    expect(
      profiles.map((profile) => profile.behavioral_patterns.length).toSorted((a, b) => a - b),
    ).toEqual([1, 4, 4])
    for (const { behavioral_patterns: steps } of profiles) {
      expect(steps[0]?.timestamp).toBe(0)
      const gap = (steps[1]?.timestamp ?? 600) - (steps[0]?.timestamp ?? 0)
      expect(gap).toBeGreaterThanOrEqual(480)
      expect(gap).toBeLessThanOrEqual(720)
    }
  })
  it('importRecording() counts addresses, not clients, for k', async () => {
    const lines = ['A', 'B', 'C'].map((agent) =>
      lineOf({ visitor: 1, minute: 0, path: '/articles/mine', agent: `Mozilla/5.0 ${agent}` }),
    )
    const { report } = await importLines([...twoHomes, ...lines])
    expect(report.removed.rareActions).toBe(3)
  })
  it('importRecording() drops an action that too few are left to perform', async () => {
    const lines = [1, 2, 3].map((visitor) => lineOf({ visitor, minute: 0, path: '/' }))
    const rare = [1, 2].map((visitor) => lineOf({ visitor, minute: 1, path: '/articles/a' }))
    const { report } = await importLines([...lines, ...rare], { k: 3 })
    expect(report.removed).toMatchObject({ rareActions: 2 })
    expect(report.actions).toEqual({ home: 3 })
  })
  it('importRecording() keeps no query value, even one that the request would take', async () => {
    const lines = [1, 2].map((visitor) =>
      lineOf({ visitor, minute: 0, path: '/articles/a?q=anna@example.test#x' }),
    )
    const { profiles, report } = await importLines(lines)
    expect(profiles.map(({ behavioral_patterns: [step] }) => step?.data)).toEqual([
      { slug: 'a' },
      { slug: 'a' },
    ])
    expect(report.changed.queryValues).toBe(2)
  })
  it('importRecording() gives other pseudonyms to each import, whatever the seed', async () => {
    const options = { format: 'combined', ontology: site, file: 'a', k: 2, seed: 1 } as const
    const [one, other] = await Promise.all([
      importRecording(each(twoHomes), options),
      importRecording(each(twoHomes), options),
    ])
    const ids = [...one.profiles(), ...other.profiles()].map(({ user_id }) => user_id)
    expect(new Set(ids).size).toBe(4)
    const again = await Promise.all([importLines(twoHomes), importLines(twoHomes)])
    expect(again[0]).toEqual(again[1])
  })
  it('importRecording() keeps assets and bots on request', async () => {
    const lines = [1, 2].flatMap((visitor) => [
      lineOf({ visitor, minute: 0, path: '/articles/a.png', agent: 'Googlebot/2.1' }),
    ])
    const { profiles } = await importLines(lines, { keepAssets: true, keepBots: true })
    expect(profiles.map(({ device_type }) => device_type)).toEqual(['bot', 'bot'])
  })
})

describe('the access log in examples/data', () => {
  const K = 5
  const entries: LogEntry[] = []
  let ontology: Ontology
  let result: Result
  beforeAll(async () => {
    const file = join(PROJECT, 'examples/data/apache_access_10k.log.gz')
    ontology = await loadOntology(join(PROJECT, 'examples/data/content-site.yaml'))
    const lines: string[] = []
    for await (const batch of readLines(file, 'log')) lines.push(...batch)
    for (const line of lines) {
      const entry = parseLogLine(line, 'combined')
      if (entry !== undefined) entries.push(entry)
    }
    result = await importLines(lines, { ontology, k: K, file: 'log' })
  })

  it('becomes sessions of which at least six actions have a share of 5 % and 200 several steps', () => {
    const { profiles, report } = result
    expect(report).toMatchObject({ lines: 10_000, skippedLines: 1, requests: 9999 })
    expect(profiles.length).toBeGreaterThan(900)
    const steps = Object.values(report.actions).reduce((sum, count) => sum + count, 0)
    expect(steps).toBeGreaterThan(1300)
    const common = Object.values(report.actions).filter((count) => count / steps >= 0.05)
    expect(common.length).toBeGreaterThanOrEqual(6)
    const longer = profiles.filter((profile) => profile.behavioral_patterns.length > 1)
    expect(longer.length).toBeGreaterThan(200)
  })
  it('becomes what the README beside it says', () => {
    const readme = readFileSync(join(PROJECT, 'examples/data/README.md'), 'utf8')
    const { removed, clients, sessions, profiles, actions } = result.report
    expect(readme).toContain(`${shown(removed.bots)} · ${shown(removed.assets)}`)
    expect(readme).toContain(`${shown(clients)} · ${shown(sessions)}`)
    expect(readme).toContain(`${shown(profiles)} · ${shown(sum(actions))}`)
    const byAction = Object.entries(actions).map(([action, count]) => `${action} ${count}`)
    expect(readme).toContain(byAction.join(', '))
  })
  it('accounts for every request', () => {
    const { removed, actions, requests, changed } = result.report
    expect(sum(removed) + sum(actions)).toBe(requests)
    expect(changed.queryValues).toBeGreaterThan(0)
  })
  it('leaves no address, no agent, no query value and no time of day in the profiles', () => {
    const text = JSON.stringify(result.profiles)
    for (const address of new Set(entries.map((entry) => entry.address))) {
      expect(text.includes(address), address).toBe(false)
    }
    for (const agent of new Set(entries.map((entry) => entry.userAgent))) {
      if (agent !== '') expect(text.includes(JSON.stringify(agent).slice(1, -1)), agent).toBe(false)
    }
    const queries = entries.flatMap(({ target }) => target.split('?').slice(1))
    const fields = new Set(queries.filter((query) => query.includes('=')))
    expect(fields.size).toBeGreaterThan(10)
    for (const query of fields) expect(text.includes(query), query).toBe(false)
    for (const { behavioral_patterns: steps, geo_location } of result.profiles) {
      expect(steps[0]?.timestamp).toBe(0)
      expect(geo_location).toBe('ZZ')
    }
  })
  it('leaves no path value that fewer than k addresses used', () => {
    const users = new Map<string, Set<string>>()
    const find = createRouteMatcher(ontology)
    for (const { method, target, address } of entries) {
      const match = find(method, target.split('?')[0] ?? '')
      if (match === undefined) continue
      for (const value of Object.values(match.data)) {
        if (typeof value !== 'string') continue
        users.set(value, (users.get(value) ?? new Set()).add(address))
      }
    }
    for (const { behavioral_patterns: steps } of result.profiles) {
      for (const value of steps.flatMap(({ data }) => Object.values(data))) {
        const text = typeof value === 'string' ? value : ''
        expect(users.get(text)?.size ?? 0, text).toBeGreaterThanOrEqual(K)
      }
    }
  })
  it('becomes profiles that the store takes and whose steps become requests', () => {
    const door = { what: 'profile', code: 'bad-profile', locate: () => '' }
    for (const profile of result.profiles) {
      expect(toProfile(JSON.parse(JSON.stringify(profile)), door)).toEqual(profile)
      for (const { action: name, data } of profile.behavioral_patterns) {
        const action = ontology.actions.get(name)
        if (action === undefined) throw new TypeError(`no action ${name}`)
        const context = {
          data,
          profile,
          captured: {},
          sessionId: 's',
          arm: 'baseline' as const,
          secrets: {},
        }
        const built = buildRequest(ontology, action, context)
        expect(built.kind).toBe('request')
        if (built.kind === 'request') expect(built.path).not.toContain('%2F')
      }
    }
    const db = openDatabase(':memory:')
    const store = createProfileStore(db)
    expect(store.insert(result.profiles)).toBe(result.profiles.length)
    expect(store.count({ source: 'derived', action: 'home' })).toBeGreaterThan(100)
    db.close()
  })
})
