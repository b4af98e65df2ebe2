/** The proxy that leads to a target; who we are there stands in the environment only. */

import { UsageError } from '../../core/errors.ts'
import type { Proxy } from '../../generator/client.ts'
import { lastOf, type Environment, type ReachSource } from './source.ts'

/** @throws UsageError with code `bad-proxy` */
export function readProxy(
  sources: readonly ReachSource[],
  environment: Environment,
): Proxy | undefined {
  const said = lastOf(sources, ({ proxy }) => proxy)
  const variable = lastOf(sources, ({ proxy_auth_env: name }) => name)
  if (said === undefined) {
    if (variable === undefined) return undefined
    const name = variable.source.nameOf('proxy_auth_env')
    throw wrong(name, 'no proxy is named', `name it with ${variable.source.nameOf('proxy')}`)
  }
  const name = said.source.nameOf('proxy')
  const url = URL.canParse(said.value) ? new URL(said.value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw wrong(name, 'it is no http:// or https:// address', 'write it like http://proxy:3128')
  }
  if (url.username !== '' || url.password !== '') {
    const mend = 'take them out and name a variable that holds user:password'
    throw wrong(name, 'it carries credentials', `${mend}: ${said.source.nameOf('proxy_auth_env')}`)
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw wrong(name, 'it has a path', 'end it after the port')
  }
  if (variable === undefined) return { url: url.origin }
  const where = variable.source.nameOf('proxy_auth_env')
  return { url: url.origin, authorization: basic(variable.value, where, environment) }
}

function basic(variable: string, where: string, environment: Environment): string {
  const value = environment[variable] ?? ''
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (!/^[^:\u0000-\u001f\u007f]+:[^\u0000-\u001f\u007f]*$/.test(value)) {
    const why = value === '' ? `${variable} is not set` : `${variable} holds no user:password`
    throw wrong(where, why, `set ${variable} in the environment to user:password`)
  }
  return `Basic ${Buffer.from(value, 'utf8').toString('base64')}`
}

function wrong(where: string, why: string, mend: string): UsageError {
  return new UsageError(`Cannot use ${where}: ${why}`, { code: 'bad-proxy', where, mend })
}
