/**
 * What a measurement of capacity sends to one arm, and whether autocannon can reach the arm at all.
 * What it cannot do is refused by name: silently left out, it would measure another way in.
 */

import { isIP } from 'node:net'
import type { Arm } from '../../core/arm.ts'
import { UsageError } from '../../core/errors.ts'
import type { ArmAddress, Tls } from '../client/wire.ts'

/** A request that is built before the first is sent; a GET without a body. */
export interface FixedRequest {
  /** Index into `actions` of the target. */
  readonly action: number
  readonly path: string
  /** Names in lower case, each once; with `host` where the arm has one of its own. */
  readonly headers: Readonly<Record<string, string>>
}

/** Can be sent to a worker thread. */
export interface CapacityTarget {
  readonly arm: Arm
  readonly origin: string
  readonly socketPath?: string
  readonly tls?: Tls
  /** The name that is asked for in TLS; left out where there is none, only an address. */
  readonly serverName?: string
  /** In the order in which they are sent. */
  readonly requests: readonly FixedRequest[]
  /** By action and status; 1 = expected. */
  readonly statuses: readonly Uint8Array[]
}

const UNABLE = [
  ['http2', 'HTTP/2'],
  ['proxy', 'a proxy'],
] as const

/** @throws UsageError with code `capacity-reach` */
export function checkCapacityReach(arms: readonly ArmAddress[]): void {
  for (const address of arms) {
    const unable = UNABLE.find(([key]) => address[key] !== undefined && address[key] !== false)
    if (unable === undefined) continue
    throw new UsageError(
      `Cannot measure the capacity of the ${address.arm}: it is reached by ${unable[1]}, ` +
        'which the load generator for it (autocannon) does not speak',
      {
        code: 'capacity-reach',
        where: '--capacity',
        mend: 'leave out --capacity, or give an address that is reached by plain HTTP/1.1',
      },
    )
  }
}

/** How autocannon gets to the arm; its requests come from elsewhere. */
export function reachOf(
  address: ArmAddress,
): Pick<CapacityTarget, 'arm' | 'origin' | 'socketPath' | 'tls' | 'serverName'> {
  const { arm, socketPath, tls, host } = address
  const url = new URL(address.url)
  const name = tls?.serverName ?? (host ?? url.hostname).replace(/:\d+$/, '')
  return {
    arm,
    origin: url.origin,
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(tls === undefined ? {} : { tls }),
    ...(url.protocol !== 'https:' || isIP(name.replace(/^\[|\]$/g, '')) !== 0
      ? {}
      : { serverName: name }),
  }
}

/** A request line or a header line that could carry a second one never reaches autocannon. */
export function isSendable({ path, headers }: Pick<FixedRequest, 'path' | 'headers'>): boolean {
  const lines = Object.entries(headers)
  return (
    /^\/[\x21-\x7e]*$/.test(path) &&
    lines.every(([name, value]) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && isFieldValue(value))
  )
}

function isFieldValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\uffff]*$/.test(value)
}
