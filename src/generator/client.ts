/** Sends requests to one arm and tells what came back: one door to HTTP/1.1 and HTTP/2. */

import type { Clock } from '../core/clock.ts'
import { createHttp1Client } from './client/h1.ts'
import { createHttp2Client } from './client/h2.ts'
import type { ArmAddress, ArmClient } from './client/wire.ts'

export { ABORTED, MAX_KEPT_BYTES, TOO_LATE } from './client/wire.ts'
export type {
  ArmAddress,
  ArmClient,
  Proxy,
  Reach,
  Tls,
  WireAnswer,
  WireEnd,
  WireHeaders,
  WireListener,
  WireRequest,
} from './client/wire.ts'

/** @throws CapacityError with code `old-undici` where the HTTP library would falsify latencies */
export function createArmClient(address: ArmAddress, clock: Clock): ArmClient {
  return address.http2 === true
    ? createHttp2Client(address, clock)
    : createHttp1Client(address, clock)
}
