/** Whether the arms can be reached at all, asked before anything is sent to them. */

import { TargetError } from '../core/errors.ts'
import { formatAddress } from '../core/contract/target.ts'
import { foundUndici, refuseOldUndici } from './client/library.ts'
import { createOpener } from './client/open.ts'
import { mendOf, wordsOf } from './client/reason.ts'
import type { ArmAddress } from './client.ts'

const TRIES = 3
const WITHIN_MS = 2_000

/**
 * Opens (and closes) a connection to each arm, with TLS where its address says https. No request
 * is sent: even a GET could change something.
 * @throws TargetError with code `target-unreachable` after 3 tries in 2 s
 * @throws CapacityError with code `old-undici`
 */
export async function checkReachable(addresses: readonly ArmAddress[]): Promise<void> {
  // Said here, by its code: what a thread that sends would throw is told as a failed run.
  if (addresses.some(({ http2 }) => http2 !== true)) refuseOldUndici(foundUndici())
  const faults = await Promise.all(addresses.map(findFault))
  for (const [index, address] of addresses.entries()) {
    const fault = faults[index]
    if (fault === undefined) continue
    const shown = formatAddress(address)
    throw new TargetError(
      `Cannot reach target: ${address.arm} ${shown}${readsOn(fault.words)} ` +
        `(${TRIES} tries in ${WITHIN_MS / 1000} s)`,
      {
        code: 'target-unreachable',
        where: shown,
        mend: fault.mend,
      },
    )
  }
}

/** `it refused …` goes on with the sentence, another subject begins one. */
function readsOn(fault: string): string {
  return fault.startsWith('it ') ? fault.slice(2) : `: ${fault}`
}

/** Why there is no connection. */
interface Fault {
  readonly words: string
  readonly mend: string
}

async function findFault(address: ArmAddress): Promise<Fault | undefined> {
  const eachMs = WITHIN_MS / TRIES
  let fault: Fault | undefined
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const startedMs = performance.now()
    fault = await tryOnce(address, eachMs)
    if (fault === undefined) return undefined
    if (attempt < TRIES) await sleep(Math.max(0, eachMs - (performance.now() - startedMs)))
  }
  return fault
}

function tryOnce(address: ArmAddress, timeoutMs: number): Promise<Fault | undefined> {
  return new Promise((resolve) => {
    const opening = createOpener(address)(undefined, (fault) =>
      end(fault === null ? undefined : faultOf(fault)),
    )
    const late = faultOf(new Error('it did not answer'))
    const timer = setTimeout(() => end(late), timeoutMs)
    function end(fault: Fault | undefined): void {
      clearTimeout(timer)
      opening.destroy()
      resolve(fault)
    }
  })
}

function faultOf(error: Error): Fault {
  return { words: wordsOf(error), mend: mendOf(error) }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
