import { describe, expect, it } from 'vitest'
import { createAgentJudge } from '../../../src/profiles/derive/agent.ts'

const DESKTOP =
  'Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.107 Safari/537.36'
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1'
const TABLET =
  'Mozilla/5.0 (iPad; CPU OS 6_0 like Mac OS X) AppleWebKit/536.26 (KHTML, like Gecko) Version/6.0 Mobile/10A5376e Safari/8536.25'

describe('createAgentJudge', () => {
  it('createAgentJudge() finds crawlers, feed readers and tools', () => {
    const judge = createAgentJudge(true)
    for (const agent of [
      'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
      'UniversalFeedParser/4.2-pre-314-svn +http://feedparser.org/',
      'Tiny Tiny RSS/1.11 (http://tt-rss.org/)',
      'Chef Client/10.18.2 (ruby-1.9.3-p327; ohai-6.16.0; x86_64-linux)',
      'curl/8.0',
      '',
    ]) {
      expect(judge(agent), agent).toEqual({ isBot: true, device: 'bot' })
    }
  })
  it('createAgentJudge() does not take a missing agent for a bot where the format has none', () => {
    expect(createAgentJudge(false)('')).toEqual({ isBot: false, device: 'other' })
  })
  it('createAgentJudge() tells devices apart', () => {
    const judge = createAgentJudge(true)
    expect(judge(DESKTOP)).toEqual({ isBot: false, device: 'desktop' })
    expect(judge(PHONE).device).toBe('mobile')
    expect(judge(TABLET).device).toBe('tablet')
    expect(judge('Unheard-of thing').device).toBe('other')
    expect(judge(DESKTOP)).toBe(judge(DESKTOP))
  })
})
