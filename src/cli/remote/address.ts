/** Which server a command asks, if any: `--server URL`, else `OUTRIDER_SERVER`. */

import { configSchema } from '../../core/contract/config.ts'
import { UsageError } from '../../core/errors.ts'
import { notBuilt } from '../flags.ts'
import type { VerbInput } from '../verb.ts'

export interface ServerAddress {
  /** Without a slash at the end. */
  readonly url: string
  /** Who named it, for errors. */
  readonly from: '--server' | 'OUTRIDER_SERVER'
  /** What `OUTRIDER_TOKEN` holds; it is sent to this server only, and never shown. */
  readonly token?: string
}

/**
 * The server to ask; undefined = this machine does the work itself.
 * @throws UsageError for what is no address of a server or no token
 */
export function findServer({ flags, environment }: VerbInput): ServerAddress | undefined {
  const flag = flags.text('--server')
  const variable = environment['OUTRIDER_SERVER'] || undefined
  const text = flag ?? variable
  if (text === undefined) return undefined
  const address = toAddress(text, flag === undefined ? 'OUTRIDER_SERVER' : '--server')
  const token = environment['OUTRIDER_TOKEN'] || undefined
  return token === undefined ? address : { ...address, token: checkToken(token) }
}

/** A token stands in a header, where a line break would end it. */
function checkToken(token: string): string {
  if (/^[\x21-\x7e]{1,500}$/.test(token)) return token
  throw new UsageError('Cannot read OUTRIDER_TOKEN: it has characters that no token has', {
    code: 'bad-environment',
    where: 'OUTRIDER_TOKEN',
    mend: 'set it to the token alone, without quotes, spaces or line breaks',
  })
}

function toAddress(text: string, from: ServerAddress['from']): ServerAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (url === undefined || !isHttp) throw wrong(text, from, 'write an http:// or https:// address')
  if (url.username !== '' || url.password !== '') {
    throw wrong('…', from, 'take user and password out; a token goes into OUTRIDER_TOKEN')
  }
  if (url.search !== '' || url.hash !== '') throw wrong(text, from, 'end it before the ? or #')
  return { url: url.href.replace(/\/+$/, ''), from }
}

function wrong(text: string, from: ServerAddress['from'], mend: string): UsageError {
  return new UsageError(`Cannot read ${from}: "${text}" is not an address of a server`, {
    code: from === '--server' ? 'bad-flag' : 'bad-environment',
    where: from,
    mend,
  })
}

export type Refusals = Readonly<Record<`--${string}`, string>>

/** Flags that say where things are on this machine, which a server does not see. */
export const LOCAL_FLAGS: Refusals = {
  '--config': 'the server has its own configuration',
  '--db': 'the server has its own database',
}

/**
 * Refuses by name what would be ignored otherwise, because it cannot cross to the server.
 * @param refusals why, by flag
 * @throws UsageError with code `conflicting-flags`
 */
export function refuseLocalFlags(
  { flags }: VerbInput,
  server: ServerAddress,
  refusals: Refusals,
): void {
  for (const [name, why] of Object.entries(refusals)) {
    const flag: `--${string}` = `--${name.slice(2)}`
    if (flags.has(flag)) throw doesNotCross(flag, server, why)
  }
}

/**
 * `OUTRIDER_PROBE_RATE` and the like speak of the configuration of this machine.
 * @throws UsageError with code `conflicting-flags`
 */
export function refuseLocalVariables({ environment }: VerbInput, server: ServerAddress): void {
  for (const section of ['probe', 'analysis'] as const) {
    for (const key of Object.keys(configSchema.shape[section].unwrap().shape)) {
      const name = `OUTRIDER_${section}_${key}`.toUpperCase()
      if (environment[name]) throw doesNotCross(name, server, 'the server has its own environment')
    }
  }
}

function doesNotCross(what: string, { from }: ServerAddress, why: string): UsageError {
  const out = what.startsWith('--') ? 'leave it out' : 'unset it'
  const alone = from === '--server' ? 'leave --server out' : 'unset OUTRIDER_SERVER'
  return new UsageError(`${what} cannot be given with ${from}: ${why}`, {
    code: 'conflicting-flags',
    where: what,
    mend: `${out}, or ${alone} to do it from here`,
  })
}

/**
 * For verbs that a server could serve one day: doing it here instead would surprise.
 * @throws UsageError with code `not-built` where `OUTRIDER_SERVER` is set
 */
export function refuseServerVariable({ environment }: VerbInput, verb: string): void {
  if (environment['OUTRIDER_SERVER']) throw notBuilt(`OUTRIDER_SERVER for outrider ${verb}`)
}
