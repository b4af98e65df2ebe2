/** The flags that say how arms are reached, and what they mean. */

import { resolve } from 'node:path'
import { UsageError } from '../../core/errors.ts'
import type { ReachSettings } from '../../outrider.ts'
import type { Flags } from '../flags.ts'
import { defined } from '../run-flags.ts'

/** As every help lists them. */
export const REACH_HELP = `How it is reached
  --host NAME            sent as Host, and the name asked for in TLS
  --header 'name: value' with every request; may be given again
  --http2                HTTP/2 and nothing else
  --ca F                 PEM file of the authority to trust
  --cert F  --key F      the certificate to show, and its key
  --server-name NAME     the name asked for in TLS, where it is not the host
  --insecure             takes any certificate
  --proxy URL            through this proxy, by CONNECT
  --proxy-auth-env NAME  the variable that holds user:password for it
`

export const REACH_FLAGS: readonly string[] = [
  '--host <NAME>',
  '--header <LINE>',
  '--http2',
  '--ca <F>',
  '--cert <F>',
  '--key <F>',
  '--server-name <NAME>',
  '--insecure',
  '--proxy <URL>',
  '--proxy-auth-env <NAME>',
]

const OWN_WAY = 'the server reaches its targets as its configuration says'

/** A server says itself how its targets are reached. */
export const REACH_REFUSALS: Readonly<Record<string, string>> = Object.fromEntries(
  REACH_FLAGS.map((flag) => [flag.split(' ')[0] ?? flag, OWN_WAY]),
)

/**
 * What is left out is for the target of the configuration to say.
 * @throws UsageError with code `bad-flag`
 */
export function readReachFlags(flags: Flags, cwd: string): ReachSettings | undefined {
  const file = (flag: `--${string}`): string | undefined => {
    const name = flags.text(flag)
    return name === undefined ? undefined : resolve(cwd, name)
  }
  const yes = (flag: `--${string}`): true | undefined => (flags.has(flag) ? true : undefined)
  const tls = defined({
    ca: file('--ca'),
    cert: file('--cert'),
    key: file('--key'),
    server_name: matching(flags, '--server-name', /^[A-Za-z0-9._-]{1,253}$/, 'api.shop.test'),
    insecure: yes('--insecure'),
  })
  const settings = defined({
    host: matching(flags, '--host', /^[A-Za-z0-9._:[\]-]{1,300}$/, 'shop.test'),
    headers: readHeaderFlags(flags),
    http2: yes('--http2'),
    tls: Object.keys(tls).length === 0 ? undefined : tls,
    proxy: flags.text('--proxy'),
    proxy_auth_env: matching(flags, '--proxy-auth-env', /^[A-Z_][A-Z0-9_]*$/, 'PROXY_AUTH'),
  })
  return Object.keys(settings).length === 0 ? undefined : settings
}

function matching(
  flags: Flags,
  flag: `--${string}`,
  pattern: RegExp,
  example: string,
): string | undefined {
  const text = flags.text(flag)
  if (text === undefined || pattern.test(text)) return text
  throw badFlag(flag, `"${text}" is not a value for it`, `write it like ${example}`)
}

function readHeaderFlags(flags: Flags): Record<string, string> | undefined {
  const lines = flags.all('--header')
  if (lines.length === 0) return undefined
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase()
    // The value may be a secret, so it is not shown.
    if (name === '') throw badFlag('--header', 'a line has no name', "write it like 'name: value'")
    if (headers.has(name)) throw badFlag('--header', `"${name}" is given twice`, 'give it once')
    headers.set(name, line.slice(colon + 1).trim())
  }
  return Object.fromEntries(headers)
}

function badFlag(flag: string, why: string, mend: string): UsageError {
  return new UsageError(`Cannot read ${flag}: ${why}`, { code: 'bad-flag', where: flag, mend })
}
