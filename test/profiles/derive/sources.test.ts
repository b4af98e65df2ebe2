/** Every source from its text to sessions: what each request became is accounted for. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseOntology } from '../../../src/actions/load.ts'
import {
  importExchanges,
  importRecording,
  type Imported,
  type ImportOptions,
} from '../../../src/profiles/derive/import.ts'
import { fitUsers } from '../../../src/profiles/derive/users.ts'
import { atOnce } from '../../../src/profiles/slices.ts'
import { PROJECT } from '../../support/processes.ts'

const fixture = (name: string): string =>
  readFileSync(join(PROJECT, 'test/profiles/derive/fixtures', name), 'utf8')

const shop = parseOntology(
  `version: 1
actions:
  home: { request: { path: / }, routes: [GET /] }
  view: { request: { path: "/products/{{data.id}}", query: { ref: "{{data.ref}}" } }, routes: ["GET /products/:id"] }
  buy: { request: { method: POST, path: /orders, json: { sku: "{{data.sku}}" } }, routes: [POST /orders] }
  other: { request: { path: /other } }
`,
  'shop.yaml',
)

function importText(
  text: string,
  options: Partial<ImportOptions> & Pick<ImportOptions, 'format'>,
): Promise<Imported> {
  const usual = { file: 'recorded', k: 2, seed: 1, key: Buffer.from('key') }
  return importRecording(oneBatch(text), { ...usual, ...options })
}

async function* oneBatch(text: string): AsyncGenerator<readonly string[]> {
  yield text.split('\n')
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

const UA = 'Mozilla/5.0 (X11; Linux x86_64; rv:27.0) Gecko/20100101 Firefox/27.0'

describe('importRecording()', () => {
  it('accounts for each request of any log, whatever is asked for', async () => {
    const line = fc.record({
      ip: fc.constantFrom('198.51.100.1', '198.51.100.2', '198.51.100.3'),
      ts: fc.integer({ min: 1_700_000_000, max: 1_700_100_000 }),
      method: fc.constantFrom('GET', 'GET', 'POST', 'DELETE', ''),
      url: fc.constantFrom(
        '/',
        '/a.css',
        '/products/1?ref=x',
        '/products/2',
        '/orders',
        '/robots.txt',
        '/no',
      ),
      status: fc.constantFrom(200, 200, 304, 404, 500),
      userAgent: fc.constantFrom(UA, UA, 'Googlebot/2.1', ''),
    })
    const other = fc.constant({ msg: 'listening' })
    const lines = fc.array(fc.oneof({ weight: 9, arbitrary: line }, other), { minLength: 1 })
    const options = fc.record({
      k: fc.integer({ min: 2, max: 3 }),
      keepBots: fc.boolean(),
      keepAssets: fc.boolean(),
      keepQuery: fc.constantFrom([], ['ref']),
    })
    await fc.assert(
      fc.asyncProperty(lines, options, async (all, wanted) => {
        // So that the log has a request at all and something is left of it.
        const first = ['1', '2', '3'].map((host) => ({
          ip: `203.0.113.${host}`,
          ts: 1_700_000_000,
          method: 'GET',
          url: '/',
          status: 200,
          userAgent: UA,
        }))
        const text = [...first, ...all].map((one) => JSON.stringify(one)).join('\n')
        const imported = await importText(text, { format: 'json', ontology: shop, ...wanted })
        const { requests, removed, actions, skippedLines } = imported.report
        expect(requests + skippedLines).toBe(first.length + all.length)
        expect(sum(removed) + sum(actions)).toBe(requests)
        expect(imported.sessions.flat()).toHaveLength(sum(actions))
      }),
      { numRuns: 60 },
    )
  })
  it('takes methods that the ontology has a route for, and says which values they lack', async () => {
    const line = (ip: string): string =>
      JSON.stringify({ ip, ts: 1.7e9, method: 'POST', url: '/orders', status: 201 })
    const text = [line('198.51.100.1'), line('198.51.100.2')].join('\n')
    const { report } = await importText(text, { format: 'json', ontology: shop })
    expect(report.actions).toEqual({ buy: 2 })
    expect(report.lacking).toEqual([{ action: 'buy', names: ['sku'] }])
  })
  it('keeps nothing of the people behind OpenTelemetry spans but what they did', async () => {
    const text = fixture('traces.otlp.jsonl')
    const twice = `${text}${text.replaceAll('anna@', 'bo@').replaceAll(/"(eee|c0|b0|53)/g, '"f$1')}`
    const imported = await importText(twice, { format: 'otlp', ontology: shop })
    expect(imported.report.removed).toMatchObject({ innerSpans: 4 })
    const profiles = imported.profiles()
    expect(JSON.stringify([profiles, imported.report])).not.toMatch(/anna|bo@|203\.0\.113|utm/)
    expect(profiles).toHaveLength(3)
    expect(new Set(profiles.map(({ geo_location }) => geo_location))).toEqual(new Set(['ZZ', 'DE']))
  })
})

describe('importRecording() without an ontology', () => {
  it('proposes one, captures live what an answer gave, and keeps neither bodies nor secrets', async () => {
    const { proposal, ontology, profiles, report } = await importText(fixture('shop.har'), {
      format: 'har',
      k: 1,
      proposedFile: 'mine.yaml',
    })
    expect(ontology.file).toBe('mine.yaml')
    const pay = [...ontology.actions.values()].find(({ document }) => document.kind === 'pay')
    expect(pay?.document.request.path).toMatch(/^\/api\/carts\/\{\{captured\.cart_id\b/)
    expect(report.changed).toMatchObject({ bodies: 2, capturedValues: 1 })
    const stored = `${proposal?.yaml ?? ''}${JSON.stringify(profiles())}`
    expect(stored).not.toMatch(/8d0c5c1e|anna@|Anna|4111|s3cr3t|top-secret|third\.example/)
    expect(sum(report.removed) + sum(report.actions)).toBe(report.requests)
  })
  it('keeps what one person did only where it is asked for', async () => {
    const text = fixture('shop.har')
    await expect(importText(text, { format: 'har', k: 5 })).rejects.toMatchObject({
      code: 'nothing-to-propose',
    })
    await expect(importText(text, { format: 'har', k: 5, ontology: shop })).rejects.toMatchObject({
      code: 'nothing-imported',
      mend: expect.stringContaining('--k 1 keeps what one person did'),
    })
    await expect(importText(text, { format: 'json', k: 1 })).rejects.toMatchObject({
      code: 'bad-k',
    })
  })
  it('names nothing in the ontology that fewer than k people asked for', async () => {
    const line = (host: number, path: string): string =>
      `198.51.100.${host} - - [17/May/2026:10:00:0${host} +0000] "GET ${path} HTTP/1.1" 200 5`
    const lines = [1, 2, 3].flatMap((host) => [line(host, '/'), line(host, '/prices')])
    const text = [...lines, line(1, '/members/anna-smith/diary'), line(2, '/letters')].join('\n')
    const { proposal, report } = await importText(text, { format: 'common', k: 3 })
    expect(proposal?.yaml).not.toMatch(/anna|diary|letters/)
    expect(Object.values(report.actions)).toEqual([3, 3])
    expect(report.removed.unmapped).toBe(2)
  })
})

describe('importExchanges()', () => {
  it('takes exchanges that are under pseudonyms already', () => {
    const exchange = {
      client: 'c1',
      person: 'p1',
      device: 'desktop' as const,
      geo: 'ZZ',
      timeMs: 0,
      method: 'GET',
      target: '/',
      status: 200,
    }
    const exchanges = [exchange, { ...exchange, target: '/a.css' }, { ...exchange, status: 500 }]
    const options = { file: 'recorded', k: 1, seed: 1, ontology: shop }
    const { report } = importExchanges(exchanges, options)
    expect(report.removed).toMatchObject({ assets: 1, failed: 1 })
    expect(report.actions).toEqual({ home: 1 })
  })
})

describe('fitUsers()', () => {
  it('makes any number of users that behave like the sessions, under names of their own', async () => {
    const lines = Array.from({ length: 60 }, (_, index) => {
      const at = `17/May/2026:1${index % 10}:00:0${index % 6} +0000`
      const path = index % 3 === 0 ? '/' : `/products/${index % 2}`
      return `198.51.100.${index % 30} - - [${at}] "GET ${path} HTTP/1.1" 200 5`
    })
    const imported = await importText(lines.join('\n'), { format: 'common', ontology: shop })
    const { profiles, fitted, closeness } = atOnce(fitUsers(imported, { seed: 1, count: 90 }))
    expect(profiles).toHaveLength(90)
    expect(new Set(profiles.map(({ source }) => source))).toEqual(new Set(['synthetic']))
    const actions = profiles.flatMap((profile) => profile.behavioral_patterns)
    expect(new Set(actions.map(({ action }) => action))).toEqual(new Set(['home', 'view']))
    expect(fitted.yaml).toContain('personas:')
    expect(closeness).toMatchObject({ real: imported.sessions.length, synthetic: 90 })
    const again = await importRecording(oneBatch(lines.join('\n')), {
      format: 'common',
      file: 'recorded',
      ontology: shop,
      k: 2,
      seed: 1,
    })
    const others = atOnce(fitUsers(again, { seed: 1 })).profiles
    const ids = new Set([...profiles, ...others].map(({ user_id }) => user_id))
    expect(ids.size).toBe(profiles.length + others.length)
  })
})
