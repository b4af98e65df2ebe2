import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkResponse } from '../../src/actions/expect.ts'
import { loadOntology } from '../../src/actions/load.ts'
import type { Ontology } from '../../src/actions/ontology.ts'
import { buildRequest } from '../../src/actions/request.ts'
import { exampleProfile, type JsonValue } from '../../src/core/contract/profile.ts'
import { PAGE_SIZE, SHOP_VERSIONS, type ShopVersion } from '../../src/demo/catalogue.ts'
import { MAX_OPEN_CURSORS } from '../../src/demo/category-list.ts'
import { CATEGORIES } from '../../src/demo/stock-up.ts'
import { startShop, type Shop } from '../../src/demo/shop.ts'
import { loadPopulation, synthesise } from '../../src/profiles/synthesise/population.ts'
import { PROJECT, runProgram, startProgram } from '../support/processes.ts'

const shops: Shop[] = []
let ontology: Ontology

beforeAll(async () => {
  ontology = await loadOntology(join(PROJECT, 'profiles-db/actions/shop.yaml'))
  for (const version of Object.values(SHOP_VERSIONS)) shops.push(await startShop(version))
})
afterAll(async () => {
  for (const shop of shops) await shop.stop()
})

/** One action as the generator would send it; answers what it captured and how it went. */
async function perform(
  shop: Shop,
  name: string,
  data: Readonly<Record<string, JsonValue>>,
  captured: Readonly<Record<string, JsonValue>> = {},
): Promise<ReturnType<typeof checkResponse> & { readonly body: string; readonly timing: string }> {
  const action = ontology.actions.get(name)
  if (action === undefined) throw new Error(`The ontology has no ${name}`)
  const request = buildRequest(ontology, action, {
    data,
    captured,
    profile: exampleProfile,
    sessionId: 's1',
    arm: 'canary',
    secrets: {},
  })
  if (request.kind === 'blocked') throw new Error(`${name} is blocked by ${request.missing}`)
  const headers = new Headers()
  for (let index = 0; index < request.headers.length; index += 2) {
    headers.append(request.headers[index] ?? '', request.headers[index + 1] ?? '')
  }
  const response = await fetch(shop.url + request.path, {
    method: request.method,
    headers,
    redirect: 'manual',
    ...(request.body === undefined ? {} : { body: String(request.body) }),
  })
  const body = await response.text()
  const checked = checkResponse(action, {
    status: response.status,
    header: (header) => response.headers.get(header) ?? undefined,
    cookie: () => undefined,
    body: Buffer.from(body),
    latencyMs: 1,
  })
  return { ...checked, body, timing: response.headers.get('server-timing') ?? '' }
}

describe('startShop', () => {
  it('answers what it does not have with 404, what it cannot read with 400', async () => {
    for (const { url } of shops) {
      expect((await fetch(`${url}/airships`)).status).toBe(404)
      expect((await fetch(`${url}/products/S0`)).status).toBe(404)
      expect((await fetch(`${url}/categories/%zz`)).status).toBe(400)
      expect((await fetch(`${url}/cart`, { method: 'POST', body: '{' })).status).toBe(400)
      const long = 'x'.repeat(20_000)
      expect((await fetch(`${url}/cart`, { method: 'POST', body: long })).status).toBe(400)
    }
  })
  it('each version answers every action of the ontology', async () => {
    for (const shop of shops) {
      const done = new Set<string>()
      for (const [name, data] of Object.entries({
        home: {},
        search: { q: 'chair' },
        category: { category: 'chairs' },
        product: { sku: 'S7' },
        cart: {},
        login: {},
      })) {
        expect(await perform(shop, name, data), name).toMatchObject({ outcome: 'ok' })
        done.add(name)
      }
      const added = await perform(shop, 'add_to_cart', { sku: 'S7', quantity: 2 })
      expect(added).toMatchObject({ outcome: 'ok' })
      expect(await perform(shop, 'checkout', {}, added.captured)).toMatchObject({ outcome: 'ok' })
      for (const name of ontology.actions.keys()) {
        expect([...done, 'add_to_cart', 'checkout']).toContain(name)
      }
    }
  })
  it('has what the users of the shop population look for', async () => {
    const [shop] = shops
    const population = await loadPopulation('shop')
    const profiles = synthesise(population, 300, 1)
    const steps = profiles.flatMap((profile) => profile.behavioral_patterns)
    const wanted = (action: string, key: string): Set<JsonValue> =>
      new Set(steps.filter((step) => step.action === action).map((step) => step.data[key] ?? null))
    for (const category of wanted('category', 'category')) {
      expect(Object.keys(CATEGORIES)).toContain(category)
    }
    for (const sku of wanted('product', 'sku')) {
      expect(await perform(shop!, 'product', { sku })).toMatchObject({ outcome: 'ok' })
    }
  })
  it('to visitors the versions differ in nothing but the statements of a search', async () => {
    const [baseline, slow, ...later] = await Promise.all(
      shops.map(async (shop) => await perform(shop, 'search', { q: 'lamp' })),
    )
    expect(baseline?.timing).toBe('statements;desc="1"')
    expect(slow?.body).toBe(baseline?.body)
    expect(slow?.timing).toBe(`statements;desc="${1 + 4 * PAGE_SIZE}"`)
    expect(later).toHaveLength(2)
    for (const version of later) {
      expect(version.body).toBe(baseline?.body)
      expect(version.timing).toBe('statements;desc="1"')
    }
  })
  it('what a visitor writes is escaped on the page', async () => {
    const { body } = await perform(shops[0]!, 'search', { q: '<script>"&' })
    expect(body).toContain('&lt;script&gt;&quot;&amp;')
    expect(body).not.toContain('<script>')
  })
  it('1.4.3 has no category left after customers looked at enough of them; 1.4.4 does', async () => {
    const statuses = async (version: ShopVersion): Promise<number[]> => {
      const shop = await startShop(version)
      const seen: number[] = []
      const look = async (headers: Readonly<Record<string, string>>): Promise<void> => {
        const answer = await fetch(`${shop.url}/categories/chairs`, { headers })
        expect(answer.headers.get('x-shop-version')).toBe(version)
        await answer.text()
        seen.push(answer.status)
      }
      for (let left = MAX_OPEN_CURSORS; left > 0; left -= 1) await look({ cookie: 'user=c1' })
      await look({})
      expect((await fetch(shop.url)).status).toBe(200)
      await shop.stop()
      return seen
    }
    const good = Array.from({ length: MAX_OPEN_CURSORS }, () => 200)
    expect(await statuses(SHOP_VERSIONS.leaking)).toEqual([...good, 500])
    expect(await statuses(SHOP_VERSIONS.mended)).toEqual([...good, 200])
  })
  it('a customer who is signed in is led to the next page', async () => {
    const [baseline, , , mended] = shops
    const signIn = await fetch(`${mended?.url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ user: 'me@example.test', password: 'synthetic' }),
      redirect: 'manual',
    })
    const cookie = signIn.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect(cookie).toBe('user=me%40example.test')
    const pageOf = async (shop: Shop | undefined, headers: Record<string, string>) =>
      await (await fetch(`${shop?.url}/categories/chairs`, { headers })).text()
    expect(await pageOf(mended, { cookie })).toContain('<a href="?page=2">more</a>')
    expect(await pageOf(mended, {})).toBe(await pageOf(baseline, {}))
  })
  it('startShop() takes the place of one that was just stopped', async () => {
    const before = await startShop(SHOP_VERSIONS.baseline)
    await (await fetch(before.url)).text()
    await before.stop()
    const after = await startShop(SHOP_VERSIONS.mended, before.port)
    expect(after.url).toBe(before.url)
    const answer = await fetch(after.url)
    expect(answer.headers.get('x-shop-version')).toBe(SHOP_VERSIONS.mended)
    await after.stop()
  })
  it('stop() ends the process, and may be called twice', async () => {
    const shop = await startShop(SHOP_VERSIONS.baseline)
    await (await fetch(shop.url)).text()
    await shop.stop()
    await shop.stop()
    await expect(fetch(shop.url)).rejects.toThrow()
  })
  it('a shop ends when its parent dies', async () => {
    const script = `import { startShop } from './src/demo/shop.ts'
      const shop = await startShop('1.4.1'); console.log('at ' + shop.url)`
    const parent = startProgram(process.execPath, ['--input-type=module', '-e', script])
    const [, url = ''] = await parent.saw(/at (\S+)/)
    expect((await fetch(url, { headers: { connection: 'close' } })).status).toBe(200)
    parent.signal('SIGKILL')
    await parent.ended
    await expect
      .poll(() =>
        fetch(url).then(
          () => 'up',
          () => 'down',
        ),
      )
      .toBe('down')
  })
  it('a version that does not exist ends with an error', async () => {
    const entry = join(PROJECT, 'src/demo/shop-process.ts')
    const { code, stderr } = await runProgram(process.execPath, [entry, '9.9.9'])
    expect(code).toBe(1)
    expect(stderr).toContain('No shop version "9.9.9"')
  })
})
