/** Who says how arms are reached: a target of the configuration, the flags of a command. */

import type { Target } from '../../core/contract/target.ts'

/** As the configuration spells it; of flags, with whole paths of files. */
export type ReachSettings = Pick<
  Target,
  'host' | 'tls' | 'http2' | 'proxy' | 'proxy_auth_env' | 'headers'
>

export interface ReachSource {
  readonly settings: ReachSettings
  /** Folder that files are seen from. */
  readonly baseFolder: string
  /** What people know a key by: `targets.shop.tls.ca`, or `--ca`. */
  readonly nameOf: (key: string) => string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** What a target of the configuration says of itself. */
export function sourceOfTarget(name: string, settings: Target, baseFolder: string): ReachSource {
  return { settings, baseFolder, nameOf: (key) => `targets.${name}.${key}` }
}

const FLAGS: Readonly<Record<string, string>> = {
  'tls.ca': '--ca',
  'tls.cert': '--cert',
  'tls.key': '--key',
  'tls.server_name': '--server-name',
  'tls.insecure': '--insecure',
  headers: '--header',
  proxy_auth_env: '--proxy-auth-env',
}

/** What the flags of a command say. */
export function sourceOfFlags(settings: ReachSettings): ReachSource {
  return { settings, baseFolder: '/', nameOf: flagOf }
}

/** `--ca` for `tls.ca`. */
export function flagOf(key: string): string {
  return FLAGS[key] ?? `--${key}`
}

export interface Said<Value> {
  readonly value: Value
  readonly source: ReachSource
}

/** What the last source that says anything says. */
export function lastOf<Value>(
  sources: readonly ReachSource[],
  read: (settings: ReachSettings) => Value | undefined,
): Said<Value> | undefined {
  for (const source of sources.toReversed()) {
    const value = read(source.settings)
    if (value !== undefined) return { value, source }
  }
  return undefined
}
