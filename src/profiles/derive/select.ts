/** Which requests are a person's doing; from then on there are pseudonyms only. */

import type { RecordedExchange } from '../../actions/propose/recorded.ts'
import { createAgentJudge } from './agent.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import { isAssetPath } from './read/asset.ts'
import type { LoggedRequest } from './read/request.ts'
import type { Removal } from './report.ts'

export interface SelectOptions {
  readonly keepBots?: boolean
  readonly keepAssets?: boolean
  /** Methods beside GET and HEAD that some route takes. */
  readonly methods: ReadonlySet<string>
}

export interface Selector {
  /** The request under pseudonyms, or why it is left out. */
  select(request: LoggedRequest): RecordedExchange | Removal
  /** Why an exchange, which is no bot's, is left out. */
  reasonToDrop(exchange: RecordedExchange): Removal | undefined
  /** Clients that asked for robots.txt. */
  readonly robots: ReadonlySet<string>
}

export function createSelector(options: SelectOptions, pseudonyms: Pseudonyms): Selector {
  const judgeAgent = createAgentJudge(true)
  const robots = new Set<string>()
  const select = (request: LoggedRequest): RecordedExchange | Removal => {
    if (request.leftOut !== undefined) return request.leftOut
    const { userAgent, user, target } = request
    const agent =
      userAgent === undefined ? { isBot: false, device: 'other' as const } : judgeAgent(userAgent)
    const path = pathOf(target)
    const who = user === '' ? request.address : `user ${user}`
    const client = pseudonyms(`${who}\0${userAgent ?? ''}`)
    if (path === '/robots.txt') robots.add(client)
    const reason = reasonToDrop(request, path, agent.isBot, options)
    if (reason !== undefined) return reason
    return {
      client,
      person: pseudonyms(who),
      device: agent.device,
      geo: request.geo,
      timeMs: request.timeMs,
      method: request.method,
      target,
      status: request.status,
      ...request.bodies,
    }
  }
  return {
    select,
    reasonToDrop: (exchange) => reasonToDrop(exchange, pathOf(exchange.target), false, options),
    robots,
  }
}

function pathOf(target: string): string {
  const [path = ''] = target.split(/[?#]/, 1)
  return path
}

/** Undefined where the request is a person's doing. */
function reasonToDrop(
  { method, status, isAsset }: Pick<LoggedRequest, 'method' | 'status' | 'isAsset'>,
  path: string,
  isBot: boolean,
  { keepBots, keepAssets, methods }: SelectOptions,
): Removal | undefined {
  if (isBot && keepBots !== true) return 'bots'
  if ((isAsset ?? isAssetPath(path)) && keepAssets !== true) return 'assets'
  if (method !== 'GET' && method !== 'HEAD' && !methods.has(method)) return 'otherMethods'
  if (status < 200 || status >= 400) return 'failed'
  return undefined
}
