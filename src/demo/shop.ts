/** Starts and stops instances of the sample shop, each a real process on a loopback port. */

import { TargetError } from '../core/errors.ts'
import type { ShopVersion } from './catalogue.ts'
import { ChildNotReadyError, startChild } from './child.ts'

export interface Shop {
  readonly version: ShopVersion
  readonly url: string
  readonly port: number
  /** Resolves when the process has ended; may be called twice. */
  stop(): Promise<void>
}

/**
 * @param port where it shall serve; 0 takes a free one
 * @throws TargetError with code `shop-did-not-start`
 */
export async function startShop(version: ShopVersion, port = 0): Promise<Shop> {
  try {
    const child = await startChild('shop-process', [version, String(port)])
    const { ready } = child
    const taken: unknown =
      typeof ready === 'object' && ready !== null ? Reflect.get(ready, 'port') : undefined
    if (typeof taken === 'number') {
      const url = `http://127.0.0.1:${taken}`
      return { version, url, port: taken, stop: () => child.stop() }
    }
    await child.stop()
    throw new ChildNotReadyError('its first message has no port')
  } catch (error) {
    if (!(error instanceof ChildNotReadyError)) throw error
    throw new TargetError(`Cannot start shop ${version}: ${error.message}`, {
      code: 'shop-did-not-start',
      mend: 'see what it wrote above',
      cause: error,
    })
  }
}
