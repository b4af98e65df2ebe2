/**
 * HAProxy's Runtime API: one command per connection, with a limit on time and on bytes.
 *
 * HAProxy answers in text, closes, and says "unknown" or "no such" in the same stream as an answer,
 * so whoever asks must look at what came. One connection per command costs a millisecond and never
 * leaves two answers to be told apart.
 */

import { connect, type Socket } from 'node:net'
import { RouterError } from '../../../core/errors.ts'

const LIMIT_MS = 2_000
const MOST_BYTES = 1_000_000

/** Sends one command; the answer comes without the empty lines at its end. */
export type Ask = (command: string) => Promise<string>

/**
 * Asks the HAProxy behind this socket.
 * @param socket path of the stats socket, or `host:port`
 * @throws RouterError `router-unreachable`, `router-denied` or `not-haproxy`
 */
export function createRuntime(socket: string, limitMs: number = LIMIT_MS): Ask {
  return async (command) => {
    const text = await exchange(socket, command, limitMs)
    if (/^Permission denied\b/.test(text)) throw denied(socket, `it refuses "${command}"`)
    if (text.startsWith('Unknown command')) {
      throw notHaproxy(socket, `it does not know "${command}"`)
    }
    return text.trimEnd()
  }
}

function exchange(address: string, command: string, limitMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = open(address)
    const chunks: Buffer[] = []
    let bytes = 0
    const settle = (how: () => void): void => {
      clearTimeout(timer)
      socket.destroy()
      how()
    }
    const timer = setTimeout(() => {
      const why = `it did not answer "${command}" in ${limitMs / 1000} s`
      settle(() => reject(unreachable(address, why, 'see whether HAProxy hangs or is overloaded')))
    }, limitMs)
    socket.on('data', (chunk) => {
      bytes += chunk.length
      if (bytes <= MOST_BYTES) chunks.push(chunk)
      else settle(() => reject(notHaproxy(address, `it answered more than ${MOST_BYTES} bytes`)))
    })
    socket.once('end', () => settle(() => resolve(Buffer.concat(chunks).toString('utf8'))))
    socket.once('close', () => settle(() => resolve(Buffer.concat(chunks).toString('utf8'))))
    socket.once('error', (error) => settle(() => reject(connectionError(address, error))))
    socket.write(`${command}\n`)
  })
}

const TCP = /^(?:ipv[46]@)?(?:\[([0-9A-Fa-f:]+)\]|([^/:]+)):(\d+)$/

/** `127.0.0.1:9999` and `ipv4@127.0.0.1:9999` are addresses, anything else is a path. */
export function isTcpAddress(socket: string): boolean {
  return TCP.test(socket)
}

function open(address: string): Socket {
  const tcp = TCP.exec(address)
  if (tcp === null) return connect({ path: address })
  return connect({ host: tcp[1] ?? tcp[2] ?? '', port: Number(tcp[3]) })
}

function connectionError(address: string, error: NodeJS.ErrnoException): RouterError {
  switch (error.code) {
    case 'ENOENT':
      return unreachable(
        address,
        'there is no such socket',
        'see whether HAProxy runs, and compare the path with "stats socket" in haproxy.cfg',
      )
    case 'ECONNREFUSED':
      return unreachable(address, 'nobody listens on it', 'start HAProxy')
    case 'EACCES':
    case 'EPERM':
      return denied(address, 'this user may not open it')
    case undefined:
    default:
      return unreachable(address, error.message, 'see whether HAProxy runs')
  }
}

function unreachable(address: string, why: string, mend: string): RouterError {
  return new RouterError(`Cannot ask HAProxy at ${address}: ${why}`, {
    code: 'router-unreachable',
    where: address,
    mend,
  })
}

function denied(address: string, why: string): RouterError {
  return new RouterError(`Cannot ask HAProxy at ${address}: ${why}`, {
    code: 'router-denied',
    where: address,
    mend: 'run as a user who may, or give "stats socket" a mode and "level admin" in haproxy.cfg',
  })
}

function notHaproxy(address: string, why: string): RouterError {
  return new RouterError(`Cannot read HAProxy at ${address}: ${why}`, {
    code: 'not-haproxy',
    where: address,
    mend: 'compare the address with "stats socket" in haproxy.cfg',
  })
}
