/** Whether the arms can be reached at all, asked before anything is sent to them. */

import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { TargetError } from '../core/errors.ts'
import type { ArmAddress } from './client.ts'

const TRIES = 3
const WITHIN_MS = 2_000

/**
 * Opens (and closes) a connection to each arm, with TLS where its address says https. No request
 * is sent: even a GET could change something.
 * @throws TargetError with code `target-unreachable` after 3 tries in 2 s
 */
export async function checkReachable(addresses: readonly ArmAddress[]): Promise<void> {
  const faults = await Promise.all(addresses.map(findFault))
  for (const [index, address] of addresses.entries()) {
    const fault = faults[index]
    if (fault === undefined) continue
    throw new TargetError(
      `Cannot reach target: ${address.arm} ${address.url} ${sentenceOf(fault)} ` +
        `(${TRIES} tries in ${WITHIN_MS / 1000} s)`,
      {
        code: 'target-unreachable',
        where: address.url,
        mend: 'check the address, and that the application is running',
        cause: fault,
      },
    )
  }
}

async function findFault(address: ArmAddress): Promise<Error | undefined> {
  const eachMs = WITHIN_MS / TRIES
  let fault: Error | undefined
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const startedMs = performance.now()
    fault = await tryOnce(address, eachMs)
    if (fault === undefined) return undefined
    if (attempt < TRIES) await sleep(Math.max(0, eachMs - (performance.now() - startedMs)))
  }
  return fault
}

function tryOnce(address: ArmAddress, timeoutMs: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = open(address, () => end(undefined))
    const timer = setTimeout(() => end(new Error('timeout')), timeoutMs)
    function end(fault: Error | undefined): void {
      clearTimeout(timer)
      socket.destroy()
      resolve(fault)
    }
    socket.on('error', end)
  })
}

function open(address: ArmAddress, connected: () => void): Socket {
  const url = new URL(address.url)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol !== 'https:') {
    return connectTcp({ host, port: Number(url.port || 80) }, connected)
  }
  const servername = (address.host ?? host).replace(/:\d+$/, '')
  const port = Number(url.port || 443)
  const ca = address.ca === undefined ? {} : { ca: address.ca }
  const name = isIP(servername) === 0 ? { servername } : {}
  return connectTls({ host, port, ALPNProtocols: ['http/1.1'], ...ca, ...name }, connected)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

function sentenceOf(fault: Error): string {
  const code: unknown = Reflect.get(fault, 'code')
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused the connection'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'has a name that cannot be resolved'
    case 'ECONNRESET':
      return 'broke off the connection'
    default:
      if (fault.message === 'timeout') return 'did not answer'
      return `cannot be connected to: ${fault.message || String(code)}`
  }
}
