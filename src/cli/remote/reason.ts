/** Why a server could not be reached, in words instead of the system's codes. */

import { messageOf } from '../../core/errors.ts'

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'it did not answer in time',
}

/** `fetch` wraps the reason, and the reasons of several addresses, in errors of its own. */
export function networkReason(thrown: unknown): string {
  if (!(thrown instanceof Error)) return messageOf(thrown)
  if (thrown.name === 'TimeoutError') return 'it did not answer in time'
  const code = 'code' in thrown ? REASONS[String(thrown.code)] : undefined
  if (code !== undefined) return code
  const inner: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown.cause
  return inner instanceof Error ? networkReason(inner) : messageOf(thrown)
}
