/** Where a document says its service is: only the path of it matters, the host is the target's. */

import { at, entriesAt, textAt } from './document.ts'

const MAX_BASE = 500

/** `/v1`, without a slash at its end; empty where there is none, or where it cannot be read. */
export function baseOf(server: unknown): string {
  const address = addressOf(server)
  if (address === undefined) return ''
  return address.pathname.replace(/\/+$/, '').slice(0, MAX_BASE)
}

/** `api.example.com`; undefined where the server is a path on the document's own host. */
export function hostOf(server: unknown): string | undefined {
  const address = addressOf(server)
  return address === undefined || address.hostname === OWN ? undefined : address.host
}

const OWN = 'document.invalid'
/** `127.0.0.1:8055`, `api.example.com/v1`: a host that somebody forgot the scheme of; not `v1.0`. */
const BARE_HOST =
  /^(?:localhost|[\w-]+(?:\.[\w-]+)*(?=:\d)|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}|\d+(?:\.\d+){3})(?::\d{1,5})?(?:\/|$)/i

function addressOf(server: unknown): URL | undefined {
  const written = textAt(server, 'url')
  if (written === undefined) return undefined
  const variables = entriesAt(server, 'variables')
  const url = written.replaceAll(/\{([^{}]{1,200})\}/g, (_, name: string) => {
    const variable = variables.find(([known]) => known === name)?.[1]
    const value = at(variable, 'default')
    return typeof value === 'string' || typeof value === 'number' ? String(value) : name
  })
  const whole = BARE_HOST.test(url) ? `http://${url}` : url
  return URL.canParse(whole, `http://${OWN}/`) ? new URL(whole, `http://${OWN}/`) : undefined
}
