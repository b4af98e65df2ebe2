/** What a User-Agent says: whether it is a program that crawls, and on what device a person is. */

import { getParser } from 'bowser'
import crawlers from 'crawler-user-agents'
import { DEVICE_TYPES, type DeviceType } from '../../core/contract/profile.ts'

export interface Agent {
  readonly isBot: boolean
  readonly device: DeviceType
}

/** Programs that fetch without a person and are not in the list of crawlers. */
const READERS = /bot\b|crawl|spider|feed ?(?:parser|fetcher|reader|burner)|\brss\b|monitor/i
const TOOLS = /^(?:curl|wget|python|java|ruby|perl|libwww|go-http|okhttp|chef|puppet)\b/i

/** Different agents that are remembered; a log has thousands of lines for each. */
const REMEMBERED = 20_000

/**
 * Judges agents by the list crawler-user-agents and a few words. Nobody who browses hides the agent
 * altogether, so an empty one is a bot, if the format has agents at all.
 */
export function createAgentJudge(formatHasAgents: boolean): (userAgent: string) => Agent {
  const patterns = new RegExp(crawlers.map(({ pattern }) => pattern).join('|'))
  const remembered = new Map<string, Agent>()
  return (userAgent) => {
    const known = remembered.get(userAgent)
    if (known !== undefined) return known
    const isBot =
      userAgent === ''
        ? formatHasAgents
        : patterns.test(userAgent) || READERS.test(userAgent) || TOOLS.test(userAgent)
    const agent: Agent = { isBot, device: isBot ? 'bot' : deviceOf(userAgent) }
    if (remembered.size >= REMEMBERED) remembered.clear()
    remembered.set(userAgent, agent)
    return agent
  }
}

function deviceOf(userAgent: string): DeviceType {
  if (userAgent === '') return 'other'
  const platform = getParser(userAgent).getPlatformType(true)
  return DEVICE_TYPES.find((device) => device === platform) ?? 'other'
}
