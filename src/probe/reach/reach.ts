/**
 * How arms are reached, from what the configuration and the flags say: files are read and looked
 * into, secrets are filled in. Whatever is wrong is said here, before anything is sent.
 */

import { UsageError } from '../../core/errors.ts'
import type { Reach } from '../../generator/client.ts'
import { readHeaders } from './headers.ts'
import { readProxy } from './proxy.ts'
import { flagOf, lastOf, type Environment, type ReachSettings, type ReachSource } from './source.ts'
import { readTls } from './tls.ts'

/**
 * The later sources win, key by key.
 * @throws UsageError with code `bad-tls`, `bad-proxy`, `bad-header` or `missing-secret`
 */
export async function readReach(
  sources: readonly ReachSource[],
  environment: Environment,
): Promise<Reach> {
  const host = lastOf(sources, ({ host: one }) => one)?.value
  const http2 = lastOf(sources, ({ http2: one }) => one)?.value
  const tls = await readTls(sources)
  const proxy = readProxy(sources, environment)
  const headers = readHeaders(sources, environment)
  return {
    ...(host === undefined ? {} : { host }),
    ...(tls === undefined ? {} : { tls }),
    ...(http2 === undefined ? {} : { http2 }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(headers === undefined ? {} : { headers }),
  }
}

/**
 * What fits no arm of this run would be ignored without a word.
 * @param flags only these are held against the arms: a target may say more than it needs
 * @throws UsageError with code `bad-proxy` or `conflicting-flags`
 */
export function checkFits(
  arms: readonly { readonly url: string; readonly socketPath?: string }[],
  { proxy }: Reach,
  flags: ReachSettings,
): void {
  const isTls = arms.some(({ url }) => url.startsWith('https:'))
  const [first] = Object.keys(flags.tls ?? {})
  if (first !== undefined && !isTls) {
    const flag = flagOf(`tls.${first}`)
    throw new UsageError(`${flag} has no effect: no address begins with https://`, {
      code: 'conflicting-flags',
      where: flag,
      mend: `leave it out, or write the address with https://`,
    })
  }
  if (proxy === undefined || isOwn(proxy.url)) return
  const near = arms.find(({ url, socketPath }) => socketPath !== undefined || isOwn(url))
  if (near === undefined) return
  const place = near.socketPath ?? near.url
  throw new UsageError(`Cannot reach ${place} by the proxy: it lies on this machine`, {
    code: 'bad-proxy',
    where: 'proxy',
    mend: 'name the address as the proxy sees it, or leave the proxy out',
  })
}

function isOwn(url: string): boolean {
  const { hostname } = new URL(url)
  return /^(localhost|.*\.localhost|\[::1\]|127(\.\d+){3})$/.test(hostname)
}
