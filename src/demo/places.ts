/**
 * What runs where, and the small pipeline that puts versions there. A place keeps its address
 * whatever version it holds, as a deployment behind a name does.
 */

import { createServer, type Server } from 'node:http'
import { invariant } from '../core/invariant.ts'
import { SHOP_VERSIONS, type ShopVersion } from './catalogue.ts'
import { startShop, type Shop } from './shop.ts'

export interface Places {
  shop(place: Place): Shop
  /**
   * Stops what runs there, then starts the version; nobody may be sent there meanwhile.
   * @throws TargetError `shop-did-not-start`
   */
  deploy(place: Place, version: ShopVersion): Promise<void>
  close(): Promise<void>
}

export type Place = 'baseline' | 'canary'

/** Both places with the version that is trusted. @throws TargetError `shop-did-not-start` */
export async function openPlaces(): Promise<Places> {
  const first = await startShop(SHOP_VERSIONS.baseline)
  const shops = { baseline: first, canary: first }
  const close = async (): Promise<void> => {
    await Promise.all([shops.baseline.stop(), shops.canary.stop()])
  }
  try {
    shops.canary = await startShop(SHOP_VERSIONS.baseline)
  } catch (error) {
    await close()
    throw error
  }
  return {
    shop: (place) => shops[place],
    deploy: async (place, version) => {
      const before = shops[place]
      await before.stop()
      shops[place] = await startShop(version, before.port)
    },
    close,
  }
}

export interface Pipeline {
  /** A POST to it deploys the canary's version to the baseline, and answers when that is done. */
  readonly url: string
  close(): Promise<void>
}

export async function openPipeline(places: Places): Promise<Pipeline> {
  const server = createServer((request, response) => {
    const isDeployment = request.method === 'POST' && request.url === '/deploy'
    const deployed = isDeployment
      ? places.deploy('baseline', places.shop('canary').version).then(() => 200)
      : Promise.resolve(404)
    void deployed.catch(() => 500).then((status) => response.writeHead(status).end())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  invariant(address !== null && typeof address === 'object', 'the pipeline has a port')
  return { url: `http://127.0.0.1:${address.port}/deploy`, close: () => closeServer(server) }
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
}
