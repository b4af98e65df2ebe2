import { describe, expect, it } from 'vitest'
import { checkChannels, channelId, findAddress } from '../../../src/allocator/alerts/channels.ts'
import { ALERT_KINDS } from '../../../src/core/contract/investigation.ts'
import type { AlertChannel } from '../../../src/core/contract/config.ts'
import { caught } from '../../profiles-db/caught.ts'

function channel(more: Partial<AlertChannel> = {}): AlertChannel {
  return { kind: 'slack', url_env: 'SLACK_URL', on: [...ALERT_KINDS], severity: 'page', ...more }
}

describe('checkChannels()', () => {
  it('names the entry whose variable is not set, and what to do', () => {
    const channels = [channel({ url_env: 'FIRST' }), channel()]
    for (const value of [undefined, '', '  ']) {
      const error = caught(() =>
        checkChannels(channels, { FIRST: 'https://a.test/x', SLACK_URL: value }),
      )
      expect(error).toMatchObject({
        code: 'alert-channel',
        where: 'alerts[1].url_env',
        message: 'Cannot tell alerts: alerts[1].url_env names SLACK_URL, which is not set',
        mend: 'set SLACK_URL to the address of the slack channel, or take it out',
      })
    }
  })
  it('refuses what is no http address, without telling the value', () => {
    for (const value of ['top-secret', 'ftp://top-secret.test', 'https://', 'javascript:secret']) {
      const error = caught(() => checkChannels([channel()], { SLACK_URL: value }))
      expect(error.code).toBe('alert-channel')
      expect(error.message).toContain('holds no http:// or https:// address')
      expect(`${error.message} ${error.mend} ${error.where} ${error.stack}`).not.toContain('secret')
    }
  })
  it('is content with addresses, and with no channels', () => {
    checkChannels([], {})
    checkChannels([channel()], { SLACK_URL: ' https://hooks.test/T/B \n' })
  })
})

describe('findAddress()', () => {
  it('moves user and password into the header that fetch takes them in', () => {
    expect(findAddress(channel(), { SLACK_URL: 'https://ana:p%40ss@hooks.test/x' })).toEqual({
      url: 'https://hooks.test/x',
      authorization: `Basic ${Buffer.from('ana:p@ss').toString('base64')}`,
    })
    const stray = findAddress(channel(), { SLACK_URL: 'https://ana:100%@hooks.test/x' })
    expect(stray?.authorization).toBe(`Basic ${Buffer.from('ana:100%').toString('base64')}`)
  })
})

describe('channelId()', () => {
  it('is kind and variable', () => {
    expect(channelId(channel())).toBe('slack:SLACK_URL')
  })
})
