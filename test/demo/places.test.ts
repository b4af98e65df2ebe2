import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SHOP_VERSIONS } from '../../src/demo/catalogue.ts'
import { openPipeline, openPlaces, type Pipeline, type Places } from '../../src/demo/places.ts'

let places: Places
let pipeline: Pipeline

beforeAll(async () => {
  places = await openPlaces()
  pipeline = await openPipeline(places)
})
afterAll(async () => {
  await pipeline.close()
  await places.close()
})

async function versionAt(url: string): Promise<string | null> {
  const answer = await fetch(url)
  await answer.text()
  return answer.headers.get('x-shop-version')
}

describe('openPlaces', () => {
  it('both places begin with the version that is trusted', async () => {
    for (const place of ['baseline', 'canary'] as const) {
      expect(await versionAt(places.shop(place).url)).toBe(SHOP_VERSIONS.baseline)
    }
  })
  it('deploy() changes the version of one place, and no address', async () => {
    const [baseline, canary] = [places.shop('baseline').url, places.shop('canary').url]
    await places.deploy('canary', SHOP_VERSIONS.mended)
    expect(places.shop('canary')).toMatchObject({ url: canary, version: SHOP_VERSIONS.mended })
    expect(await versionAt(canary)).toBe(SHOP_VERSIONS.mended)
    expect(await versionAt(baseline)).toBe(SHOP_VERSIONS.baseline)
  })
})

describe('openPipeline', () => {
  it('deploys nothing for any other request', async () => {
    const other = pipeline.url.replace('deploy', 'destroy')
    expect((await fetch(pipeline.url)).status).toBe(404)
    expect((await fetch(other, { method: 'POST' })).status).toBe(404)
    expect(places.shop('baseline').version).toBe(SHOP_VERSIONS.baseline)
  })
  it('answers when the baseline has the version of the canary', async () => {
    const { url } = places.shop('baseline')
    await places.deploy('canary', SHOP_VERSIONS.leaking)
    expect((await fetch(pipeline.url, { method: 'POST' })).status).toBe(200)
    expect(await versionAt(url)).toBe(SHOP_VERSIONS.leaking)
  })
})
