/** Where alerts go: the channels of the configuration with the addresses that the environment has. */

import type { AlertChannel } from '../../core/contract/config.ts'
import { UsageError } from '../../core/errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** An address is a secret: it goes into a request, and nowhere else. */
export interface Address {
  readonly url: string
  /** The value of an Authorization header, where the address had user and password in it. */
  readonly authorization?: string
}

/** How the database and the log name a channel: `slack:SLACK_URL`. */
export function channelId({ kind, url_env }: AlertChannel): string {
  return `${kind}:${url_env}`
}

/** Undefined where the variable is not set, or holds no http:// or https:// address. */
export function findAddress(channel: AlertChannel, environment: Environment): Address | undefined {
  const url = URL.parse(environment[channel.url_env]?.trim() ?? '')
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined
  if (url.username === '' && url.password === '') return { url: url.href }
  const credentials = [url.username, url.password].map(decoded).join(':')
  url.username = ''
  url.password = ''
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  return { url: url.href, authorization }
}

/**
 * Says before a rollout starts that an alert could not be told.
 * @throws UsageError with code `alert-channel` that names the variable and never its value
 */
export function checkChannels(channels: readonly AlertChannel[], environment: Environment): void {
  for (const [index, channel] of channels.entries()) {
    if (findAddress(channel, environment) !== undefined) continue
    const { url_env: variable } = channel
    const isSet = (environment[variable]?.trim() ?? '') !== ''
    const where = `alerts[${index}].url_env`
    throw new UsageError(
      `Cannot tell alerts: ${where} names ${variable}, ` +
        (isSet ? 'which holds no http:// or https:// address' : 'which is not set'),
      {
        code: 'alert-channel',
        where,
        mend: `set ${variable} to the address of the ${channel.kind} channel, or take it out`,
      },
    )
  }
}

/** A user name with a stray `%` is meant as it stands. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
